"""Search: from a query to moments that mean something."""

import itertools
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmrag_video.archive import Archive
from mmrag_video.calibration import Background, background, confidence, share_below
from mmrag_video.errors import IndexMismatchError, UsageError
from mmrag_video.index.frames import FoundFrame
from mmrag_video.models.base import Query
from mmrag_video.moments import Confidence
from mmrag_video.search import search, spread
from tests.test_joining import frame


def test_the_moment_is_where_the_event_is(yard_archive: Archive):
    best = search(yard_archive, Query(text="something red is moving")).moments[0]
    assert best.camera == "yard"
    assert best.end > 2, "the red block appears in the third second"
    assert best.start < best.end <= 6
    assert best.start <= best.best.start < best.end


def test_moments_do_not_overlap_and_come_best_first(yard_archive: Archive):
    moments = search(yard_archive, Query(text="something red is moving")).moments
    spans = sorted((moment.start, moment.end) for moment in moments)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))
    assert all(0 <= moment.score <= 1 for moment in moments)
    assert moments[0].score >= moments[-1].score


def test_what_is_not_there_is_not_claimed(yard_archive: Archive):
    answer = search(yard_archive, Query(text="a horse jumping over a fence"))
    assert not answer.is_confident
    assert all(moment.confidence is Confidence.WEAK for moment in answer.moments)


@pytest.mark.parametrize("query", [Query(), Query(text=""), Query(text="  \n")])
def test_an_empty_query_is_refused(yard_archive: Archive, query: Query):
    with pytest.raises(UsageError, match="Say what to look for"):
        search(yard_archive, query)


def test_bytes_that_are_no_text_are_refused(yard_archive: Archive):
    with pytest.raises(UsageError, match="not valid text"):
        search(yard_archive, Query(text="a red car \udcff"))


def test_an_empty_archive_has_no_answer(archive: Archive):
    assert search(archive, Query(text="a person")).moments == ()


def test_another_model_is_refused(archive: Archive):
    made_by = replace(archive.identity, details={"weights": "another release"})
    archive.catalog.activate_index(made_by)
    with pytest.raises(IndexMismatchError, match="--reindex"):
        search(archive, Query(text="a person"))


def found(time: float, similarity: float) -> FoundFrame:
    return FoundFrame(frame(time, time + 1), similarity)


def test_frames_that_are_close_make_room_for_others():
    crowd = [found(time / 2, 0.9 - time / 100) for time in range(20)]
    alone = found(500, 0.5)
    assert alone in spread([*crowd, alone], 6)
    assert spread([*crowd, alone], 50)[-1] != alone
    assert len(spread([*crowd, alone], 50)) == 21


@given(st.lists(st.floats(-1, 1), max_size=300), st.floats(-1, 1), st.integers(1, 10**7))
def test_a_score_is_always_between_nothing_and_certain(
    sample: list[float], similarity: float, collection: int
):
    against = background([found(i, value) for i, value in enumerate(sample)], collection)
    assert 0 <= against.score(similarity) <= 1


def test_the_same_similarity_means_less_in_a_larger_collection():
    small, large = (Background(0.2, 0.02, frames) for frames in (100, 1_000_000))
    assert small.score(0.29) > large.score(0.29)


def test_what_stands_out_is_told_without_a_ceiling():
    against = Background(0.2, 0.02, 100)
    assert against.standing(0.1) == 0
    assert against.standing(0.3) == pytest.approx(5)
    assert against.standing(0.9) > against.standing(0.8), "where the score is 1 for both"


def test_words_for_scores():
    sample = [0.05] * 90 + [0.4] * 10
    assert confidence(0.8, sample) is Confidence.STRONG
    assert confidence(0.45, sample) is Confidence.POSSIBLE
    assert confidence(0.2, sample) is Confidence.WEAK
    assert confidence(0.45, [0.4] * 100) is Confidence.WEAK, "no better than any frame"
    assert share_below(0.45, sample) == 1.0
    assert share_below(0.4, sample) == pytest.approx(0.9)
    assert share_below(0.4, []) == 0.0


def test_times_are_exact(yard_archive: Archive):
    for moment in search(yard_archive, Query(text="red")).moments:
        assert isinstance(moment.start, Fraction)
        assert moment.best.start * 25 == int(moment.best.start * 25), "a frame of 25 a second"
