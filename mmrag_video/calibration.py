"""What a score means: how a frame compares with frames that have nothing to do with the query.

Cosines of different models, and of different queries to one model, lie in different narrow bands
(0.75 to 0.95 for e5, 0.15 to 0.35 for CLIP), so none of them says by itself whether anything was
found. A random sample of the collection does: it shows what this query gets by accident.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmrag_video.index.frames import FoundFrame, StoredFrame
from mmrag_video.models.base import Vector
from mmrag_video.moments import Confidence

SAMPLE_SIZE = 100
"""Frames: the sample's median and spread are then known to about an eighth of the spread."""
_STRONG = 0.6
_POSSIBLE = 0.35
_STANDS_OUT = 0.1
"""A merely possible frame must score this much above the collection's median frame."""


@dataclass(frozen=True)
class CollectionSample:
    """Frames picked at random from a collection."""

    frames: tuple[StoredFrame, ...]
    vectors: NDArray[np.float32]
    """(frames, dimensions), unit length."""
    collection: int
    """Frames in the collection they were picked from."""

    def compare(self, vector: Vector) -> list[FoundFrame]:
        """The sample as a search for this vector would have recalled it."""
        similarities = self.vectors @ vector
        return [
            FoundFrame(frame, float(similarity))
            for frame, similarity in zip(self.frames, similarities, strict=True)
        ]


@dataclass(frozen=True)
class Background:
    """What frames that are not about the query score: its median and spread over a sample."""

    median: float
    spread: float
    """Standard deviation, from the median absolute deviation, which the matches do not widen."""
    collection: int
    """Frames in the collection."""

    def score(self, similarity: float) -> float:
        """0 to 1 for a cosine: 0.5 where it clearly beats the best accident among all frames.

        The best of n frames without relation is expected sqrt(2 ln n) spreads above the median
        (the normal distribution's extreme value); one spread more is the middle of the scale.
        """
        accident = math.sqrt(2 * math.log(max(self.collection, 2)))
        above = (similarity - self.median) / self.spread
        return (1 + math.tanh(above - accident - 1)) / 2

    def standing(self, similarity: float) -> float:
        """Spreads above the median, 0 below it: how far a frame stands out, without a ceiling."""
        return max(0.0, (similarity - self.median) / self.spread)


def background(sample: Sequence[FoundFrame], collection: int) -> Background:
    """The background of one query, from a sample of a collection compared with it."""
    if not sample:
        return Background(median=0.0, spread=1.0, collection=collection)
    similarities = np.array([found.similarity for found in sample])
    median = float(np.median(similarities))
    deviation = float(np.median(np.abs(similarities - median)))
    return Background(median, max(1.4826 * deviation, 1e-3), collection)


def confidence(score: float, sample_scores: Sequence[float]) -> Confidence:
    """The word for a score, given what a sample of the collection scores for the same query."""
    if score >= _STRONG:
        return Confidence.STRONG
    usual = float(np.median(sample_scores)) if len(sample_scores) else 0.0
    if score >= _POSSIBLE and score - usual >= _STANDS_OUT:
        return Confidence.POSSIBLE
    return Confidence.WEAK


def share_below(score: float, sample_scores: Sequence[float]) -> float:
    """Share of the sample (0 to 1) that scores lower than this; 0 without a sample."""
    if not len(sample_scores):
        return 0.0
    return sum(other < score for other in sample_scores) / len(sample_scores)
