"""A recording's own timecode: which frame is meant, in the numbers that an editor shows for it.

An editor counts a file's frames from its start timecode, which the file carries (a tmcd track in
MP4 and QuickTime, metadata in MXF, Matroska and others), or else from 00:00:00:00.
"""

from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

from av.container import InputContainer

from mmrag_video.video.child_process import call_in_child
from mmrag_video.video.containers import open_container, picture_stream, time_base_of
from mmrag_video.video.frame_numbers import FrameNumbers, number_frames
from mmrag_video.video.frame_rate import BY_CLOCK, FrameRate
from mmrag_video.video.pyav_reader import PyavReader

_LONGEST_LOOK = 300.0
"""Seconds that reading through one recording may take."""


class TimecodeOrigin(StrEnum):
    """Where the timecode of a recording's first frame was learned."""

    RECORDING = "recording"
    """The file carries it."""
    SETTING = "setting"
    """The camera's setting `start_timecode` says it."""
    CLOCK = "clock"
    """It is the time of day, because that setting says `clock`."""
    ZERO = "zero"
    """Nothing says one: 00:00:00:00."""


_WRITTEN = {
    TimecodeOrigin.RECORDING: "the timecode in the file",
    TimecodeOrigin.SETTING: "the setting start_timecode",
}
"""Those that somebody wrote down, and so counted in drop-frame or not."""


@dataclass(frozen=True)
class SourceFrames:
    """What has to be read of a file to count its frames."""

    numbers: FrameNumbers
    start: str
    """The start timecode that the file carries; empty for none."""


@dataclass(frozen=True)
class SourceTimecode:
    """A recording's frames as an editor counts them, at one rate."""

    numbers: FrameNumbers
    rate: FrameRate
    """The editor's; a recording of another or a variable rate is conformed to it."""
    first: int
    """The first frame's count from 00:00:00:00."""
    origin: TimecodeOrigin
    unfit: tuple[str, ...] = ()
    """Start timecodes that its frames cannot be counted from, and why: in words."""

    @property
    def end(self) -> int:
        """The count after that of the last frame."""
        return self.first + self.numbers.counted_at(self.rate.rate, len(self.numbers))

    def at(self, time: Fraction) -> int:
        """The count of the frame on screen at a time, in seconds from the first frame."""
        return self.first + self.numbers.counted_at(self.rate.rate, self.numbers.at(time))

    def up_to(self, time: Fraction) -> int:
        """The count of the first frame at a time or after it: where a part that ends there ends."""
        return self.first + self.numbers.counted_at(self.rate.rate, self.numbers.from_on(time))

    def recounted(self, rate: Fraction) -> "SourceTimecode":
        """The same frames counted at another rate, from the same hour, minute and second on.

        What is written is a number, and no time: it stays what it is, and so does its way of
        counting, drop-frame or not.
        """
        if rate == self.rate.rate:
            return self
        usual = FrameRate.usual(rate)
        drops = self.rate.is_drop_frame or self.origin not in _WRITTEN
        counted = replace(usual, is_drop_frame=usual.is_drop_frame and drops)
        return replace(self, rate=counted, first=self.rate.carried_over(self.first, counted))

    def text(self, count: int) -> str:
        """A count as SMPTE timecode."""
        return self.rate.text(count)


def read_source_frames(path: Path, time_limit: float = _LONGEST_LOOK) -> SourceFrames:
    """Number a recording's frames, in a process of its own: its codec may crash.

    Reads through the whole file at the speed of the disk. Raises RecordingError where it cannot be
    read, DecoderError where that takes more than `time_limit` seconds.
    """
    return call_in_child(_read_source_frames, path, time_limit=time_limit)


def _read_source_frames(path: Path) -> SourceFrames:
    with PyavReader(path) as reader, closing(open_container(path)) as container:
        stream = picture_stream(container)
        time_base = time_base_of(stream)
        declared = [rate for rate in (stream.average_rate, stream.guessed_rate) if rate]
        ticks = sorted({int(packet.time / time_base) for packet in reader.packets()})
        return SourceFrames(number_frames(ticks, time_base, declared), _start_timecode(container))


def _start_timecode(container: InputContainer) -> str:
    """What the picture says, else the container, else a track of its own; empty for none."""
    places = (picture_stream(container), container, *container.streams)
    return next((text for place in places if (text := place.metadata.get("timecode"))), "")


def source_timecode(
    frames: SourceFrames, setting: str | None = None, clock_start: datetime | None = None
) -> SourceTimecode:
    """Count a recording's frames at the rate that suits it: see `FrameNumbers.editing_rate`.

    `setting`: the camera's start timecode, for a file that carries none; `clock_start`: when the
    recording starts, for `clock`. What cannot be one at this rate is told as unfit.
    """
    unfit: list[str] = []
    for origin, text in zip(_WRITTEN, (frames.start, setting), strict=True):
        if not text:
            continue
        try:
            counted = _counted_from(frames.numbers, text, origin, clock_start)
        except ValueError as error:
            unfit.append(f"{_WRITTEN[origin]} cannot be counted from ({error})")
        else:
            return replace(counted, unfit=tuple(unfit))
    rate = FrameRate.usual(frames.numbers.editing_rate)
    return SourceTimecode(frames.numbers, rate, 0, TimecodeOrigin.ZERO, tuple(unfit))


def _counted_from(
    numbers: FrameNumbers, text: str, origin: TimecodeOrigin, clock_start: datetime | None
) -> SourceTimecode:
    """Counted from what was written at the recording's own rate. Raises ValueError."""
    if origin is TimecodeOrigin.SETTING and text == BY_CLOCK:
        if clock_start is None:
            raise ValueError("when the recording starts is not known")
        rate = FrameRate.usual(numbers.editing_rate)
        first = _time_of_day(clock_start, rate)
        return SourceTimecode(numbers, rate, first, TimecodeOrigin.CLOCK)
    own_rate = numbers.rate if numbers.is_constant else numbers.editing_rate
    rate = FrameRate.as_written(own_rate, text)
    return SourceTimecode(numbers, rate, rate.frame(text), origin).recounted(numbers.editing_rate)


def _time_of_day(start: datetime, rate: FrameRate) -> int:
    """The frame whose timecode shows the time of day, or is the last that does not yet."""
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    # On the clock's face: on a day when the clocks change, the hours passed are others.
    passed = start.replace(tzinfo=None) - midnight.replace(tzinfo=None)
    seconds = Fraction(round(passed.total_seconds() * 1_000_000), 1_000_000)
    return int(seconds * (rate.rate if rate.is_drop_frame else rate.nominal))
