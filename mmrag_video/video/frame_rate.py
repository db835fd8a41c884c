"""Frames counted as SMPTE timecode counts them: `01:02:03:04`, at any rate.

SMPTE ST 12-1. A timecode numbers frames, it does not measure time: at 24000/1001 frames a second it
counts 24 to its second, which then lasts 1.001 s. At 30000/1001 and 60000/1001 drop-frame counting
(`01:02:03;04`) leaves out the numbers 0 and 1 (0 to 3) of each minute but every tenth, so that it
keeps up with the clock to 0.1 s a day. No frame is dropped.
"""

import re
from dataclasses import dataclass
from fractions import Fraction

DROP_FRAME_RATES = (Fraction(30_000, 1001), Fraction(60_000, 1001))
"""Frames per second at which drop-frame counting is defined."""
BY_CLOCK = "clock"
"""Instead of a start timecode: the time of day at which the recording starts."""
_DAY_MINUTES = 24 * 60
_PATTERN = re.compile(
    r"(?P<hours>[01]\d|2[0-3])(?P<mark>[:;])(?P<minutes>[0-5]\d)[:;](?P<seconds>[0-5]\d)"
    r"(?P<last>[:;.])(?P<frames>\d{2,4})",
    re.ASCII,
)
"""`01:02:03:04`; drop-frame as `01:02:03;04`, `01:02:03.04` or, by some editors, `01;02;03;04`."""


@dataclass(frozen=True)
class FrameRate:
    """A rate, and how its frames are counted. Raises ValueError for one that cannot be."""

    rate: Fraction
    """Frames per second; above 0."""
    is_drop_frame: bool = False

    def __post_init__(self) -> None:
        if self.rate <= 0:
            raise ValueError(f"{self.rate} frames a second is no rate")
        if self.is_drop_frame and self.rate not in DROP_FRAME_RATES:
            raise ValueError(f"there is no drop-frame timecode at {self.rate} frames a second")

    @classmethod
    def usual(cls, rate: Fraction) -> "FrameRate":
        """The rate, counted in drop-frame where that is defined."""
        return cls(rate, rate in DROP_FRAME_RATES)

    @classmethod
    def as_written(cls, rate: Fraction, text: str) -> "FrameRate":
        """The rate, counted as a timecode that was written at it is. Raises ValueError."""
        return cls(rate, _is_drop_frame(_match(text)))

    @property
    def nominal(self) -> int:
        """Frame numbers in a second of timecode: the rate, rounded, half up; at least 1."""
        return max(1, int(self.rate + Fraction(1, 2)))

    @property
    def per_day(self) -> int:
        """Frames in 24 hours of timecode, after which it starts anew."""
        dropped = self._dropped * (_DAY_MINUTES - _DAY_MINUTES // 10)
        return self.nominal * 60 * _DAY_MINUTES - dropped

    def text(self, frame: int) -> str:
        """The timecode of a frame, counted from 00:00:00:00; wraps at 24 hours."""
        frame %= self.per_day
        tens, rest = divmod(frame, self._per_ten_minutes)
        if self.is_drop_frame:
            passed = max(0, rest - self._dropped) // self._per_minute
            frame += self._dropped * (9 * tens + passed)
        seconds, frames = divmod(frame, self.nominal)
        minutes, seconds = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        mark = ";" if self.is_drop_frame else ":"
        width = max(2, len(str(self.nominal - 1)))
        return f"{hours:02d}:{minutes:02d}:{seconds:02d}{mark}{frames:0{width}d}"

    def frame(self, text: str) -> int:
        """The frame that a timecode names, counted from 00:00:00:00.

        Raises ValueError for what is no timecode of this rate: too high a frame number, one that
        is dropped, drop-frame at a rate that is counted without, or the reverse.
        """
        match = _match(text)
        minutes = int(match["hours"]) * 60 + int(match["minutes"])
        seconds, frames = int(match["seconds"]), int(match["frames"])
        if _is_drop_frame(match) != self.is_drop_frame:
            kind = "not drop-frame" if self.is_drop_frame else "drop-frame"
            raise ValueError(f"{text!r} is {kind}, unlike the recording")
        if frames >= self.nominal:
            raise ValueError(f"{text!r} has a frame number above {self.nominal - 1}")
        if seconds == 0 and minutes % 10 and frames < self._dropped:
            raise ValueError(f"{text!r} is one of the numbers that drop-frame leaves out")
        return self._count(minutes, seconds, frames)

    def carried_over(self, frame: int, to: "FrameRate") -> int:
        """Count at another rate of what has the same hours, minutes and seconds of timecode there.

        Frames within the second are scaled. A number that is left out there becomes the next.
        """
        match = _match(self.text(frame))
        minutes = int(match["hours"]) * 60 + int(match["minutes"])
        seconds = int(match["seconds"])
        frames = min(round(int(match["frames"]) * to.rate / self.rate), to.nominal - 1)
        if seconds == 0 and minutes % 10:
            frames = max(frames, to._dropped)
        return to._count(minutes, seconds, frames)

    def _count(self, minutes: int, seconds: int, frames: int) -> int:
        dropped = self._dropped * (minutes - minutes // 10)
        return (minutes * 60 + seconds) * self.nominal + frames - dropped

    @property
    def _dropped(self) -> int:
        """Numbers left out at the start of a minute."""
        return 2 * self.nominal // 30 if self.is_drop_frame else 0

    @property
    def _per_minute(self) -> int:
        """In a minute that is not a tenth one."""
        return 60 * self.nominal - self._dropped

    @property
    def _per_ten_minutes(self) -> int:
        return 600 * self.nominal - 9 * self._dropped


def _match(text: str) -> re.Match[str]:
    match = _PATTERN.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a timecode such as 01:02:03:04")
    return match


def _is_drop_frame(match: re.Match[str]) -> bool:
    return match["last"] in ";." or match["mark"] == ";"
