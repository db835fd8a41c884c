"""When the frames of a span are shown, from its packets: nothing but the first frame is decoded."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from av.container import InputContainer

from mmrag_video.video.containers import open_container, picture_stream, time_base_of
from mmrag_video.video.packets import lacks_pts, tick_of
from mmrag_video.video.pyav_reader import PyavReader
from mmrag_video.video.seeking import packets_before


@dataclass(frozen=True)
class FrameTimes:
    """Times of frames, as whole ticks from the recording's first frame."""

    time_base: Fraction
    """Seconds per tick."""
    ticks: tuple[int, ...]
    """In order, none twice."""

    @property
    def seconds(self) -> tuple[Fraction, ...]:
        """The same, exactly."""
        return tuple(tick * self.time_base for tick in self.ticks)


def frame_times(path: Path, start: Fraction, end: Fraction) -> FrameTimes:
    """The frames with start <= time < end, with the one before them and the one after, if any.

    Packets are read from a keyframe before `start` on; of a recording that stores no PTS (AVI with
    B-frames), from its beginning. Raises `RecordingError` on a file that cannot be read.
    """
    reader = PyavReader(path)
    with closing(open_container(path)) as container:
        time_base = time_base_of(picture_stream(container))
        if lacks_pts(container):
            found = (int(packet.time / time_base) for packet in reader.packets())
        else:
            zero = reader.tick_at(Fraction(0))
            found = (tick - zero for tick in _around(container, reader, start, end))
        return FrameTimes(time_base, _with_neighbours(found, start / time_base, end / time_base))


def _around(
    container: InputContainer, reader: PyavReader, start: Fraction, end: Fraction
) -> Iterator[int]:
    """The PTS of all frames of the span and its neighbours, in stored order, with some others."""
    zero, first, last = (reader.tick_at(time) for time in (Fraction(0), start, end))
    after: int | None = None
    for packet in packets_before(container, zero, first):
        # No frame is shown before it is decoded: what is stored from here on comes later.
        if after is not None and packet.dts is not None and packet.dts > after:
            return
        tick = tick_of(packet, without_pts=False)
        if tick < zero or packet.is_discard:
            continue
        yield tick
        if tick > last:
            after = tick if after is None else min(after, tick)


def _with_neighbours(ticks: Iterable[int], start: Fraction, end: Fraction) -> tuple[int, ...]:
    before: set[int] = set()
    inside: set[int] = set()
    after: set[int] = set()
    for tick in ticks:
        if tick < start:
            before = {max(tick, *before)} if before else {tick}
        elif tick >= end:
            after = {min(tick, *after)} if after else {tick}
        else:
            inside.add(tick)
    return tuple(sorted(before | inside | after))
