"""The search form: what the address bar holds, and what it means."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from mmrag_video.errors import UsageError
from mmrag_video.index.frames import FrameFilter
from mmrag_video.models.base import Query
from web.query_pictures import QueryPictures

MOST_CHARACTERS = 500
MOST_MOMENTS = 200


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

    @classmethod
    def read(cls, fields: MultiDict[str, str]) -> "SearchForm":
        """The form as it stands in an address or a posted body."""
        return cls(
            words=fields.get("q", "").strip(),
            cameras=tuple(dict.fromkeys(name for name in fields.getlist("camera") if name)),
            start=fields.get("from", "").strip(),
            end=fields.get("to", "").strip(),
            picture=fields.get("picture", "").strip(),
            limit=fields.get("limit", "").strip(),
        )

    @property
    def asks_nothing(self) -> bool:
        """Neither words nor a picture: there is nothing to search for."""
        return not self.words and not self.picture

    @property
    def is_filtered(self) -> bool:
        """Whether cameras or times are restricted."""
        return bool(self.cameras or self.start or self.end)

    def arguments(self) -> dict[str, Any]:
        """The address's arguments, without the empty ones; `url_for` takes them."""
        fields: dict[str, str | tuple[str, ...]] = {
            "q": self.words,
            "camera": self.cameras,
            "from": self.start,
            "to": self.end,
            "picture": self.picture,
            "limit": self.limit,
        }
        return {name: value for name, value in fields.items() if value}

    def about(self) -> dict[str, Any]:
        """What is asked, for the audit log: plain JSON, without what is empty."""
        named = {
            "query": self.words,
            "picture": self.picture,
            "cameras": list(self.cameras),
            "from": self.start,
            "to": self.end,
        }
        return {name: value for name, value in named.items() if value}

    def with_words(self, words: str) -> "SearchForm":
        """The same search with these words."""
        return replace(self, words=words)

    def with_picture(self, picture: str) -> "SearchForm":
        """The same search with this query picture, or with none if empty."""
        return replace(self, picture=picture)

    def unfiltered(self) -> "SearchForm":
        """The same question to all cameras and times."""
        return replace(self, cameras=(), start="", end="")

    def with_limit(self, limit: int) -> "SearchForm":
        """The same search for up to `limit` moments."""
        return replace(self, limit=str(limit))

    def query(self, pictures: QueryPictures) -> Query:
        """What is asked. Raises UsageError."""
        if len(self.words) > MOST_CHARACTERS:
            raise UsageError(
                f"The question is {len(self.words)} characters long; "
                f"please ask in at most {MOST_CHARACTERS}."
            )
        image = pictures.image(self.picture) if self.picture else None
        return Query(text=self.words or None, image=image)

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
        return FrameFilter(cameras=self.cameras, start=start, end=end)

    def moments(self, usual: int) -> int:
        """How many moments to answer with. Raises UsageError."""
        if not self.limit:
            return usual
        if not (self.limit.isascii() and self.limit.isdecimal() and len(self.limit) <= 6):
            raise UsageError(f"The limit {self.limit[:20]!r} is not a whole number.")
        return max(1, min(int(self.limit), MOST_MOMENTS))


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
