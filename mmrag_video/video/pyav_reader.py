"""Reads recordings with PyAV: forward, by keyframes, or one exact frame. Right on every container.

Decoded once per call and never held as a whole, so memory does not grow with the recording.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from functools import cached_property
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame

from mmrag_video.errors import RecordingError
from mmrag_video.video.containers import (
    declared_duration,
    open_container,
    picture_stream,
    time_base_of,
)
from mmrag_video.video.decoding import (
    Shown,
    decoded_after_seek,
    decoded_from_start,
    decoded_keyframes,
    seek_targets,
)
from mmrag_video.video.frames import Frame, Image, VideoFacts
from mmrag_video.video.packets import (
    PacketFacts,
    extent,
    shown_packets,
)

__all__ = ["PacketFacts", "PyavReader"]

_EARLIEST_CREATION = datetime(1990, 1, 1, tzinfo=UTC)
"""Before this a `creation_time` is a clock that was never set (QuickTime counts from 1904)."""


SQUARE = Fraction(1)
"""Pixels that are as wide as they are high."""


@dataclass(frozen=True)
class PictureShape:
    """How a decoded picture becomes the one that is given out."""

    stored_width: int
    stored_height: int
    rotation: int
    """Degrees clockwise: 0, 90, 180 or 270."""

    @property
    def shown(self) -> tuple[int, int]:
        """Width and height after rotation."""
        if self.rotation in (90, 270):
            return self.stored_height, self.stored_width
        return self.stored_width, self.stored_height

    def scaled_to(self, width: int | None) -> "PictureShape":
        """The shape whose shown width is at most `width`, with even sides; itself if it is."""
        shown_width, _ = self.shown
        if width is None or shown_width <= width:
            return self
        scale = Fraction(width, shown_width)
        return PictureShape(
            _even(self.stored_width * scale), _even(self.stored_height * scale), self.rotation
        )

    def picture(self, frame: VideoFrame) -> Image:
        """The frame as upright RGB. Every frame of a recording gets the shape of its first."""
        scaled = frame.reformat(width=self.stored_width, height=self.stored_height, format="rgb24")
        picture = np.rot90(scaled.to_ndarray(), k=-self.rotation // 90)
        return np.ascontiguousarray(picture, dtype=np.uint8)


class PyavReader:
    """A `FrameReader` for every file PyAV can read; gives keyframes and packets as well.

    With `width`, frames shown wider than that many pixels are scaled down to it by swscale,
    before they become RGB; the aspect is kept and the height is even. Pixels that are not square
    stay as they are stored.

    A picture is turned by the quarter turn nearest to its rotation flag, so a flag of 45 degrees
    or less turns nothing. A stream that changes its size midway keeps the size of its first frame.

    Every call opens the file for itself, so several iterators may be used at a time and nothing
    is held between calls. Raises `RecordingError` on opening a file without one picture that can
    be decoded.
    """

    def __init__(self, path: Path, width: int | None = None) -> None:
        self._path = path
        with closing(open_container(path)) as container:
            first = next(decoded_from_start(container), None)
            if first is None:
                raise RecordingError(
                    f"{path} holds no picture that can be decoded: copy it from the recorder again."
                )
            self._start_pts, picture = first
            stream = picture_stream(container)
            self.time_base = time_base_of(stream)
            """Seconds per PTS tick."""
            stored_aspect = stream.sample_aspect_ratio or SQUARE
        rotation = _clockwise(picture.rotation)
        self._stored_shape = PictureShape(picture.width, picture.height, rotation)
        self.shape = self._stored_shape.scaled_to(width)
        """How a decoded picture becomes the one that is given out."""
        self.pixel_aspect = 1 / stored_aspect if rotation in (90, 270) else stored_aspect
        """Width over height of a pixel of it, as players stretch it: D1 and 960H are not square."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Nothing to do: iterators close their file when they end or are dropped."""

    @cached_property
    def facts(self) -> VideoFacts:
        """What the container and its packets say. The first access reads through the file."""
        with closing(open_container(self._path)) as container:
            stream = picture_stream(container)
            reach = extent(container, self._start_pts)
            width, height = self._stored_shape.shown
            return VideoFacts(
                path=self._path,
                container=container.format.name,
                codec=stream.codec_context.name,
                width=width,
                height=height,
                rotation=self._stored_shape.rotation,
                time_base=self.time_base,
                start_pts=self._start_pts,
                duration=reach.duration,
                declared_duration=declared_duration(container),
                average_rate=stream.average_rate,
                longest_keyframe_gap=reach.longest_keyframe_gap,
                created=_creation_time(container.metadata.get("creation_time", "")),
            )

    def packets(self) -> Iterator[PacketFacts]:
        """Every picture's packet in stored order, not decoded."""
        with closing(open_container(self._path)) as container:
            yield from shown_packets(container, self._start_pts)

    def keyframes(self) -> Iterator[Frame]:
        """The frames that decode on their own, in order of time. The first frame may not be one."""
        with closing(open_container(self._path)) as container:
            for tick, picture in decoded_keyframes(container):
                if tick >= self._start_pts:
                    yield self._frame(tick, picture)

    def frames(self, start: Fraction = Fraction(0), end: Fraction | None = None) -> Iterator[Frame]:
        """All frames with start <= time < end in order of time."""
        with closing(open_container(self._path)) as container:
            for tick, picture in self._decoded_around(container, start):
                time = self.time_of(tick)
                if end is not None and time >= end:
                    return
                if time >= start:
                    yield self._frame(tick, picture)

    def frame_at(self, time: Fraction) -> Frame:
        """The frame on screen at `time`: the first before the start, the last after the end."""
        on_screen: tuple[int, VideoFrame] | None = None
        with closing(open_container(self._path)) as container:
            for tick, picture in self._decoded_around(container, time):
                if on_screen is not None and self.time_of(tick) > time:
                    break
                on_screen = tick, picture
        if on_screen is None:
            raise RecordingError(f"{self._path} cannot be read any more: was it moved or changed?")
        return self._frame(*on_screen)

    def time_of(self, tick: int) -> Fraction:
        """Seconds from the recording's first frame, of a PTS."""
        return (tick - self._start_pts) * self.time_base

    def tick_at(self, time: Fraction) -> int:
        """The PTS at a time in seconds of the recording, rounded down."""
        return self._start_pts + int(time / self.time_base)

    def _decoded_around(self, container: InputContainer, time: Fraction) -> Iterator[Shown]:
        """Decodes forward from a keyframe not after `time`, as near to it as one is found.

        Containers seek by DTS, to any packet (MPEG-TS), or not at all; so each landing is judged
        by the first frame it shows, and answered by a step back twice as long as the last.
        """
        target = self.tick_at(time)
        if target <= self._start_pts:
            return decoded_from_start(container)
        for landing in seek_targets(target, self._start_pts, self.time_base):
            decoded = decoded_after_seek(container, landing)
            first = next(decoded, None)
            if first is not None and first[0] <= target:
                return chain([first], decoded)
        return self._decoded_from_start_again()

    def _decoded_from_start_again(self) -> Iterator[Shown]:
        """Opened anew: not every container finds its way back to the first packet by seeking."""
        with closing(open_container(self._path)) as container:
            yield from decoded_from_start(container)

    def _frame(self, tick: int, picture: VideoFrame) -> Frame:
        return Frame(self.time_of(tick), self.shape.picture(picture), bool(picture.key_frame))


def _clockwise(counterclockwise: int) -> int:
    return round(-counterclockwise / 90) * 90 % 360


def _even(length: Fraction) -> int:
    return max(2, round(length / 2) * 2)


def _creation_time(text: str) -> datetime | None:
    try:
        created = datetime.fromisoformat(text)
    except ValueError:
        return None
    if created.tzinfo is None:
        created = created.replace(tzinfo=UTC)
    return created.astimezone(UTC) if created > _EARLIEST_CREATION else None
