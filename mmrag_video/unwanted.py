"""Minus words: a query that says what must not be there, put to models that only know likeness.

A model that reads facts decides by them: a frame's score is what is wanted, times how sure it is
that what is unwanted is missing. To the others a frame without is a direction: away from the
unwanted in the space that words and pictures share, which is how analogies are drawn in such spaces
(Mikolov et al. 2013). It is weaker than the words sound.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mmrag_video.models.base import Candidate, Judgement, Model, Query, Reranker, Vector

AWAY = 0.5
"""Times the unwanted vector that is taken from the wanted one. At 1 two queries that are nearly
alike, such as a car and a truck, would leave nothing."""


def query_vector(model: Model, query: Query) -> Vector:
    """Where to look for a query. Raises ModelError as the embedder does."""
    wanted = model.embedder.embed_query(query.wanted)
    if query.unwanted is None or _reads_facts(model.reranker):
        return wanted
    away = wanted - AWAY * model.embedder.embed_query(query.unwanted)
    length = float(np.linalg.norm(away))
    # The same words, wanted and not: there is no direction left, and all frames are alike.
    return wanted if length < 1e-3 else (away / length).astype(np.float32)


def judge(reranker: Reranker, query: Query, candidates: Sequence[Candidate]) -> list[Judgement]:
    """A reranker's judgements, less what must not be there."""
    wanted = reranker.judge(query.wanted, candidates)
    if query.unwanted is None:
        return wanted
    # The cosine belongs to what is wanted; it says nothing of the other.
    unlike = [replace(candidate, similarity=0.0) for candidate in candidates]
    unwanted = reranker.judge(query.unwanted, unlike)
    return [
        replace(one, score=one.score * (1 - other.score))
        for one, other in zip(wanted, unwanted, strict=True)
    ]


def _reads_facts(reranker: Reranker | None) -> bool:
    return reranker is not None and not reranker.looks_at_pictures
