"""Vectors that are cut to a prefix, and models that do not bear it."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mmrag_video.errors import ModelError
from mmrag_video.models.base import FrameEmbedding, Query, Vector
from mmrag_video.models.matryoshka import check_prefix, prefix, shortened
from mmrag_video.models.registry import load_model
from mmrag_video.settings import ModelSettings
from mmrag_video.video.sampled import KeepReason, Movement, SampledFrame

FRAME = SampledFrame(
    Fraction(0), Fraction(1), KeepReason.FIRST, np.zeros((4, 4, 3), np.uint8), Movement(0, None)
)


class Pebbles:
    """An embedder of 32 dimensions that may be cut to 8."""

    name = "pebbles"
    dimensions = 32
    shortest_prefix: int | None = 8
    identity: Mapping[str, str] = {"version": "1"}

    def embed_frames(self, frames: Sequence[SampledFrame]) -> list[FrameEmbedding]:
        return [FrameEmbedding(_unit(7), {"seen": "pebbles"}) for _ in frames]

    def embed_query(self, query: Query) -> Vector:
        return _unit(8)


class Whole(Pebbles):
    """One that may not."""

    shortest_prefix = None


def _unit(seed: int) -> Vector:
    vector = np.random.default_rng(seed).normal(size=32)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


@given(
    st.integers(1, 32),
    st.lists(st.floats(-1, 1, width=32).filter(lambda x: abs(x) > 1e-3), min_size=32, max_size=32),
)
def test_a_prefix_points_where_the_vector_did_and_has_unit_length(length: int, values: list[float]):
    vector: NDArray[np.float32] = np.array(values, np.float32)
    cut = prefix(vector, length)
    assert cut.dtype == np.float32
    assert np.linalg.norm(cut) == pytest.approx(1, abs=1e-5)
    assert np.allclose(cut * np.linalg.norm(vector[:length]), vector[:length], atol=1e-5)


def test_many_are_cut_at_one_time():
    both = prefix(np.stack([_unit(1), _unit(2)]), 8)
    assert np.allclose(both, [prefix(_unit(1), 8), prefix(_unit(2), 8)])


@pytest.mark.parametrize("broken", [0.0, np.nan, np.inf])
def test_a_prefix_that_points_nowhere_is_refused(broken: float):
    vector = _unit(1).copy()
    vector[:8] = broken
    with pytest.raises(ModelError, match="first 8 numbers"):
        prefix(vector, 8)


def test_frames_and_queries_are_cut_alike_and_keep_their_facts():
    short = shortened(Pebbles(), 8)
    [embedding] = short.embed_frames([FRAME])
    assert (short.name, short.dimensions) == ("pebbles", 8)
    assert embedding.facts == {"seen": "pebbles"}
    assert embedding.vector.shape == short.embed_query(Query(text="a")).shape == (8,)
    assert short.identity == Pebbles.identity


def test_the_whole_length_is_the_model_itself():
    whole = Pebbles()
    assert shortened(whole, 32) is whole


@pytest.mark.parametrize("length", [7, 33])
def test_a_length_out_of_reach_says_what_is_possible(length: int):
    with pytest.raises(ModelError, match=r"8 to 32 dimensions: set model\.dimensions"):
        shortened(Pebbles(), length)


def test_a_model_that_was_not_taught_so_is_refused():
    with pytest.raises(ModelError, match=r"only whole .*: unset model\.recall_dimensions"):
        check_prefix(Whole(), 8, "model.recall_dimensions")
    for setting in ("dimensions", "recall_dimensions"):
        with pytest.raises(ModelError, match=f"basic are of .* unset model.{setting}"):
            load_model(ModelSettings.model_validate({"name": "basic", setting: 64}))
