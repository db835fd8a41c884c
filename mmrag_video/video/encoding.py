"""Pictures, each shown for its own time, encoded as an MP4 that any browser plays."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction
from heapq import merge
from itertools import chain
from pathlib import Path
from typing import Any

import av
from av.container import OutputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream

from mmrag_video.video.containers import VideoPacket
from mmrag_video.video.frames import Image
from mmrag_video.video.pyav_reader import SQUARE, PyavReader

TimedPacket = tuple[Fraction, "Packet[Any]"]
"""What is to be written, and when it is seen or heard, in seconds from the clip's start."""
MP4_OPTIONS = {"movflags": "+faststart"}
"""The index lies in front, so that a clip plays while it loads."""
_BT709 = "ITU709"


class Quality(IntEnum):
    """x264's constant rate factor."""

    TO_LOOK_AT = 23
    TO_KEEP = 16
    """Two or three times the size; by eye no different from what was encoded."""


@dataclass(frozen=True)
class Still:
    """A picture of a clip."""

    time: Fraction
    """Seconds from the clip's start."""
    duration: Fraction
    image: Image


def stills(reader: PyavReader, start: Fraction, end: Fraction) -> Iterator[Still]:
    """What is on screen from `start` to `end`; the first is cut off where it began earlier."""
    shown = reader.frame_at(start)
    since = start
    longest = end - start
    for frame in reader.frames(start):
        if frame.time <= start:
            continue
        yield Still(since - start, min(frame.time, end) - since, shown.image)
        if frame.time >= end:
            return
        longest = frame.time - since
        shown, since = frame, frame.time
    # The recording ends here: its last frame is taken to last as long as the one before.
    yield Still(since - start, min(end - since, longest), shown.image)


def no_sound(target: OutputContainer) -> Iterator[TimedPacket]:
    """Nothing is heard."""
    return iter(())


def encode(
    pictures: Iterator[Still],
    target: Path,
    tick: Fraction,
    quality: Quality,
    sound: Callable[[OutputContainer], Iterator[TimedPacket]] = no_sound,
    pixel_aspect: Fraction = SQUARE,
) -> None:
    """Write at least one picture, H.264 in yuv420p; `tick`: the clip's clock, in seconds.

    `pixel_aspect`: width over height of a pixel, for players to stretch the picture by. The sides
    become even, as that format needs. `sound` adds what is heard. Raises OSError where
    the system refuses to write.
    """
    first = next(pictures)
    with av.open(f"file:{target}", "w", format="mp4", options=MP4_OPTIONS) as container:
        stream = _add_stream(container, first.image, tick, quality)
        stream.codec_context.sample_aspect_ratio = pixel_aspect
        seen = _encoded(stream, chain([first], pictures), tick)
        for _, packet in merge(seen, sound(container), key=lambda one: one[0]):
            container.mux(packet)


def _encoded(
    stream: VideoStream, pictures: Iterator[Still], tick: Fraction
) -> Iterator[TimedPacket]:
    # Durations are set by hand: the encoder knows none for frames at no steady rate.
    durations: deque[int] = deque()
    for still in pictures:
        frame = VideoFrame.from_ndarray(still.image, format="rgb24").reformat(
            width=stream.width,
            height=stream.height,
            format=stream.pix_fmt,
            dst_colorspace=_BT709,
            dst_color_range="MPEG",
        )
        frame.pts, frame.time_base = round(still.time / tick), tick
        durations.append(round(still.duration / tick))
        yield from _timed(stream.encode(frame), durations)
    yield from _timed(stream.encode(None), durations)


def _timed(packets: list[VideoPacket], durations: deque[int]) -> Iterator[TimedPacket]:
    for packet in packets:
        assert packet.pts is not None, "an encoder gives every packet one"
        packet.duration = durations.popleft()
        yield packet.pts * packet.time_base, packet


def _add_stream(
    container: OutputContainer, image: Image, tick: Fraction, quality: Quality
) -> VideoStream:
    height, width, _ = image.shape
    # No B-frames: MP4 can only say how long the last frame lasts where it is also stored last.
    options = {"preset": "veryfast", "crf": str(quality.value), "bf": "0"}
    stream: VideoStream = container.add_stream("libx264", options=options)
    stream.width, stream.height = max(2, width // 2 * 2), max(2, height // 2 * 2)
    stream.pix_fmt = "yuv420p"
    stream.codec_context.time_base = tick
    stream.codec_context.colorspace = Colorspace[_BT709]
    stream.codec_context.color_range = ColorRange.MPEG
    return stream
