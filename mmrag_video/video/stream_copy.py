"""A part of a recording as an MP4 with the very pictures that are stored, not encoded again.

Pictures are stored as what changed since others, so a copy begins with the keyframe before.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from heapq import merge
from itertools import chain
from pathlib import Path

import av
import av.error
from av.video.stream import VideoStream

from mmrag_video.errors import RecordingError
from mmrag_video.video.child_process import call_in_child
from mmrag_video.video.clips import LONGEST_CUT, cannot_be_written
from mmrag_video.video.containers import (
    VideoPacket,
    open_container,
    time_base_of,
)
from mmrag_video.video.encoding import MP4_OPTIONS, TimedPacket
from mmrag_video.video.packets import from_keyframe_before, lacks_pts, tick_of, to_be_written
from mmrag_video.video.pyav_reader import PyavReader
from mmrag_video.video.seeking import packets_before
from mmrag_video.video.sound import CopiedSound

_MOST_HELD = 64
"""Packets: more frames than any codec lets wait to be shown (H.264 and HEVC: 16)."""


@dataclass(frozen=True)
class WrittenCut:
    """What became of a part of a recording, in seconds from the recording's first frame."""

    start: Fraction
    """When the first frame in it is shown; below 0 where the recording hides it by an edit list."""
    end: Fraction
    """When the last frame in it has been shown."""
    sound_left_out: str
    """The codec of sound that the file cannot hold; empty if there is none."""


def copy_cut(
    path: Path, start: Fraction, end: Fraction, target: Path, time_limit: float = LONGEST_CUT
) -> WrittenCut:
    """Copy what is on screen from `start` to `end`, from the keyframe before on, with its sound.

    Frames that others in the part need to be decoded may follow after its end. Raises
    RecordingError where it cannot be read or not be put into an MP4 as it is, and DecoderError
    where that takes more than `time_limit` seconds.
    """
    return call_in_child(_copy, path, start, end, target, time_limit=time_limit)


def _copy(path: Path, start: Fraction, end: Fraction, target: Path) -> WrittenCut:
    """The child's part."""
    reader = PyavReader(path)
    zero = reader.tick_at(Fraction(0))
    first = reader.tick_at(reader.frame_at(start).time)
    last = zero + int(-(-end // reader.time_base))
    with closing(open_container(path)) as source:
        if lacks_pts(source):
            raise RecordingError(
                f"{path} stores no times for frames that are shown in another order than they are "
                "stored (AVI with B-frames), so they cannot be copied: export clip-exact."
            )
        stored = from_keyframe_before(packets_before(source, zero, first + 1), first)
        return _write(path, reader, _until(_decodable(stored), last), end, target)


def _decodable(packets: Iterator[VideoPacket]) -> Iterator[VideoPacket]:
    """Without those shown before the first keyframe: they need what was stored before it."""
    keyframe = next(packets)
    yield keyframe
    earliest = tick_of(keyframe, without_pts=False)
    yield from (one for one in packets if tick_of(one, without_pts=False) >= earliest)


def _until(packets: Iterator[VideoPacket], end: int) -> Iterator[VideoPacket]:
    """Up to the last one that is shown before a tick, with those that are stored between.

    Where such a one is shown later, so are all that are shown before it: there is no gap.
    """
    held: list[VideoPacket] = []
    for packet in packets:
        # No frame is shown before it is decoded: what is stored from here on is shown later.
        if (packet.dts is not None and packet.dts >= end) or len(held) >= _MOST_HELD:
            return
        held.append(packet)
        if tick_of(packet, without_pts=False) < end:
            end = max(end, *(tick_of(one, without_pts=False) for one in held))
            yield from held
            held.clear()


def _write(
    path: Path, reader: PyavReader, packets: Iterator[VideoPacket], end: Fraction, target: Path
) -> WrittenCut:
    """Write packets of which the first is a keyframe."""
    keyframe = next(packets)
    zero = tick_of(keyframe, without_pts=False)
    start, base = reader.time_of(zero), reader.time_base
    sound = CopiedSound(path, zero * base, zero * base + end - start)
    shown = _Shown()
    try:
        with av.open(f"file:{target}", "w", format="mp4", options=MP4_OPTIONS) as container:
            stream = keyframe.stream
            if stream.codec_context.name not in container.supported_codecs:
                raise _not_taken(path, stream)
            copy = container.add_stream_from_template(stream)
            copy.time_base = time_base_of(stream)
            seen = shown.moved(chain([keyframe], packets), zero, copy)
            for _, packet in merge(seen, sound(container), key=lambda one: one[0]):
                container.mux(packet)
    except OSError as error:  # a full disk; what FFmpeg itself complains of is none
        raise cannot_be_written(target.parent, error) from error
    except (av.error.FFmpegError, ValueError) as error:
        raise _not_taken(path, keyframe.stream) from error
    # Where the last packet says no duration (MPEG-TS), what was asked for is what there is.
    return WrittenCut(start, max(end, start + shown.until * base), sound.left_out)


class _Shown:
    """Packets on their way into a clip, and how far they reach."""

    def __init__(self) -> None:
        self.until = 0
        """Ticks from the clip's start to the end of the last one shown."""

    def moved(
        self, packets: Iterator[VideoPacket], zero: int, copy: VideoStream
    ) -> Iterator[TimedPacket]:
        """The packets, with times counted from `zero`."""
        for packet in map(to_be_written, packets):
            tick = tick_of(packet, without_pts=False) - zero
            stored = tick if packet.dts is None else packet.dts - zero
            self.until = max(self.until, tick + (packet.duration or 0))
            time = stored * packet.time_base
            packet.pts = tick
            packet.dts = None if packet.dts is None else stored
            packet.stream = copy
            yield time, packet


def _not_taken(path: Path, stream: VideoStream) -> RecordingError:
    return RecordingError(
        f"The pictures of {path} ({stream.codec_context.name}) cannot be put into an MP4 as they "
        "are: export clip-exact, which encodes them anew."
    )
