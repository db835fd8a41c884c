"""Words that name a time of day."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mmrag_video.asking.time_words import PARTS, phrase

MINUTES_A_DAY = 24 * 60
_AT = 15
"""Minutes before and after the time in `at 14:00`: nobody means the second."""
_ABOUT = 30
"""The same for `about 14:00`."""
CLOCK = (
    r"(?:\d{1,2}:\d\d(?: ?[ap]\.?m\.?| uhr)?|\d{1,2} ?[ap]\.?m\.?|\d{1,2}(?:\.\d\d)? uhr"
    r"|\d{1,2} o['’]clock|noon|midnight|mitternacht)"
)
_TIME = re.compile(r"(?P<hour>\d{1,2})(?:[:.](?P<minute>\d\d))?\s*(?P<half>[ap]\.?m)?", re.I)
_NAMED = {"noon": 12 * 60, "midnight": 0, "mitternacht": 0}


@dataclass(frozen=True)
class Hours:
    """A time of day in minutes after midnight; over midnight where it ends before it starts."""

    start: int
    end: int

    def __str__(self) -> str:
        """`22:00–06:00`."""
        return f"{_clock(self.start)}–{_clock(self.end)}"


@dataclass(frozen=True)
class HoursWords:
    """Words that name a time of day, at text[start:end]."""

    start: int
    end: int
    hours: Hours
    until_now: bool = False
    """Whether they go on until now unless a day is named: `since 14:00`."""


def find_hours(text: str) -> list[HoursWords]:
    """The words in a text that name a time of day; none overlap."""
    found: list[HoursWords] = []
    for pattern, read in _READERS.items():
        for match in pattern.finditer(text):
            if any(match.start() < one.end and one.start < match.end() for one in found):
                continue
            words = read(match)
            if words is not None:
                found.append(words)
    return sorted(found, key=lambda one: one.start)


def minute_of_day(text: str) -> int | None:
    """Minutes after midnight of `14:00`, `2 pm`, `14 Uhr`; 24:00 is 1440. None for no time."""
    plain = text.strip().casefold()
    if plain in _NAMED:
        return _NAMED[plain]
    match = _TIME.match(plain)
    if match is None:
        return None
    hour, minute, half = int(match["hour"]), int(match["minute"] or 0), match["half"]
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    total = hour * 60 + minute
    return total if minute < 60 and total <= MINUTES_A_DAY else None


def _between(match: re.Match[str]) -> HoursWords | None:
    start, end = match["first"], match["last"]
    # Between 2 and 4 pm: what is said of the second is meant of the first as well.
    if start.isdecimal():
        said = re.search(r"\s?[ap]\.?m\.?$", end, re.IGNORECASE)
        start += said[0] if said else ""
    return _words(match, minute_of_day(start), minute_of_day(end))


def _after(match: re.Match[str]) -> HoursWords | None:
    return _words(match, minute_of_day(match["time"]), MINUTES_A_DAY)


def _since(match: re.Match[str]) -> HoursWords | None:
    return _words(match, minute_of_day(match["time"]), MINUTES_A_DAY, until_now=True)


def _before(match: re.Match[str]) -> HoursWords | None:
    return _words(match, 0, minute_of_day(match["time"]))


def _at(match: re.Match[str]) -> HoursWords | None:
    return _around(match, _AT)


def _about(match: re.Match[str]) -> HoursWords | None:
    return _around(match, _ABOUT)


def _around(match: re.Match[str], spare: int) -> HoursWords | None:
    time = minute_of_day(match["time"])
    if time is None:
        return None
    return _words(match, (time - spare) % MINUTES_A_DAY, (time + spare) % MINUTES_A_DAY)


def _part(match: re.Match[str]) -> HoursWords | None:
    plain = match["part"].casefold()
    return _words(match, *PARTS[plain if plain in PARTS else plain.removesuffix("s")])


def _words(
    match: re.Match[str], start: int | None, end: int | None, *, until_now: bool = False
) -> HoursWords | None:
    if start is None or end is None or start == end:
        return None
    hours = Hours(start % MINUTES_A_DAY, end)
    return HoursWords(match.start(), match.end(), hours, until_now=until_now)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


_READERS: Mapping[re.Pattern[str], Callable[[re.Match[str]], HoursWords | None]] = {
    phrase(
        rf"(?:between|from|zwischen|von) (?P<first>{CLOCK}|\d{{1,2}})"
        rf" (?:and|to|until|till|und|bis) (?P<last>{CLOCK})"
    ): _between,
    phrase(r"(?P<first>\d{1,2}:\d\d) ?(?:-|–|to|bis) ?(?P<last>\d{1,2}:\d\d)(?: uhr)?"): _between,
    phrase(rf"(?:after|nach) (?P<time>{CLOCK})"): _after,
    phrase(rf"(?:since|from|seit|ab) (?P<time>{CLOCK})(?: on(?:wards)?)?"): _since,
    phrase(rf"(?:before|until|till|vor|bis) (?P<time>{CLOCK})"): _before,
    phrase(rf"(?:around|about|gegen)(?: about)? (?P<time>{CLOCK})"): _about,
    phrase(rf"(?:at|um) (?P<time>{CLOCK})"): _at,
    phrase(r"(?P<time>\d{1,2}:\d\d(?: ?[ap]m| uhr)?|\d{1,2} ?[ap]m)"): _at,
    phrase(
        r"(?:in the|am) "
        r"(?P<part>morning|afternoon|evening|morgen|vormittag|mittag|nachmittag|abend)"
    ): _part,
    phrase(r"(?:at|by|during the|in the|in der) (?P<part>night|nacht)"): _part,
    phrase(r"at (?P<part>noon|midnight)"): _part,
    phrase(r"(?P<part>morgens|vormittags|mittags|nachmittags|abends|nachts)"): _part,
}
"""What is looked for, in this order, and who reads it."""
