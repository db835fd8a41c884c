"""Words that name days: which days they are, seen from now."""

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from mmrag_video.asking.clock_times import CLOCK, minute_of_day
from mmrag_video.asking.time_words import (
    DAY,
    MONTH,
    NEAR_DAY,
    NUMBER,
    NUMBERS,
    PARTS,
    UNIT,
    UNITS,
    WEEKDAY,
    any_of,
    phrase,
)

_LANGUAGES = ["en", "de"]
_ONE_DAY = timedelta(days=1)
_reading = threading.Lock()
"""dateparser keeps what it has read in tables that all threads would write to."""


@dataclass(frozen=True)
class Days:
    """Days, or a span of time that was counted back from now."""

    first: datetime | None
    """Local time without a zone, as all here; None: since ever."""
    last: datetime | None
    """The end; the time itself is not in it. None: until ever."""
    again: timedelta = timedelta(0)
    """How far back the same words also point, if this turns out to lie in the future."""
    part: tuple[int, int] | None = None
    """Minutes after midnight, where the words say a part of the day as well."""

    @property
    def is_one_day(self) -> bool:
        """Whether it is a day from midnight to midnight: then a time of day makes it shorter."""
        return (
            self.first is not None
            and self.last == self.first + _ONE_DAY
            and self.first.time() == datetime.min.time()
        )


@dataclass(frozen=True)
class DayWords:
    """Words that name days, at text[start:end]."""

    start: int
    end: int
    days: Days


def find_days(text: str, now: datetime) -> list[DayWords]:
    """The words in a text that name days, longest reading first; none overlap.

    `now`: local time without a zone.
    """
    found: list[DayWords] = []
    for pattern, read in _READERS.items():
        for match in pattern.finditer(text):
            if any(match.start() < one.end and one.start < match.end() for one in found):
                continue
            days = _read(read, match, now)
            if days is not None:
                found.append(DayWords(match.start(), match.end(), days))
    return sorted(found, key=lambda one: one.start)


_Reader = Callable[[re.Match[str], datetime], Days | None]


def _read(read: _Reader, match: re.Match[str], now: datetime) -> Days | None:
    try:
        return read(match, now)
    except (OverflowError, ValueError):  # days before the year 1 or after 9999
        return None


def _one_day(match: re.Match[str], now: datetime) -> Days | None:
    return _day(match["day"], now)


def _part_of_day(match: re.Match[str], now: datetime) -> Days | None:
    days = _day(match["day"], now)
    return None if days is None else replace(days, part=PARTS[match["part"].casefold()])


def _this_part(match: re.Match[str], now: datetime) -> Days | None:
    """The last `evening` or `night` that has begun."""
    part = PARTS[(match["part"] or "night").casefold()]
    return replace(_from_midnight(now), again=_ONE_DAY, part=part)


def _last_night(match: re.Match[str], now: datetime) -> Days | None:
    return replace(_from_midnight(now - _ONE_DAY), part=PARTS["night"])


def _range(match: re.Match[str], now: datetime) -> Days | None:
    last = _day(match["last"], now)
    if last is None or last.first is None:
        return None
    # Monday to Wednesday: the Monday before that Wednesday.
    first = _day(match["first"], last.first)
    if first is None or first.first is None:
        return None
    return Days(first.first, last.last, again=first.again and last.again)


def _range_of_times(match: re.Match[str], now: datetime) -> Days | None:
    first, last = _day(match["first"], now), _day(match["last"], now)
    start, end = minute_of_day(match["start"]), minute_of_day(match["end"])
    if not (first and first.first and last and last.first) or start is None or end is None:
        return None
    begins = first.first + timedelta(minutes=start)
    ends = last.first + timedelta(minutes=end)
    return Days(begins, ends) if begins < ends else None


def _since(match: re.Match[str], now: datetime) -> Days | None:
    days = _day(match["day"] or match["from"], now)
    return days and Days(days.first, None, days.again)


def _after(match: re.Match[str], now: datetime) -> Days | None:
    days = _day(match["day"], now)
    return days and Days(days.last, None, days.again)


def _before(match: re.Match[str], now: datetime) -> Days | None:
    days = _day(match["day"], now)
    return days and Days(None, days.first)


def _until(match: re.Match[str], now: datetime) -> Days | None:
    days = _day(match["day"], now)
    return days and Days(None, days.last)


def _period(match: re.Match[str], now: datetime) -> Days | None:
    """The calendar's last or present week, month or year, or a weekend."""
    unit = match["unit"].casefold()
    back = 0 if match["which"].casefold().startswith(("this", "dies")) else 1
    today = _midnight(now)
    if unit in {"week", "woche", "weekend", "wochenende"}:
        monday = today - timedelta(days=today.weekday() + 7 * back)
        if unit.startswith(("weekend", "wochenende")):
            # Said at a weekend, "last" is the one before.
            saturday = monday + timedelta(days=5)
            return Days(saturday, saturday + timedelta(days=2), again=timedelta(days=7))
        return Days(monday, monday + timedelta(days=7))
    if unit in {"month", "monat"}:
        months = today.year * 12 + today.month - 1 - back
        return _month(months // 12, months % 12 + 1)
    return Days(datetime(today.year - back, 1, 1), datetime(today.year - back + 1, 1, 1))


def _named_month(match: re.Match[str], now: datetime) -> Days | None:
    first = parsed(f"1 {match['month']} {match['year'] or ''}".strip(), now)
    return None if first is None else _month(first.year, first.month)


def _counted_back(match: re.Match[str], now: datetime) -> Days | None:
    """`the last 3 days`: up to now."""
    return Days(_back(match, now), now + timedelta(microseconds=1))


def _ago(match: re.Match[str], now: datetime) -> Days | None:
    """`3 days ago` is a day; `2 hours ago` an hour around that, `20 minutes ago` a minute."""
    then = _back(match, now)
    unit = _unit(match["unit"])
    if unit in {"seconds", "minutes", "hours"}:
        half = timedelta(**{unit: 1}) / 2
        return Days(then - half, min(then + half, now))
    return _from_midnight(then)


def _back(match: re.Match[str], now: datetime) -> datetime:
    count, unit = number_of(match["number"] or "1"), _unit(match["unit"])
    if unit in {"months", "years"}:
        months = now.year * 12 + now.month - 1 - count * (12 if unit == "years" else 1)
        start = _month(months // 12, months % 12 + 1)
        assert start.first is not None and start.last is not None
        day = min(now.day, (start.last - _ONE_DAY).day)
        return now.replace(year=start.first.year, month=start.first.month, day=day)
    return now - timedelta(**{unit: count})


def _unit(word: str) -> str:
    plain = word.casefold()
    return next(unit for begin, unit in UNITS.items() if plain.startswith(begin))


def number_of(word: str) -> int:
    """What a NUMBER is."""
    return int(word) if word.isdecimal() else NUMBERS[word.casefold()]


def _day(words: str, now: datetime) -> Days | None:
    """The day that DAY names; a weekday or a day of the year is the last one there was."""
    plain = " ".join(words.casefold().split())
    weekday = re.search(WEEKDAY, plain)
    if weekday:
        # Looked for from tomorrow, because dateparser's last Monday is never today.
        is_before = plain.startswith(("last", "letzt"))
        day = parsed(weekday[0], now if is_before else now + _ONE_DAY)
        return None if day is None else replace(_from_midnight(day), again=timedelta(days=7))
    day = parsed(plain.removeprefix("the "), now)
    if day is None or _midnight(day) > now:
        return None
    return _from_midnight(day)


def parsed(words: str, now: datetime) -> datetime | None:
    """What dateparser makes of words that name a day, seen from now, in the past if both fit."""
    # Takes as long to import as a search: only those who name a day wait for it.
    import dateparser  # noqa: PLC0415

    settings: Mapping[str, Any] = {
        "RELATIVE_BASE": now,
        "PREFER_DATES_FROM": "past",
        "DATE_ORDER": "YMD" if re.match(r"\d{4}-", words) else "DMY",
        "RETURN_AS_TIMEZONE_AWARE": False,
    }
    with _reading:
        day: datetime | None = dateparser.parse(
            words, languages=_LANGUAGES, settings=dict(settings)
        )
    return day


def _midnight(time: datetime) -> datetime:
    return time.replace(hour=0, minute=0, second=0, microsecond=0)


def _from_midnight(time: datetime) -> Days:
    return Days(_midnight(time), _midnight(time) + _ONE_DAY)


def _month(year: int, month: int) -> Days:
    following = date(year + month // 12, month % 12 + 1, 1)
    return Days(datetime(year, month, 1), datetime(following.year, following.month, 1))


_PART = any_of(*(part for part in PARTS if part not in {"midnight", "mitternacht"}))
_ON = "(?:(?:on|from|of|am|vom|von) )?"
_READERS: Mapping[re.Pattern[str], _Reader] = {
    phrase(
        rf"(?:from|between|von|vom|zwischen) (?P<first>{DAY}),?(?: at| um)? (?P<start>{CLOCK})"
        rf" (?:to|and|until|till|bis|und) (?P<last>{DAY}),?(?: at| um)? (?P<end>{CLOCK})"
    ): _range_of_times,
    phrase(
        rf"(?:from|between|von|vom|zwischen) (?:the )?(?P<first>{DAY})"
        rf" (?:to|and|until|till|bis|und)(?: (?:the|zum))? (?P<last>{DAY})"
    ): _range,
    phrase(rf"(?:since|seit|ab)(?: dem)? (?P<day>{DAY})|from (?P<from>{DAY}) on(?:wards)?"): _since,
    phrase(rf"(?:after|nach)(?: dem)? (?P<day>{DAY})"): _after,
    phrase(rf"{_ON}(?P<day>(?:the )?day before yesterday)"): _one_day,
    phrase(rf"(?:before|vor)(?: dem)? (?P<day>{DAY})"): _before,
    phrase(rf"(?:until|till|bis)(?: zum)? (?P<day>{DAY})"): _until,
    phrase("(?:last night|letzte nacht|gestern nacht|vergangene nacht)"): _last_night,
    phrase(rf"{_ON}(?P<day>{NEAR_DAY}) (?P<part>{_PART})"): _part_of_day,
    phrase(r"(?:this (?P<part>morning|afternoon|evening|night)|tonight)"): _this_part,
    phrase(
        rf"(?:in )?(?:the |den )?(?:last|past|previous|letzten?|vergangenen?)"
        rf" (?P<number>{NUMBER}) (?P<unit>{UNIT})"
    ): _counted_back,
    phrase(
        r"(?:in |within )?(?:the |der )(?:last|past|letzten) (?P<number>)"
        r"(?P<unit>hour|minute|stunde)"
    ): _counted_back,
    phrase(rf"(?:about |etwa )?(?P<number>{NUMBER}) (?P<unit>{UNIT}) ago"): _ago,
    phrase(rf"vor (?:etwa )?(?P<number>{NUMBER}) (?P<unit>{UNIT})"): _ago,
    phrase(
        r"(?:in |am |at |on )?(?:the )?"
        r"(?P<which>last|this|previous|letzten?|letztes|diesen?|dieses|dieser)"
        r" (?P<unit>week|month|year|weekend|woche|monat|jahr|wochenende)"
    ): _period,
    phrase(rf"{_ON}(?:the )?(?P<day>{DAY})"): _one_day,
    phrase(rf"(?:in|im|during) (?P<month>{MONTH})(?: (?P<year>(?:19|20)\d\d))?"): _named_month,
    phrase(rf"(?P<month>{MONTH}) (?P<year>(?:19|20)\d\d)"): _named_month,
}
"""What is looked for, in this order, and who reads it."""
