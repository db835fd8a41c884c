"""How good a ranked list of moments is, against the intervals that answer a query.

A moment is right when its best frame lies in a matching interval, passed over when it lies in an
optional one or tells of an event told before, else wrong.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from statistics import fmean

import numpy as np

SLACK = 0.4
"""Seconds to spare at both ends of an interval: the accuracy of the ground truth."""
_RESAMPLES = 1000


@dataclass(frozen=True)
class Interval:
    """A part of one video, in seconds of media time, both ends included."""

    video: str
    start: float
    end: float

    def holds(self, video: str, time: float) -> bool:
        """Whether a time lies in it, with SLACK to spare."""
        return video == self.video and self.start - SLACK <= time <= self.end + SLACK

    def overlap(self, other: "Interval") -> float:
        """Temporal intersection over union (0 to 1)."""
        if self.video != other.video:
            return 0.0
        shared = min(self.end, other.end) - max(self.start, other.start)
        union = max(self.end, other.end) - min(self.start, other.start)
        return max(shared, 0.0) / union if union > 0 else 0.0


@dataclass(frozen=True)
class RankedMoment:
    """A moment of an answer, as far as scoring needs it."""

    span: Interval
    best: float
    """Media time of its best frame, seconds."""


@dataclass(frozen=True)
class Truth:
    """What answers one query, and what counts neither way."""

    matches: tuple[Interval, ...]
    optional: tuple[Interval, ...]
    ignored_videos: frozenset[str]


class Verdict(Enum):
    """What one moment of an answer counts as."""

    RIGHT = "right"
    WRONG = "wrong"
    PASSED_OVER = "passed over"


@dataclass(frozen=True)
class QueryScore:
    """One query's figures."""

    first_rank: int | None
    """Rank (from 1) of the first right moment among those that count; None: none was right."""
    average_precision: float
    overlap: float
    """Temporal IoU of the first right moment and the interval it found; 0 without one."""


def score_query(moments: Sequence[RankedMoment], truth: Truth) -> QueryScore:
    """Score one ranked list."""
    verdicts = _verdicts(moments, truth)
    counted = [verdict for verdict in verdicts if verdict is not Verdict.PASSED_OVER]
    ranks = [rank for rank, verdict in enumerate(counted, 1) if verdict is Verdict.RIGHT]
    precisions = [found / rank for found, rank in enumerate(ranks, 1)]
    overlap = 0.0
    if ranks:
        first = moments[verdicts.index(Verdict.RIGHT)].span
        overlap = max(first.overlap(match) for match in truth.matches)
    return QueryScore(
        first_rank=ranks[0] if ranks else None,
        average_precision=sum(precisions) / len(truth.matches) if truth.matches else 0.0,
        overlap=overlap,
    )


def _verdicts(moments: Sequence[RankedMoment], truth: Truth) -> list[Verdict]:
    told: set[Interval] = set()
    verdicts = []
    for moment in moments:
        video = moment.span.video
        hits = {match for match in truth.matches if match.holds(video, moment.best)}
        arguable = any(interval.holds(video, moment.best) for interval in truth.optional)
        if video in truth.ignored_videos or (hits and hits <= told) or (arguable and not hits):
            verdicts.append(Verdict.PASSED_OVER)
        elif hits:
            verdicts.append(Verdict.RIGHT)
        else:
            verdicts.append(Verdict.WRONG)
        told |= hits
    return verdicts


def recall_at(scores: Sequence[QueryScore], depth: int) -> list[float]:
    """For each query 1.0 if one of the first `depth` moments is right, else 0.0."""
    return [float(score.first_rank is not None and score.first_rank <= depth) for score in scores]


def reciprocal_ranks(scores: Sequence[QueryScore]) -> list[float]:
    """For each query 1 over the rank of its first right moment, 0.0 without one."""
    return [1 / score.first_rank if score.first_rank else 0.0 for score in scores]


def mean(values: Sequence[float]) -> float | None:
    """The mean; None of nothing."""
    return fmean(values) if values else None


def bootstrap_interval(values: Sequence[float]) -> tuple[float, float] | None:
    """95 % interval of the mean by resampling queries (percentile bootstrap, Efron 1979).

    Repeatable: the same values give the same interval. None of nothing.
    """
    if not values:
        return None
    generator = np.random.default_rng(0)
    picks = generator.choice(np.asarray(values), size=(_RESAMPLES, len(values)))
    low, high = np.percentile(picks.mean(axis=1), [2.5, 97.5])
    return float(low), float(high)
