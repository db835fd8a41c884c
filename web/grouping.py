"""Results in groups: by time, by camera or by score, each under a heading of its own."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from mmrag_video.errors import UsageError
from mmrag_video.moments import Moment
from mmrag_video.sequences import Pair
from web.words import CONFIDENCE, hour_of

_UNKNOWN_TIME = "Clock time unknown"
Found = TypeVar("Found", Moment, Pair)
_LAST = datetime.max.replace(tzinfo=UTC)


class Grouping(StrEnum):
    """How results are put together; the value stands in the address."""

    NONE = ""
    """Best first, as they were found."""
    TIME = "time"
    CAMERA = "camera"
    SCORE = "score"


NAMES: Mapping[Grouping, str] = {
    Grouping.NONE: "Best first",
    Grouping.TIME: "By time",
    Grouping.CAMERA: "By camera",
    Grouping.SCORE: "By score",
}


@dataclass(frozen=True)
class Group(Generic[Found]):
    """Moments, or pairs of them, under one heading."""

    heading: str
    """Empty where all results are one group."""
    found: Sequence[Found]


def grouping_asked(text: str) -> Grouping:
    """Raises UsageError for what is no grouping."""
    try:
        return Grouping(text)
    except ValueError:
        known = ", ".join(one.value for one in Grouping if one)
        raise UsageError(f"group: {text[:40]!r} is none of {known}.") from None


def grouped(found: Sequence[Found], by: Grouping, zone: ZoneInfo) -> list[Group[Found]]:
    """Moments or pairs, best first, in groups.

    Hours are those of `zone`, the earliest first, those whose clock is unknown last. Cameras
    are in the order of what is best on them. A pair is where it begins.
    """
    if not found:
        return []
    match by:
        case Grouping.NONE:
            return [Group("", found)]
        case Grouping.TIME:
            in_order = sorted(found, key=lambda one: one.wall_start or _LAST)
            return _under(in_order, lambda one: _hour(one.wall_start, zone))
        case Grouping.CAMERA:
            return _under(found, lambda one: one.camera)
        case Grouping.SCORE:
            return _under(found, lambda one: CONFIDENCE[one.confidence])


def _under(found: Iterable[Found], heading_of: Callable[[Found], str]) -> list[Group[Found]]:
    groups: dict[str, list[Found]] = {}
    for one in found:
        groups.setdefault(heading_of(one), []).append(one)
    return [Group(heading, together) for heading, together in groups.items()]


def _hour(start: datetime | None, zone: ZoneInfo) -> str:
    if start is None:
        return _UNKNOWN_TIME
    # Counted in UTC: the hour that happens twice at the end of summer time is two.
    begin = start.astimezone(UTC).replace(second=0, microsecond=0)
    begin -= timedelta(minutes=begin.astimezone(zone).minute)
    return hour_of(begin.astimezone(zone))
