"""A reranker that looks at pictures: asked about the best few alone, and heard."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from mmrag_video.archive import Archive
from mmrag_video.models.base import Candidate, Judgement, Query
from mmrag_video.moments import Confidence
from mmrag_video.search import search
from mmrag_video.settings import SearchSettings

QUERY = Query(text="something is moving")


class Redness:
    """Judges how red a picture is, and remembers how often it was asked."""

    looks_at_pictures = True

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []

    def judge(self, query: Query, candidates: Sequence[Candidate]) -> list[Judgement]:
        images = [candidate.image() for candidate in candidates]
        self.asked += [image.shape[:2] for image in images]
        return [Judgement(_redness(image), "red") for image in images]


class Refusal(Redness):
    """Says no to everything."""

    def judge(self, query: Query, candidates: Sequence[Candidate]) -> list[Judgement]:
        return [Judgement(0.01, "") for _ in candidates]


def _redness(image: np.ndarray) -> float:
    red, green, blue = image.astype(int).transpose(2, 0, 1)
    return min(1.0, 20 * float(np.mean((red > 150) & (green < 90) & (blue < 90))))


def with_reranker(archive: Archive, reranker: Redness, rerank: int = 50) -> Archive:
    settings = archive.settings.model_copy(
        update={"search": SearchSettings(rerank=rerank, limit=2)}
    )
    return Archive(settings, replace(archive.model, reranker=reranker))


def test_it_sees_pictures_of_full_size_and_its_word_decides(yard_archive: Archive):
    reranker = Redness()
    with with_reranker(yard_archive, reranker) as archive:
        moments = search(archive, QUERY).moments
    assert set(reranker.asked) == {(240, 320)}
    assert moments[0].confidence is Confidence.STRONG
    assert moments[0].why == "red"
    assert moments[0].start >= 1, "the red block appears in the third second"


def test_no_more_frames_are_looked_at_than_are_to_be_reranked(yard_archive: Archive):
    reranker = Redness()
    with with_reranker(yard_archive, reranker, rerank=3) as archive:
        moments = search(archive, QUERY).moments
    assert len(reranker.asked) == 3
    assert any(moment.end - moment.start > 1 for moment in moments), (
        "frames that were not looked at belong to the moment by their vectors"
    )


def test_where_it_says_no_there_is_no_confident_match(yard_archive: Archive):
    with with_reranker(yard_archive, Refusal()) as archive:
        answer = search(archive, QUERY)
    assert not answer.is_confident
    assert all(moment.score == pytest.approx(0.01) for moment in answer.moments)
