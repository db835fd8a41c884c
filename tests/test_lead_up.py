"""What led up to a frame."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmrag_video.errors import ModelSettingsError
from mmrag_video.models.cards import EMBEDDERS
from mmrag_video.models.registry import load_model
from mmrag_video.settings import ModelSettings
from mmrag_video.video.lead_up import with_lead_up
from mmrag_video.video.sampled import KeepReason, Movement, SampledFrame


def frame(time: int | float, reason: KeepReason = KeepReason.MOVEMENT) -> SampledFrame:
    image = np.zeros((4, 4, 3), np.uint8)
    return SampledFrame(Fraction(time), Fraction(time) + 1, reason, image, Movement(0.1, None))


def times(frames: list[SampledFrame], count: int, seconds: float) -> list[list[float]]:
    return [
        [float(earlier.time) for earlier in one.lead_up]
        for one in with_lead_up(frames, count, seconds)
    ]


def test_the_frames_just_before_come_oldest_first():
    assert times([frame(n) for n in range(5)], 2, 10) == [[], [0], [0, 1], [1, 2], [2, 3]]


def test_what_was_long_before_does_not_lead_up_to_anything():
    assert times([frame(0), frame(1), frame(60), frame(61)], 3, 5) == [[], [0], [], [60]]


def test_what_was_before_a_cut_is_another_scene():
    frames = [frame(0), frame(1, KeepReason.SCENE_CUT), frame(2)]
    assert times(frames, 3, 10) == [[], [], [1]]


@given(
    st.lists(st.integers(0, 100), unique=True).map(sorted), st.integers(0, 6), st.integers(1, 30)
)
def test_frames_stay_as_they_are_and_in_order(starts: list[int], count: int, seconds: int):
    frames = [frame(start) for start in starts]
    found = list(with_lead_up(frames, count, seconds))
    assert [one.time for one in found] == starts
    for one in found:
        before = [earlier.time for earlier in one.lead_up]
        assert len(before) <= count
        assert all(one.time - seconds <= time < one.time for time in before)


@pytest.mark.parametrize("name", [card.name for card in EMBEDDERS if not card.takes_runs])
def test_a_model_of_single_frames_refuses_runs_before_it_is_loaded(name):
    with pytest.raises(ModelSettingsError) as caught:
        load_model(ModelSettings(name=name, path="nowhere", lead_up=2))
    assert str(caught.value) == (
        f"The model {name} looks at single frames: set model.lead_up to 0, or model.name to"
        " qwen3-vl-2b or qwen3-vl-8b."
    )
