"""A time on a recording, exact underneath, in each of the ways in which it is written.

For people and subtitles `00:01:02.480`, for players seconds. What editors count is frames:
`source_timecode.py`.
"""

import math
import re
from dataclasses import dataclass
from fractions import Fraction

_PATTERN = re.compile(
    r"(?:(?P<hours>\d+):)?(?P<minutes>[0-5]?\d):(?P<seconds>[0-5]?\d(?:\.\d+)?)", re.ASCII
)
_SECONDS = re.compile(r"\d{1,8}(\.\d{1,9})?", re.ASCII)


@dataclass(frozen=True, order=True)
class Timecode:
    """A time on a recording, counted from its first frame. Written with milliseconds, rounded."""

    seconds: Fraction

    def __str__(self) -> str:
        milliseconds = round(self.seconds * 1000)
        sign = "-" if milliseconds < 0 else ""
        whole_seconds, milliseconds = divmod(abs(milliseconds), 1000)
        minutes, seconds = divmod(whole_seconds, 60)
        hours, minutes = divmod(minutes, 60)
        return f"{sign}{hours:02d}:{minutes:02d}:{seconds:02d}.{milliseconds:03d}"

    @classmethod
    def parse(cls, text: str) -> "Timecode":
        """Read `HH:MM:SS.mmm` or `MM:SS`. Raises ValueError for anything else."""
        match = _PATTERN.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"{text!r} is not a timecode such as 00:01:02.480")
        hours = int(match["hours"] or 0)
        return cls(Fraction(hours * 3600 + int(match["minutes"]) * 60) + Fraction(match["seconds"]))

    def from_here_on(self) -> "Timecode":
        """To the millisecond, and not before: what is shown there is not the frame before."""
        return Timecode(Fraction(math.ceil(self.seconds * 1000), 1000))


def seconds_in(text: str) -> Fraction | None:
    """The seconds that a text such as `12.480` is, exactly; None if it is something else."""
    return Fraction(text) if _SECONDS.fullmatch(text) else None


def as_typed(seconds: float) -> Fraction:
    """The decimal that somebody wrote in the settings: 0.1 is 1/10, of which a float is only near.

    Frames come at such times exactly, and would be passed over for a float that is a little more.
    """
    return Fraction(str(seconds))


def address_seconds(seconds: Fraction) -> str:
    """Seconds for an address, in milliseconds.

    Rounded up: rounded down, a player would show the frame before the one that is meant.
    """
    return f"{float(Timecode(seconds).from_here_on().seconds):.3f}"
