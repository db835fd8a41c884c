"""Two things in a row: moments of one query that moments of another follow."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from math import ceil, floor, sqrt

from mmrag_video.archive import Archive
from mmrag_video.index.frames import FrameFilter
from mmrag_video.models.base import Query
from mmrag_video.moments import Confidence, Moment
from mmrag_video.search import search

SOON = timedelta(minutes=10)
"""How soon the second follows where nothing is said of it."""
_LOOKED_AT = 200
"""Moments of each query: their pairs are compared, which takes milliseconds."""
_NOTHING = timedelta(0)


@dataclass(frozen=True)
class Pair:
    """Two moments, of which the second begins when the first has ended."""

    first: Moment
    second: Moment
    gap: timedelta
    """From the end of the first to the beginning of the second."""

    @property
    def score(self) -> float:
        """0 to 1: the geometric mean, so that a good one does not make up for a bad one."""
        return sqrt(self.first.score * self.second.score)

    @property
    def camera(self) -> str:
        """The one on which it begins."""
        return self.first.camera

    @property
    def wall_start(self) -> datetime | None:
        """When it begins; None where the recording's clock is unknown."""
        return self.first.wall_start

    @property
    def confidence(self) -> Confidence:
        """That of the weaker one."""
        ranks = list(Confidence)
        return max(self.first.confidence, self.second.confidence, key=ranks.index)


@dataclass(frozen=True)
class Step:
    """One of the two things, and where to look for it."""

    query: Query
    where: FrameFilter


def find_pairs(
    archive: Archive,
    first: Step,
    second: Step,
    within: timedelta = SOON,
    *,
    one_camera: bool = True,
    limit: int | None = None,
    looks: bool = True,
) -> tuple[Pair, ...]:
    """Pairs of moments, best first; a moment is in one pair at most.

    `one_camera`: both on the same one. Recordings whose clock is unknown have pairs within
    themselves alone. `looks` is as for `search`, and it raises as that does.
    """
    befores = search(archive, first.query, first.where, _LOOKED_AT, looks=looks).moments
    afters = search(archive, second.query, second.where, _LOOKED_AT, looks=looks).moments
    pairs = sorted(_pairs(befores, afters, within, one_camera), key=lambda pair: -pair.score)
    return tuple(_each_once(pairs))[: limit or archive.settings.search.limit]


def _pairs(
    befores: Iterable[Moment], afters: Iterable[Moment], within: timedelta, one_camera: bool
) -> Iterator[Pair]:
    afters = tuple(afters)
    for before in befores:
        for after in afters:
            if one_camera and before.camera != after.camera:
                continue
            gap = gap_between(before, after)
            if gap is not None and _NOTHING <= gap <= within:
                yield Pair(before, after, gap)


def gap_between(before: Moment, after: Moment) -> timedelta | None:
    """From the end of one to the beginning of the other; negative where that begins earlier.

    None where it is not known: their recordings are two, and one has no clock.
    """
    last, first = before.spans[-1], after.spans[0]
    if last.recording.id == first.recording.id:
        microseconds = (first.start - last.end) * 1_000_000
        return timedelta(microseconds=_away_from_nothing(microseconds))
    if before.wall_end is None or after.wall_start is None:
        return None
    return after.wall_start - before.wall_end


def _away_from_nothing(microseconds: Fraction) -> int:
    """A whole number that is 0 for 0 alone: a part of a microsecond too early is too early."""
    return ceil(microseconds) if microseconds > 0 else floor(microseconds)


def _each_once(pairs: Iterable[Pair]) -> Iterator[Pair]:
    firsts: set[tuple[str, Fraction]] = set()
    seconds: set[tuple[str, Fraction]] = set()
    for pair in pairs:
        first, second = _place(pair.first), _place(pair.second)
        if first not in firsts and second not in seconds:
            firsts.add(first)
            seconds.add(second)
            yield pair


def _place(moment: Moment) -> tuple[str, Fraction]:
    return moment.spans[0].recording.id, moment.start
