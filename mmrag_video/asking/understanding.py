"""What somebody means who types a search."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from mmrag_video.asking.chips import Chip, covered, left_over
from mmrag_video.asking.following import find_parting
from mmrag_video.asking.likeness import find_likeness
from mmrag_video.asking.minus import find_minus
from mmrag_video.asking.places import find_cameras
from mmrag_video.asking.times import find_when
from mmrag_video.index.frames import FrameFilter, TimesOfDay


@dataclass(frozen=True)
class Understood:
    """A search, with what its words say besides what is to be seen."""

    words: str
    """What is left to be searched for; may be empty."""
    chips: tuple[Chip, ...] = ()
    """Everything understood, in the order of the text, the second part's too."""
    start: datetime | None = None
    """Aware."""
    end: datetime | None = None
    daily: TimesOfDay | None = None
    cameras: tuple[str, ...] = ()
    without: str = ""
    """What must not be there; empty: nothing is said of that."""
    then: "Following | None" = None

    def narrowed(self, where: FrameFilter) -> FrameFilter:
        """A filter, narrowed by what was understood; what it says itself of a thing counts."""
        return replace(
            where,
            cameras=where.cameras or self.cameras,
            start=where.start or (None if where.end else self.start),
            end=where.end or (None if where.start else self.end),
            daily=where.daily or self.daily,
        )


@dataclass(frozen=True)
class Following:
    """What is to follow, and how soon."""

    understood: Understood
    within: timedelta | None
    """None: nothing is said of that."""


def understand(
    text: str,
    *,
    now: datetime,
    zone: ZoneInfo,
    cameras: Sequence[str],
    taken_off: Collection[str] = (),
    with_picture: bool = False,
) -> Understood:
    """What a text means to somebody who types it now (aware), on the clocks of this zone.

    `cameras`: the names that may be named. `taken_off`: keys of chips whose words are to be
    searched for instead. `with_picture`: whether a picture is searched with, which "like this"
    means. A word that is not clearly a time, a camera or one of the others stays.
    """
    taken_off = frozenset(taken_off)
    likeness = find_likeness(text, taken_off) if with_picture else []
    parting = find_parting(text, taken_off)
    if parting is None:
        only = _part(text, (0, len(text)), likeness, now, zone, cameras, taken_off)
        return _with_chips(only, likeness)
    chips = (*likeness, parting.then, *((parting.within,) if parting.within else ()))
    then = parting.then
    first = _part(text, (0, then.start), chips, now, zone, cameras, taken_off)
    second = _part(text, (then.end, len(text)), chips, now, zone, cameras, taken_off)
    following = Following(_filled(second, first), parting.soon)
    return replace(
        _with_chips(_filled(first, second), (*second.chips, *chips)),
        then=following,
    )


def _with_chips(part: Understood, chips: Sequence[Chip]) -> Understood:
    together = sorted((*part.chips, *chips), key=lambda chip: chip.start)
    return replace(part, chips=tuple(together))


def _part(
    text: str,
    span: tuple[int, int],
    known: Sequence[Chip],
    now: datetime,
    zone: ZoneInfo,
    cameras: Sequence[str],
    taken_off: Collection[str],
) -> Understood:
    """What text[span] means, with its chips where they stand in the whole text."""
    outside = [(0, span[0]), (span[1], len(text)), *((chip.start, chip.end) for chip in known)]
    rest = covered(text, outside)
    when = find_when(rest, now, zone, taken_off)
    rest = _without(rest, when.chips)
    named = find_cameras(rest, cameras, taken_off)
    rest = _without(rest, named)
    minus = find_minus(rest, taken_off)
    chips = sorted((*when.chips, *named, *minus), key=lambda chip: chip.start)
    return Understood(
        words=left_over(text, [*outside, *((chip.start, chip.end) for chip in chips)]),
        chips=tuple(chips),
        start=when.start,
        end=when.end,
        daily=when.daily,
        cameras=tuple(dict.fromkeys(chip.label for chip in named)),
        without=", ".join(chip.label for chip in minus),
    )


def _without(text: str, chips: Sequence[Chip]) -> str:
    return covered(text, [(chip.start, chip.end) for chip in chips])


def _filled(part: Understood, other: Understood) -> Understood:
    """A part, with the time and the cameras of the other where it names none itself."""
    has_time = part.start or part.end or part.daily
    when = part if has_time else other
    return replace(
        part,
        start=when.start,
        end=when.end,
        daily=when.daily,
        cameras=part.cameras or other.cameras,
    )
