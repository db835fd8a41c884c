"""What a ranked list of moments scores."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmrag_video.metrics import (
    Interval,
    RankedMoment,
    Truth,
    bootstrap_interval,
    mean,
    recall_at,
    reciprocal_ranks,
    score_query,
)

TRUTH = Truth(
    matches=(Interval("yard", 10, 20), Interval("gate", 5, 6)),
    optional=(Interval("yard", 20, 25),),
    ignored_videos=frozenset({"street"}),
)


def moment(video: str, best: float) -> RankedMoment:
    return RankedMoment(Interval(video, best - 1, best + 1), best)


def test_the_first_right_moment_gives_the_rank():
    score = score_query([moment("yard", 40), moment("yard", 15)], TRUTH)
    assert score.first_rank == 2


def test_a_moment_just_outside_is_right_within_the_slack_and_wrong_beyond():
    assert score_query([moment("gate", 6.4)], TRUTH).first_rank == 1
    assert score_query([moment("gate", 6.5)], TRUTH).first_rank is None


def test_arguable_moments_and_ignored_videos_are_passed_over():
    ranked = [moment("yard", 23), moment("street", 3), moment("gate", 5.5)]
    assert score_query(ranked, TRUTH).first_rank == 1


def test_where_an_optional_interval_touches_a_match_the_match_counts():
    assert score_query([moment("yard", 20.2)], TRUTH).first_rank == 1


def test_the_same_event_twice_counts_once():
    ranked = [moment("yard", 12), moment("yard", 18), moment("gate", 5.5)]
    assert score_query(ranked, TRUTH).average_precision == pytest.approx(1.0)


def test_average_precision_divides_by_all_that_there_was_to_find():
    ranked = [moment("yard", 40), moment("yard", 12)]
    assert score_query(ranked, TRUTH).average_precision == pytest.approx(0.5 / 2)


def test_overlap_is_that_of_the_first_right_moment():
    ranked = [RankedMoment(Interval("yard", 15, 25), 16)]
    assert score_query(ranked, TRUTH).overlap == pytest.approx(5 / 15)


def test_nothing_found_scores_nothing():
    score = score_query([], TRUTH)
    assert (score.first_rank, score.average_precision, score.overlap) == (None, 0.0, 0.0)


def test_recall_and_reciprocal_rank_over_queries():
    scores = [
        score_query([moment("yard", 12)], TRUTH),
        score_query([moment("yard", 40), moment("gate", 5)], TRUTH),
        score_query([], TRUTH),
    ]
    assert recall_at(scores, 1) == [1.0, 0.0, 0.0]
    assert recall_at(scores, 5) == [1.0, 1.0, 0.0]
    assert reciprocal_ranks(scores) == [1.0, 0.5, 0.0]


def test_no_queries_have_no_figures():
    assert mean([]) is None
    assert bootstrap_interval([]) is None


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_the_interval_is_repeatable_and_lies_within_the_values(values: list[float]):
    low, high = bootstrap_interval(values) or (0, 0)
    assert min(values) - 1e-9 <= low <= high <= max(values) + 1e-9
    assert bootstrap_interval(values) == (low, high)


@given(
    st.lists(st.tuples(st.sampled_from(["yard", "gate", "street"]), st.floats(0, 60)), max_size=30)
)
def test_figures_stay_between_nothing_and_everything(ranked: list[tuple[str, float]]):
    score = score_query([moment(video, best) for video, best in ranked], TRUTH)
    assert 0 <= score.average_precision <= 1
    assert 0 <= score.overlap <= 1
    assert (score.first_rank is None) == (score.average_precision == 0)
