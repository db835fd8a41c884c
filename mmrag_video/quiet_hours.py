"""Hours without work, `worker.quiet`: whether it is one, and when work ends that rests in them."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from datetime import time as TimeOfDay
from zoneinfo import ZoneInfo

_DAY = 24 * 60
"""Minutes."""


def is_quiet(now: TimeOfDay, spans: Collection[str]) -> bool:
    """Whether a time of day is in one of `08:00-18:00`, which may go over midnight: `22:00-06:00`.

    24:00 is the end of the day.
    """
    minute = now.hour * 60 + now.minute
    return any(_is_within(minute, *_minutes(span)) for span in spans)


def end_of_work(
    begin: datetime, seconds: float, spans: Collection[str], zone: ZoneInfo
) -> datetime | None:
    """When work that takes so many `seconds` ends, if it rests in the quiet hours of `zone`.

    `begin`: aware, and so is the end, in UTC. None if there is no hour for it.
    """
    ends = [_minutes(span) for span in spans]
    if all(any(_is_within(minute, *span) for span in ends) for minute in range(_DAY)):
        return None
    boundaries = {minute % _DAY for span in ends for minute in span}
    now, left = begin.astimezone(UTC), timedelta(seconds=seconds)
    while boundaries:
        until = _next_change(now, boundaries, zone)
        if not is_quiet(now.astimezone(zone).time(), spans):
            if now + left <= until:
                break
            left -= until - now
        now = until
    return now + left


def _next_change(now: datetime, boundaries: Collection[int], zone: ZoneInfo) -> datetime:
    """Until when the clock on the wall meets no boundary and is not set."""
    local = now.astimezone(zone)
    passed = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second)
    passed += timedelta(microseconds=local.microsecond)
    day = timedelta(days=1)
    ahead = min((timedelta(minutes=boundary) - passed) % day or day for boundary in boundaries)
    if (now + ahead).astimezone(zone).utcoffset() == local.utcoffset():
        return now + ahead
    # The clock is set before that: from minute to minute, as zones are set at full ones.
    minute = timedelta(minutes=1)
    return now + minute - passed % minute


def _is_within(minute: int, begin: int, end: int) -> bool:
    if begin <= end:
        return begin <= minute < end
    return minute >= begin or minute < end


def _minutes(span: str) -> tuple[int, int]:
    begin, end = span.split("-")
    return _minute(*begin.split(":")), _minute(*end.split(":"))


def _minute(hours: str, minutes: str) -> int:
    return int(hours) * 60 + int(minutes)
