"""Words that name weekdays of every week: `on Mondays`, `at weekends`, `Friday nights`."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mmrag_video.asking.clock_times import Hours
from mmrag_video.asking.time_words import PARTS, WEEKDAY, WEEKDAYS, any_of, phrase

_ALL = frozenset(range(7))
_WEEKEND = frozenset({5, 6})
NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SEVERAL = any_of(*(f"{day}s" for day in WEEKDAYS))


@dataclass(frozen=True)
class WeekdayWords:
    """Words that name weekdays, at text[start:end]."""

    start: int
    end: int
    weekdays: frozenset[int]
    """0 is Monday."""
    hours: Hours | None = None
    """Where they say a part of the day as well."""


def find_weekdays(text: str) -> list[WeekdayWords]:
    """The words in a text that name weekdays of every week; none overlap."""
    found: list[WeekdayWords] = []
    for pattern, days in _DAYS.items():
        for match in pattern.finditer(text):
            if any(match.start() < one.end and one.start < match.end() for one in found):
                continue
            part = match.groupdict().get("part")
            hours = Hours(*PARTS[part.casefold()]) if part else None
            found.append(WeekdayWords(match.start(), match.end(), days(match), hours))
    return sorted(found, key=lambda one: one.start)


def weekdays_in_words(weekdays: frozenset[int]) -> str:
    """`Mon, Wed`; `Mon–Fri`; `weekends`."""
    if weekdays == _WEEKEND:
        return "weekends"
    if weekdays == _ALL - _WEEKEND:
        return "Mon–Fri"
    return ", ".join(NAMES[day] for day in sorted(weekdays))


def _named(match: re.Match[str]) -> frozenset[int]:
    return frozenset(WEEKDAYS[name] for name in re.findall(WEEKDAY, match["days"].casefold()))


_DAYS: Mapping[re.Pattern[str], Callable[[re.Match[str]], frozenset[int]]] = {
    phrase(
        rf"(?:(?:on|every) )?(?P<days>{WEEKDAY}s?(?:(?:,| and| or) {WEEKDAY}s?)*)"
        r" (?P<part>morning|afternoon|evening|night)s"
    ): _named,
    phrase(rf"(?:on )?(?P<days>{_SEVERAL}(?:(?:,| and| or| und| oder) {_SEVERAL})*)"): _named,
    phrase(rf"(?:every|jeden) (?P<days>{WEEKDAY})"): _named,
    phrase("(?:at|on)(?: the)? weekends|an wochenenden|am wochenende"): lambda _: _WEEKEND,
    phrase(
        "(?:on )?(?:weekdays|working days|workdays)"
        "|an (?:werktagen|wochentagen)|werktags|wochentags"
    ): lambda _: _ALL - _WEEKEND,
}
"""What is looked for, in this order, and the days it names."""
