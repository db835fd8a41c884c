"""Results in groups: by time, by camera or by score, each under a heading of its own."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from mmrag_video.errors import UsageError
from mmrag_video.moments import Moment
from web.words import CONFIDENCE, hour_of

_UNKNOWN_TIME = "Clock time unknown"
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
class Group:
    """Moments under one heading."""

    heading: str
    """Empty where all results are one group."""
    moments: Sequence[Moment]


def grouping_asked(text: str) -> Grouping:
    """Raises UsageError for what is no grouping."""
    try:
        return Grouping(text)
    except ValueError:
        known = ", ".join(one.value for one in Grouping if one)
        raise UsageError(f"group: {text[:40]!r} is none of {known}.") from None


def grouped(moments: Sequence[Moment], by: Grouping, zone: ZoneInfo) -> list[Group]:
    """The moments, best first, in groups.

    Hours are those of `zone`, the earliest first, moments whose clock is unknown last. Cameras
    are in the order of their best moments.
    """
    if not moments:
        return []
    match by:
        case Grouping.NONE:
            return [Group("", moments)]
        case Grouping.TIME:
            in_order = sorted(moments, key=lambda moment: moment.wall_start or _LAST)
            return _under(in_order, lambda moment: _hour(moment, zone))
        case Grouping.CAMERA:
            return _under(moments, lambda moment: moment.camera)
        case Grouping.SCORE:
            return _under(moments, lambda moment: CONFIDENCE[moment.confidence])


def _under(moments: Iterable[Moment], heading_of: Callable[[Moment], str]) -> list[Group]:
    groups: dict[str, list[Moment]] = {}
    for moment in moments:
        groups.setdefault(heading_of(moment), []).append(moment)
    return [Group(heading, together) for heading, together in groups.items()]


def _hour(moment: Moment, zone: ZoneInfo) -> str:
    start = moment.wall_start
    if start is None:
        return _UNKNOWN_TIME
    # Counted in UTC: the hour that happens twice at the end of summer time is two.
    begin = start.astimezone(UTC).replace(second=0, microsecond=0)
    begin -= timedelta(minutes=begin.astimezone(zone).minute)
    return hour_of(begin.astimezone(zone))
