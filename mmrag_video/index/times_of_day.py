"""Times of day as spans of time: which they are between two moments, whatever the clocks do.

Milvus Lite 3.2 knows no remainder in its expressions, so a time of day cannot be asked for by
arithmetic there (Milvus itself knows `%`): it is asked for as one span for each day.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from mmrag_video.index.frames import TimesOfDay

Span = tuple[datetime, datetime]
"""Start and end, aware, in UTC."""
_ONE_DAY = timedelta(days=1)
_STEP = timedelta(hours=12)
"""No zone has changed its offset twice in such a time since 1970."""
_EXACT = timedelta(seconds=1)


def spans_of(daily: TimesOfDay, start: datetime, end: datetime) -> list[Span]:
    """The parts of start <= time < end that lie in these times of day, in order.

    Exact when clocks are changed: an hour that happens twice is in it twice, one that is left
    out not at all.
    """
    spans: list[Span] = []
    for first, last in _of_one_offset(ZoneInfo(daily.zone), start.astimezone(UTC), end):
        for begin, until in _by_the_clock(daily, first, last):
            if spans and spans[-1][1] == begin:
                spans[-1] = (spans[-1][0], until)
            else:
                spans.append((begin, until))
    return spans


def _by_the_clock(daily: TimesOfDay, first: datetime, last: datetime) -> Iterator[Span]:
    """The spans between two moments between which the clocks of `first`'s zone are not changed."""
    offset = first.utcoffset() or timedelta(0)
    night = _ONE_DAY if daily.end <= daily.start else timedelta(0)
    length = timedelta(minutes=daily.end - daily.start) + night
    day = datetime.combine(first.date(), time(), UTC) - _ONE_DAY
    while day - offset < last:
        begin = day + timedelta(minutes=daily.start) - offset
        if not daily.weekdays or day.weekday() in daily.weekdays:
            span = (max(begin, first.astimezone(UTC)), min(begin + length, last.astimezone(UTC)))
            if span[0] < span[1]:
                yield span
        day += _ONE_DAY


def _of_one_offset(zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[Span]:
    """Start to end, cut where the zone's clocks are changed; in the zone."""
    cuts = [start]
    place = start
    while place < end:
        following = min(place + _STEP, end.astimezone(UTC))
        if _offset(zone, place) != _offset(zone, following):
            cuts.append(_change(zone, place, following))
        place = following
    cuts.append(end.astimezone(UTC))
    for first, last in pairwise(cuts):
        if first < last:
            yield first.astimezone(zone), last


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The moment at which the offset changes, which is a whole second."""
    offset = _offset(zone, before)
    while after - before > _EXACT:
        middle = before + (after - before) / 2
        middle = middle.replace(microsecond=0)
        if middle <= before:
            break
        before, after = (middle, after) if _offset(zone, middle) == offset else (before, middle)
    return after.replace(microsecond=0)


def _offset(zone: ZoneInfo, time: datetime) -> timedelta | None:
    return time.astimezone(zone).utcoffset()
