"""The search form: what the address bar holds, and what it means."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from mmrag_video.asking.clock_times import minute_of_day
from mmrag_video.asking.weekdays import NAMES
from mmrag_video.catalog.records import LONGEST_CAMERA, MOST_CAMERAS
from mmrag_video.errors import UsageError
from mmrag_video.index.frames import MINUTES_A_DAY, FrameFilter, TimesOfDay
from web.row_number import number_in

MOST_CHARACTERS = 500
MOST_MOMENTS = 200
MOST_KEYS = 50
"""Facets, or chips that are taken off."""
LONGEST_KEY = 600
"""Characters: a chip's key holds its words."""
_LONGEST_VALUE = 120
"""Characters of what is neither words, a camera nor a key: the longest names a frame."""
_SEVERAL = {
    "camera": (MOST_CAMERAS, LONGEST_CAMERA),
    "weekday": (len(NAMES), _LONGEST_VALUE),
    "off": (MOST_KEYS, LONGEST_KEY),
    "has": (MOST_KEYS, LONGEST_KEY),
}
"""Of fields that may be given several times: how often, and how many characters each."""


@dataclass(frozen=True)
class SearchForm:
    """The fields as they were filled in; nothing is checked yet."""

    words: str = ""
    cameras: tuple[str, ...] = ()
    start: str = ""
    """As `<input type=datetime-local>` writes it, in the page's time zone; empty: open."""
    end: str = ""
    picture: str = ""
    """Id of a kept query picture; empty: none."""
    limit: str = ""
    """Moments asked for; empty: the setting `search.limit`."""
    hours_from: str = ""
    """`22:00`, as `<input type=time>` writes it; empty with `hours_to`: all day."""
    hours_to: str = ""
    weekdays: tuple[str, ...] = ()
    """`mon` to `sun`; empty: all."""
    taken_off: tuple[str, ...] = ()
    """Keys of chips whose words are to be searched for."""
    any_camera: bool = False
    """Whether what follows may be on another camera."""
    facets: tuple[str, ...] = ()
    """Keys of the facets that a moment must have."""
    like: str = ""
    """The frame that is searched with, `RECORDING,TIME`; empty: none."""
    box: str = ""
    """The part of that frame; empty: all of it."""
    group: str = ""
    """How the results are put together; empty: best first."""

    @classmethod
    def read(cls, fields: MultiDict[str, str]) -> "SearchForm":
        """The form as it stands in an address or a posted body.

        Raises UsageError for more than a search can need: what is asked goes into the audit log.
        Of the words, `checked_words` says so.
        """
        return cls(
            words=fields.get("q", "").strip(),
            cameras=_several(fields, "camera"),
            start=_single(fields, "from"),
            end=_single(fields, "to"),
            picture=_single(fields, "picture"),
            limit=_single(fields, "limit"),
            hours_from=_single(fields, "after"),
            hours_to=_single(fields, "before"),
            weekdays=_several(fields, "weekday"),
            taken_off=_several(fields, "off"),
            any_camera=bool(fields.get("any")),
            facets=_several(fields, "has"),
            like=_single(fields, "like"),
            box=_single(fields, "box"),
            group=_single(fields, "group"),
        )

    @property
    def asks_nothing(self) -> bool:
        """Neither words nor a picture: there is nothing to search for."""
        return not self.words and not self.has_picture

    @property
    def has_picture(self) -> bool:
        """Whether a picture is searched with: one that was sent, or a frame."""
        return bool(self.picture or self.like)

    @property
    def is_filtered(self) -> bool:
        """Whether cameras, times or what is in the picture are restricted."""
        return self != self.unfiltered()

    @property
    def hours_in_words(self) -> str:
        """`22:00–06:00, Mon, Tue`; empty where all times of day are meant."""
        hours = ""
        if self.hours_from or self.hours_to:
            hours = f"{self.hours_from or '00:00'}–{self.hours_to or '24:00'}"
        return ", ".join(filter(None, (hours, *(day.capitalize() for day in self.weekdays))))

    def arguments(self) -> dict[str, Any]:
        """The address's arguments, without the empty ones; `url_for` takes them."""
        fields: dict[str, str | tuple[str, ...]] = {
            "q": self.words,
            "camera": self.cameras,
            "from": self.start,
            "to": self.end,
            "picture": self.picture,
            "like": self.like,
            "box": self.box,
            "limit": self.limit,
            "after": self.hours_from,
            "before": self.hours_to,
            "weekday": self.weekdays,
            "off": self.taken_off,
            "any": "1" if self.any_camera else "",
            "has": self.facets,
            "group": self.group,
        }
        return {name: value for name, value in fields.items() if value}

    def about(self) -> dict[str, Any]:
        """What is asked, for the audit log: plain JSON, without what is empty."""
        named = {
            "query": self.words,
            "picture": self.picture,
            "like": self.like,
            "box": self.box,
            "cameras": list(self.cameras),
            "from": self.start,
            "to": self.end,
            "times_of_day": self.hours_in_words,
            "has": list(self.facets),
        }
        return {name: value for name, value in named.items() if value}

    def with_words(self, words: str) -> "SearchForm":
        """The same search with these words."""
        return replace(self, words=words, taken_off=())

    def with_taken_off(self, chip: str) -> "SearchForm":
        """The same search, but a chip's words are searched for."""
        return replace(self, taken_off=(*self.taken_off, chip))

    def with_picture(self, picture: str) -> "SearchForm":
        """The same search with this query picture, or with none if empty."""
        return replace(self, picture=picture, like="", box="")

    def with_frame(self, recording_id: str, time: Fraction) -> "SearchForm":
        """What looks like this frame, in the chosen cameras and times; without words."""
        like = f"{recording_id},{time.numerator}/{time.denominator}"
        return replace(self, words="", taken_off=(), picture="", like=like, box="", facets=())

    def with_group(self, group: str) -> "SearchForm":
        """The same search, its results put together otherwise."""
        return replace(self, group=group)

    def unfiltered(self) -> "SearchForm":
        """The same question to all cameras and times."""
        return replace(
            self,
            cameras=(),
            start="",
            end="",
            hours_from="",
            hours_to="",
            weekdays=(),
            facets=(),
        )

    def with_limit(self, limit: int) -> "SearchForm":
        """The same search for up to `limit` moments."""
        return replace(self, limit=str(limit))

    def checked_words(self) -> str:
        """The words. Raises UsageError if there are too many."""
        if len(self.words) > MOST_CHARACTERS:
            raise UsageError(
                f"The question is {len(self.words)} characters long; "
                f"please ask in at most {MOST_CHARACTERS}."
            )
        return self.words

    def filter(self, known_cameras: Collection[str], zone: ZoneInfo) -> FrameFilter:
        """Where it is searched. Raises UsageError for an unknown camera or an impossible time."""
        for camera in self.cameras:
            if camera not in known_cameras:
                raise UsageError(f"There is no camera named {camera!r} in this collection.")
        # An hour that happens twice (end of summer time) is searched whole.
        start = _time("From", self.start, zone, fold=0)
        end = _time("To", self.end, zone, fold=1)
        if end is not None and _is_date(self.end):
            end += timedelta(days=1)  # as with `mmrag-video search --to`: the day is meant whole
        if start is not None and end is not None and end <= start:
            raise UsageError("The time range ends before it begins; please swap From and To.")
        daily = self._daily(zone)
        return FrameFilter(cameras=self.cameras, start=start, end=end, daily=daily)

    def _daily(self, zone: ZoneInfo) -> TimesOfDay | None:
        if not (self.hours_from or self.hours_to or self.weekdays):
            return None
        start = _minute("Hours from", self.hours_from or "00:00")
        end = _minute("Hours to", self.hours_to or "24:00") or MINUTES_A_DAY
        if start == end:
            raise UsageError("The hours end when they begin; please choose others, or none.")
        names = [name.lower() for name in NAMES]
        for day in self.weekdays:
            if day not in names:
                raise UsageError(f"{day[:40]!r} is no day of the week such as mon.")
        days = frozenset(names.index(day) for day in self.weekdays)
        return TimesOfDay(zone.key, start % MINUTES_A_DAY, end, days)

    def moments(self, usual: int) -> int:
        """How many moments to answer with. Raises UsageError."""
        if not self.limit:
            return usual
        limit = number_in(self.limit)
        if limit is None:
            raise UsageError(f"The limit {self.limit[:20]!r} is not a whole number.")
        return max(1, min(limit, MOST_MOMENTS))


def _single(fields: MultiDict[str, str], name: str) -> str:
    return _short(name, fields.get(name, "").strip(), _LONGEST_VALUE)


def _several(fields: MultiDict[str, str], name: str) -> tuple[str, ...]:
    most, longest = _SEVERAL[name]
    values = tuple(dict.fromkeys(value for value in fields.getlist(name) if value))
    if len(values) > most:
        raise UsageError(f"{name}: at most {most} can be given at once; these are {len(values)}.")
    return tuple(_short(name, value, longest) for value in values)


def _short(name: str, value: str, longest: int) -> str:
    if len(value) > longest:
        raise UsageError(
            f"{name}: at most {longest} characters are read; {value[:40]!r} goes on for "
            f"{len(value)}."
        )
    return value


def _minute(field: str, text: str) -> int:
    minute = minute_of_day(text)
    if minute is None:
        raise UsageError(f"{field}: {text[:40]!r} is not a time of day such as 22:00.")
    return minute


def _time(field: str, text: str, zone: ZoneInfo, fold: int) -> datetime | None:
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = datetime.min
    if not 1970 <= time.year < 2200:
        raise UsageError(f"{field}: {text[:40]!r} is not a date and time such as 2025-03-30T14:05.")
    return time if time.tzinfo else time.replace(tzinfo=zone, fold=fold)


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
