"""A stretch of the clock that is looked at: where moments lie in it, and how its axis is marked."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

SHORTEST = timedelta(seconds=10)
LONGEST = timedelta(days=3660)
_MOST_TICKS = 12
_STEPS = tuple(
    timedelta(seconds=seconds)
    for seconds in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600)
)
"""Between the marks of an axis, where they lie within a day."""
_DAYS = (1, 2, 7, 14, 28, 91, 182, 364)
"""Days between them, where they are midnights."""


@dataclass(frozen=True)
class Tick:
    """A mark of the axis."""

    share: float
    label: str
    is_midnight: bool


@dataclass(frozen=True)
class ClockWindow:
    """start <= time < end; both aware."""

    start: datetime
    end: datetime

    @classmethod
    def between(cls, start: datetime, end: datetime) -> "ClockWindow":
        """In UTC, made longer or shorter around its middle where it has to be."""
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        length = min(max(end - start, SHORTEST), LONGEST)
        middle = start + (end - start) / 2
        return cls(middle - length / 2, middle + length / 2)

    @property
    def length(self) -> timedelta:
        """From its start to its end."""
        return self.end - self.start

    def share(self, moment: datetime) -> float:
        """Where a moment lies, from 0 at the start to 1 at the end, those outside at the nearer."""
        return min(max((moment - self.start) / self.length, 0.0), 1.0)

    def at(self, share: float) -> datetime:
        """The time at a share of it: what `share` is of."""
        return self.start + self.length * share

    def moved(self, by: float) -> "ClockWindow":
        """Later by so many of its lengths."""
        return ClockWindow(self.start + self.length * by, self.end + self.length * by)

    def zoomed(self, factor: float) -> "ClockWindow":
        """So many times as long, around the same middle."""
        more = self.length * (factor - 1) / 2
        return ClockWindow.between(self.start - more, self.end + more)

    def ticks(self, zone: ZoneInfo) -> list[Tick]:
        """Marks of the axis: at full hours, minutes or seconds of the zone's clock, or midnights.

        On a day with a change to summer time an hour is missing, on the other there is one twice.
        """
        step = next((step for step in _STEPS if self.length / step <= _MOST_TICKS), None)
        times = self._midnights(zone) if step is None else self._steps(step, zone)
        return [self._tick(time, step, zone) for time in times]

    def _tick(self, time: datetime, step: timedelta | None, zone: ZoneInfo) -> Tick:
        local = time.astimezone(zone)
        is_midnight = local.hour == local.minute == local.second == 0
        if is_midnight or step is None:
            label = f"{local:%a} {local.day} {local:%b}"
        elif step < timedelta(minutes=1):
            label = f"{local:%H:%M:%S}"
        else:
            label = f"{local:%H:%M}"
        return Tick(self.share(time), label, is_midnight)

    def _steps(self, step: timedelta, zone: ZoneInfo) -> Iterator[datetime]:
        """Of the clock; where that is set, the marks follow it."""
        # Every zone's clock is off UTC by a whole number of quarter hours, some by one of minutes.
        finest = min(step, timedelta(minutes=15))
        since = self.start - datetime(1970, 1, 1, tzinfo=UTC)
        time = self.start - since % finest
        while time < self.end:
            local = time.astimezone(zone)
            of_day = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second)
            if time >= self.start and not of_day % step:
                yield time
            time += finest

    def _midnights(self, zone: ZoneInfo) -> Iterator[datetime]:
        """The first moments of days; with steps of several days, the same ones in every window."""
        most = self.length / timedelta(days=1)
        days = next((days for days in _DAYS if most / days <= _MOST_TICKS), _DAYS[-1])
        day = self.start.astimezone(zone).date()
        day -= timedelta(days=day.toordinal() % days)
        while True:
            midnight = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
            if midnight >= self.end:
                return
            if midnight >= self.start:
                yield midnight
            day += timedelta(days=days)
