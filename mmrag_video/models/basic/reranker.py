"""Reads the facts of recalled frames against the query."""

from collections.abc import Sequence
from functools import lru_cache

from mmrag_video.models.base import Candidate, Judgement, Query
from mmrag_video.models.basic.claims import Claims
from mmrag_video.models.basic.describe import sentence
from mmrag_video.models.basic.facts import from_json
from mmrag_video.models.basic.lexicon import read_words
from mmrag_video.models.basic.parsing import parse
from mmrag_video.models.basic.scoring import Frame, score


class BasicReranker:
    """Judges by facts."""

    def judge(self, query: Query, candidates: Sequence[Candidate]) -> list[Judgement]:
        """One judgement per candidate, in order."""
        claims = understand(query.text or "")
        return [self._judge(claims, candidate) for candidate in candidates]

    def _judge(self, claims: Claims, candidate: Candidate) -> Judgement:
        seen = from_json(candidate.facts)
        by_text = min(1.0, max(0.0, (candidate.similarity - 0.76) / 0.12))
        return Judgement(
            score=score(claims, Frame(seen)) * (0.85 + 0.15 * by_text),
            why=sentence(seen).removeprefix("a photo of "),
        )


@lru_cache(maxsize=256)
def understand(text: str) -> Claims:
    """The claims of a query."""
    return parse(*read_words(text))
