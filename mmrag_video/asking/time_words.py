"""The words of time that are understood, in English and German, as regular expressions.

They say which words are looked at; what a date means is read by dateparser. Abbreviated weekdays
and months are left out where they are other words too: somebody "sat" in the "sun".
"""

import re
from collections.abc import Mapping

WEEKDAYS: Mapping[str, int] = {
    name: number
    for names in (
        "monday tuesday wednesday thursday friday saturday sunday",
        "montag dienstag mittwoch donnerstag freitag samstag sonntag",
    )
    for number, name in enumerate(names.split())
}
NUMBERS: Mapping[str, int] = {
    **{
        name: number
        for names in (
            "one two three four five six seven eight nine ten",
            "eins zwei drei vier fünf sechs sieben acht neun zehn",
        )
        for number, name in enumerate(names.split(), 1)
    },
    **dict.fromkeys(("a", "an", "ein", "eine", "einer", "einem", "einen"), 1),
}
UNITS: Mapping[str, str] = {
    "second": "seconds",
    "sekunde": "seconds",
    "minute": "minutes",
    "hour": "hours",
    "stunde": "hours",
    "day": "days",
    "tag": "days",
    "week": "weeks",
    "woche": "weeks",
    "month": "months",
    "monat": "months",
    "year": "years",
    "jahr": "years",
}
"""Beginnings of words to the unit of time."""
PARTS: Mapping[str, tuple[int, int]] = {
    "morning": (6 * 60, 12 * 60),
    "morgen": (6 * 60, 12 * 60),
    "früh": (6 * 60, 12 * 60),
    "vormittag": (6 * 60, 12 * 60),
    "noon": (11 * 60, 13 * 60),
    "mittag": (11 * 60, 13 * 60),
    "afternoon": (12 * 60, 18 * 60),
    "nachmittag": (12 * 60, 18 * 60),
    "evening": (18 * 60, 22 * 60),
    "abend": (18 * 60, 22 * 60),
    "night": (22 * 60, 6 * 60),
    "nacht": (22 * 60, 6 * 60),
    "midnight": (23 * 60, 60),
    "mitternacht": (23 * 60, 60),
}
"""Parts of the day, as minutes after midnight."""

_ENGLISH_MONTHS = (
    "january february march april may june july august september october november december"
)
_GERMAN_MONTHS = (
    "januar februar märz april mai juni juli august september oktober november dezember"
)
_SHORT_MONTHS = "jan feb mar apr jun jul aug sep sept oct okt nov dec dez"


def any_of(*names: str) -> str:
    """An expression for any of these words, the longest first."""
    words = sorted({word for name in names for word in name.split()}, key=lambda word: -len(word))
    return f"(?:{'|'.join(words)})"


def phrase(pattern: str) -> re.Pattern[str]:
    """The pattern where whole words stand; a space in it is any white space, ` ?` also none."""
    spaced = pattern.replace(" ?", r"\s*").replace(" ", r"\s+")
    return re.compile(rf"(?<![\w-])(?:{spaced})(?![\w-])", re.IGNORECASE)


WEEKDAY = any_of(*WEEKDAYS)
MONTH = any_of(_ENGLISH_MONTHS, _GERMAN_MONTHS)
_DATED_MONTH = any_of(_ENGLISH_MONTHS, _GERMAN_MONTHS, _SHORT_MONTHS)
_CLEAR_MONTH = any_of(
    *(month for month in _ENGLISH_MONTHS.split() if month not in {"march", "may"}), _SHORT_MONTHS
)
_YEAR = r"(?:,? (?:19|20)\d\d)"
NUMBER = rf"(?:\d{{1,3}}|{any_of(*NUMBERS)})"
UNIT = (
    "(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|sekunden?|minuten?|stunden?"
    "|tag(?:e|en)?|wochen?|monat(?:e|en)?|jahr(?:e|en)?)"
)

DATE = (
    rf"(?:\d{{4}}-\d\d-\d\d|\d{{1,2}}\.\d{{1,2}}\.(?:19|20)\d\d"
    rf"|\d{{1,2}}(?:st|nd|rd|th|\.)? (?:of )?{_DATED_MONTH}{_YEAR}?"
    rf"|{_CLEAR_MONTH} \d{{1,2}}(?:st|nd|rd|th)?{_YEAR}?"
    rf"|{MONTH} \d{{1,2}}(?:(?:st|nd|rd|th){_YEAR}?|{_YEAR}))"
)
"""A day by its date; `march 3` and `may 3` only with a `rd` or a year, for people do march."""
NEAR_DAY = (
    r"(?:(?:the )?day before yesterday|yesterday|today|vorgestern|gestern|heute"
    rf"|(?:(?:last|this|letzten|diesen) )?{WEEKDAY})"
)
DAY = rf"(?:{DATE}|{NEAR_DAY})"
"""Words that name one day."""
