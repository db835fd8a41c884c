"""Which frame is on screen when: the frames of a recording, numbered as they are shown.

Times are PTS. A frame's number over a rate is its time only where the rate is constant, and that is
found out, not believed.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

USUAL_RATES = (
    Fraction(24_000, 1001),
    Fraction(24),
    Fraction(25),
    Fraction(30_000, 1001),
    Fraction(30),
    Fraction(50),
    Fraction(60_000, 1001),
    Fraction(60),
)
"""Frames per second that editors count in, ascending."""
_CAMERA_RATES = tuple(Fraction(halves, 2) for halves in range(2, 121))
"""1, 1.5, ... 12.5, ... 60: what cameras are set to."""


@dataclass(frozen=True)
class FrameNumbers:
    """The frames of a recording; number 0 is shown first."""

    ticks: Sequence[int]
    """PTS of each frame, counted from the first, ascending; at least one."""
    time_base: Fraction
    """Seconds per tick."""
    rate: Fraction
    """Frames per second: of all frames where it is constant, else the mean."""
    is_constant: bool
    """Whether frame n is shown at n / rate, to within a tick of the container's clock."""

    def __len__(self) -> int:
        return len(self.ticks)

    def time_of(self, number: int) -> Fraction:
        """Seconds from the first frame: the PTS as the container has it."""
        return self.ticks[number] * self.time_base

    def at(self, time: Fraction) -> int:
        """The frame on screen at a time in seconds: the first before the start."""
        return max(0, bisect_right(self.ticks, time / self.time_base) - 1)

    def from_on(self, time: Fraction) -> int:
        """The first frame that is shown at a time or after it; their number where none is."""
        return bisect_left(self.ticks, time / self.time_base)

    def counted_at(self, rate: Fraction, number: int) -> int:
        """Where a frame comes when the recording is conformed to a constant rate.

        At its own constant rate that is its number. Otherwise the place that is nearest to its
        PTS, half up, as FFmpeg's filter `fps` puts it. `number` may be the one after the last.
        """
        if self.is_constant:
            return _nearest(number * rate / self.rate)
        if number == len(self):
            return max(
                self.counted_at(rate, number - 1) + 1,
                _nearest((self.time_of(number - 1) + 1 / self.rate) * rate),
            )
        return _nearest(self.time_of(number) * rate)

    @property
    def editing_rate(self) -> Fraction:
        """The lowest of the usual rates at which each frame has a place of its own.

        Its own if that is a usual one; else a multiple of it if there is one: 25 for 12.5. Where
        frames are closer than the highest rate tells apart, the highest.
        """
        if self.is_constant:
            multiples = [rate for rate in USUAL_RATES if (rate / self.rate).denominator == 1]
            faster = [rate for rate in USUAL_RATES if rate >= self.rate]
            return next(iter([*multiples, *faster]), USUAL_RATES[-1])
        fitting = (rate for rate in USUAL_RATES if self._is_apart(rate))
        return next(fitting, USUAL_RATES[-1])

    def _is_apart(self, rate: Fraction) -> bool:
        """Whether no two frames come to the same place at a rate."""
        # As _nearest, in whole numbers: there are 90,000 frames in an hour.
        step = self.time_base * rate
        places = [
            (2 * tick * step.numerator + step.denominator) // (2 * step.denominator)
            for tick in self.ticks
        ]
        return len(set(places)) == len(places)


def number_frames(
    ticks: Sequence[int], time_base: Fraction, declared: Iterable[Fraction] = ()
) -> FrameNumbers:
    """The frames shown at these ticks, ascending from 0; `declared`: rates the container names.

    A rate is constant if every frame lies within one tick of its place. That tells 30000/1001 from
    30 after 33 frames on a clock of milliseconds.
    """
    stored = array("q", ticks or [0])
    mean = _mean_rate(stored, time_base)
    likely = sorted({*USUAL_RATES, *_CAMERA_RATES}, key=lambda rate: abs(rate - mean))
    # The mean last: of few frames, or of rounded times, it is a fraction that nobody set.
    for rate in (*declared, *likely[:3], mean):
        if _is_steady(stored, time_base, rate):
            return FrameNumbers(stored, time_base, rate, is_constant=True)
    return FrameNumbers(stored, time_base, mean, is_constant=False)


def _mean_rate(ticks: Sequence[int], time_base: Fraction) -> Fraction:
    if len(ticks) < 2:
        return Fraction(1)
    return Fraction(len(ticks) - 1) / ((ticks[-1] - ticks[0]) * time_base)


def _is_steady(ticks: Sequence[int], time_base: Fraction, rate: Fraction) -> bool:
    """Whether frame n lies within a tick of n / rate."""
    step = 1 / (rate * time_base)
    return all(
        abs(tick * step.denominator - number * step.numerator) <= step.denominator
        for number, tick in enumerate(ticks)
    )


def _nearest(place: Fraction) -> int:
    """The nearest whole number, half up; places are not negative."""
    return int(place + Fraction(1, 2))
