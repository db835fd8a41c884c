"""How well a model's pictures and captions find each other: a first look at whether it works."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import comb

import numpy as np
from numpy.typing import NDArray

from mmrag_video.errors import ModelError
from mmrag_video.models.base import Embedder, Query
from mmrag_video.models.cards import ModelCard
from mmrag_video.models.drawn import CaptionedPicture
from mmrag_video.models.sight import is_one
from mmrag_video.video.frames import Image
from mmrag_video.video.sampled import KeepReason, Movement, SampledFrame

_BY_ACCIDENT = 0.01
"""A model that sees nothing passes less often than this."""


@dataclass(frozen=True)
class Matching:
    """How often each side found the other."""

    pairs: int
    by_caption: int
    """Captions whose own picture came first."""
    by_picture: int
    """Pictures whose own caption came first."""
    own_cosine: float
    """Mean cosine of pictures and their own captions."""
    other_cosine: float
    """Mean cosine of pictures and the captions of others."""

    @property
    def beats_chance(self) -> bool:
        """Whether both counts are higher than a model that sees nothing would get.

        Its first answer is right once in `pairs`, so its count is binomial. With fewer than four
        pairs no count is high enough.
        """
        return all(
            _at_least_by_accident(count, self.pairs) < _BY_ACCIDENT
            for count in (self.by_caption, self.by_picture)
        )


class Verdict(StrEnum):
    """What a test says of a model."""

    PASSED = "passed"
    FAILED = "failed"
    OPEN = "open"
    """It runs; whether it matches, these pictures cannot show."""


def verdict_of(found: Matching, card: ModelCard, *, drawn: bool) -> Verdict:
    """What was found says of a model, by pictures that were `drawn` or are the user's own."""
    if found.beats_chance:
        return Verdict.PASSED
    return Verdict.OPEN if drawn and card.photographs_alone else Verdict.FAILED


def match(embedder: Embedder, pairs: Sequence[CaptionedPicture]) -> Matching:
    """Embed two pairs or more and let each side look for the other.

    Raises ModelError where a vector is not finite, or different pictures have the same one.
    """
    frames = [_frame(pair.image) for pair in pairs]
    pictures = np.stack([found.vector for found in embedder.embed_frames(frames)])
    captions = np.stack([embedder.embed_query(Query(text=pair.caption)) for pair in pairs])
    _check(embedder, pairs, pictures, captions)
    cosines = captions @ pictures.T
    own = np.diagonal(cosines)
    others = cosines[~np.eye(len(pairs), dtype=bool)]
    return Matching(
        pairs=len(pairs),
        by_caption=_found(cosines),
        by_picture=_found(cosines.T),
        own_cosine=float(own.mean()),
        other_cosine=float(others.mean()),
    )


def _found(cosines: NDArray[np.float32]) -> int:
    """Rows whose own column is the highest, alone: who cannot decide has not found."""
    others = np.where(np.eye(len(cosines), dtype=bool), -np.inf, cosines)
    return int(np.sum(np.diagonal(cosines) > others.max(axis=1)))


def _at_least_by_accident(count: int, pairs: int) -> float:
    right = 1 / pairs
    return sum(
        comb(pairs, n) * right**n * (1 - right) ** (pairs - n) for n in range(count, pairs + 1)
    )


def _check(
    embedder: Embedder,
    pairs: Sequence[CaptionedPicture],
    pictures: NDArray[np.float32],
    captions: NDArray[np.float32],
) -> None:
    if not (np.isfinite(pictures).all() and np.isfinite(captions).all()):
        raise ModelError(
            f"The model {embedder.name} gives vectors that are not finite: its weights or packages"
            " are damaged, fetch them again."
        )
    for number, one in enumerate(pairs):
        for other_number, other in enumerate(pairs[:number]):
            same = is_one(pictures[number], pictures[other_number])
            if same and not np.array_equal(one.image, other.image):
                raise ModelError(
                    f"The model {embedder.name} gives the pictures of {other.caption!r} and"
                    f" {one.caption!r} the same vector, so it tells nothing apart by them: fetch"
                    " its weights again, or choose another model."
                )


def _frame(image: Image) -> SampledFrame:
    still = Movement(area=0.0, box=None)
    return SampledFrame(Fraction(0), Fraction(1), KeepReason.FIRST, image, still)
