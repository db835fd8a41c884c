"""When: the days and the hours that a text names, put together."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from mmrag_video.asking.calendar_days import Days, DayWords, find_days
from mmrag_video.asking.chips import Chip, ChipKind, chip_key, covered
from mmrag_video.asking.clock_times import Hours, HoursWords, find_hours
from mmrag_video.asking.weekdays import WeekdayWords, find_weekdays, weekdays_in_words
from mmrag_video.index.frames import MINUTES_A_DAY, TimesOfDay

_ONE_DAY = timedelta(days=1)
_Words = DayWords | HoursWords | WeekdayWords


@dataclass(frozen=True)
class When:
    """A span of time, times of day in it, and the chips for them."""

    chips: tuple[Chip, ...] = ()
    start: datetime | None = None
    """Aware, in the zone."""
    end: datetime | None = None
    daily: TimesOfDay | None = None


@dataclass(frozen=True)
class _Named:
    """The words that count: of several days, weekdays or hours in a text, the first."""

    days: DayWords | None
    hours: HoursWords | None
    weekdays: WeekdayWords | None


def find_when(text: str, now: datetime, zone: ZoneInfo, taken_off: Collection[str]) -> When:
    """When somebody means who says this text now (aware): one span and one time of day at most.

    What lies wholly in the future is nothing that a recording can show, and stays words.
    """
    try:
        local = now.astimezone(zone).replace(tzinfo=None)
        named = _named(text, local, taken_off)
        return _together(text, named, local, zone)
    except OverflowError:  # before the year 1 or after 9999
        return When()


def _named(text: str, local: datetime, taken_off: Collection[str]) -> _Named:
    weekdays = find_weekdays(text)
    text_of_days = covered(text, [(one.start, one.end) for one in weekdays])
    days = find_days(text_of_days, local)
    text_of_hours = covered(text_of_days, [(one.start, one.end) for one in days])
    hours = find_hours(text_of_hours)

    def kept(words: _Words, kind: ChipKind) -> bool:
        return chip_key(kind, text[words.start : words.end]) not in taken_off

    return _Named(
        next((one for one in days if kept(one, ChipKind.TIME)), None),
        next((one for one in hours if kept(one, ChipKind.HOURS)), None),
        next((one for one in weekdays if kept(one, ChipKind.WEEKDAY)), None),
    )


def _together(text: str, named: _Named, local: datetime, zone: ZoneInfo) -> When:
    hours = named.hours.hours if named.hours else None
    if named.days is None:
        if named.hours and named.hours.until_now and not named.weekdays:
            return _until_now(text, named.hours, local, zone)
        return _daily(text, named, zone)
    part = named.days.days.part
    if part is not None and named.hours is None and named.weekdays is None:
        span = _past(_narrowed(named.days.days, Hours(*part)), local)
        return _span(text, named, span, zone)
    if named.days.days.is_one_day and hours and named.weekdays is None:
        span = _past(_narrowed(named.days.days, hours), local)
        return _span(text, named, span, zone)
    span = _past(named.days.days, local)
    daily = _daily(text, named, zone)
    alone = _span(text, _Named(named.days, None, None), span, zone)
    return replace(alone, chips=(*alone.chips, *daily.chips), daily=daily.daily)


def _narrowed(days: Days, hours: Hours) -> Days:
    """A time of day on one day; over midnight, into the next."""
    assert days.first is not None
    night = _ONE_DAY if hours.end <= hours.start else timedelta(0)
    return replace(
        days,
        first=days.first + timedelta(minutes=hours.start),
        last=days.first + timedelta(minutes=hours.end) + night,
    )


def _past(days: Days, local: datetime) -> Days | None:
    """The last such time that has begun; None if it is yet to come."""
    if days.first is not None and days.first > local and days.again:
        back = days.again
        days = replace(days, first=days.first - back, last=days.last - back if days.last else None)
    return None if days.first is not None and days.first > local else days


def _span(text: str, named: _Named, span: Days | None, zone: ZoneInfo) -> When:
    if span is None or named.days is None:
        return When()
    label = _label(span if named.hours is None else _whole_days(span))
    chips = [_chip(text, ChipKind.TIME, label, named.days)]
    if named.hours:
        chips.append(_chip(text, ChipKind.HOURS, str(named.hours.hours), named.hours))
    # An hour that happens twice, when summer time ends, is meant whole.
    start = span.first and span.first.replace(tzinfo=zone, fold=0)
    end = span.last and span.last.replace(tzinfo=zone, fold=1)
    return When(tuple(chips), start, end)


def _until_now(text: str, words: HoursWords, local: datetime, zone: ZoneInfo) -> When:
    minutes = timedelta(minutes=words.hours.start)
    start = local.replace(hour=0, minute=0, second=0, microsecond=0) + minutes
    start = start if start <= local else start - _ONE_DAY
    chip = _chip(text, ChipKind.HOURS, f"since {start:%H:%M}", words)
    return When((chip,), start.replace(tzinfo=zone))


def _daily(text: str, named: _Named, zone: ZoneInfo) -> When:
    chips, hours, weekdays = [], None, frozenset[int]()
    if named.weekdays:
        weekdays, hours = named.weekdays.weekdays, named.weekdays.hours
        label = weekdays_in_words(weekdays) + (f" {hours}" if hours else "")
        chips.append(_chip(text, ChipKind.WEEKDAY, label, named.weekdays))
    if named.hours and hours is None:
        hours = named.hours.hours
        chips.append(_chip(text, ChipKind.HOURS, str(hours), named.hours))
    if not chips:
        return When()
    hours = hours or Hours(0, MINUTES_A_DAY)
    return When(tuple(chips), daily=TimesOfDay(zone.key, hours.start, hours.end, weekdays))


def _chip(text: str, kind: ChipKind, label: str, words: _Words) -> Chip:
    return Chip(kind, label, text[words.start : words.end], words.start, words.end)


def _whole_days(span: Days) -> Days:
    """For the label, where the time of day has a chip of its own."""
    assert span.first is not None
    midnight = span.first.replace(hour=0, minute=0)
    return Days(midnight, midnight + _ONE_DAY)


def _label(span: Days) -> str:
    if span.first is None:
        assert span.last is not None
        return f"before {_in_words(span.last)}"
    if span.last is None:
        return f"since {_in_words(span.first)}"
    if span.is_one_day:
        return _in_words(span.first)
    end = span.last
    if span.first.time() == end.time() == datetime.min.time():
        end -= _ONE_DAY
    elif span.first.date() == end.date():
        return f"{_in_words(span.first)} – {end:%H:%M}"
    return f"{_in_words(span.first)} – {_in_words(end)}"


def _in_words(time: datetime) -> str:
    day = f"{time:%a} {time.day} {time:%b} {time.year}"
    return day if time.time() == datetime.min.time() else f"{day} {time:%H:%M}"
