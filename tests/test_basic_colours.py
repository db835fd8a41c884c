"""Colours get the names that people would give them, against whatever lies around."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmrag_video.models.basic.colours import NAMES, colours
from mmrag_video.video.frames import Image


def patch(rgb: tuple[int, int, int], size: int = 24) -> Image:
    return np.full((size, size, 3), rgb, np.uint8)


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((20, 20, 20), "black"),
        ((128, 128, 128), "grey"),
        ((245, 245, 245), "white"),
        ((210, 30, 40), "red"),
        ((110, 20, 30), "red"),
        ((240, 90, 40), "orange"),
        ((200, 240, 50), "yellow"),
        ((40, 140, 50), "green"),
        ((95, 100, 50), "green"),
        ((60, 80, 120), "blue"),
        ((25, 30, 70), "blue"),
        ((130, 180, 230), "blue"),
        ((120, 60, 160), "purple"),
        ((250, 150, 180), "pink"),
        ((100, 60, 35), "brown"),
        ((200, 170, 130), "beige"),
    ],
)
def test_everyday_colours(rgb: tuple[int, int, int], name: str) -> None:
    assert next(iter(colours(patch(rgb)))) == name


def test_half_and_half() -> None:
    both = np.concatenate([patch((210, 30, 40)), patch((245, 245, 245))])
    shares = colours(both)
    assert shares["red"] == pytest.approx(0.5, abs=0.06)
    assert shares["white"] == pytest.approx(0.4, abs=0.12)


def test_what_is_all_around_counts_less() -> None:
    street = patch((128, 128, 128), 60)
    scene = street.copy()
    scene[20:40, 20:40] = (200, 20, 30)
    region = scene[14:46, 14:46]
    assert next(iter(colours(region))) == "grey"
    assert next(iter(colours(region, scene))) == "red"


@given(st.binary(min_size=12, max_size=300))
def test_shares_are_shares_of_known_names(raw: bytes) -> None:
    pixels = np.frombuffer(raw[: len(raw) // 3 * 3], np.uint8).reshape(1, -1, 3)
    shares = colours(pixels)
    assert set(shares) <= set(NAMES)
    assert all(0 < share <= 1 for share in shares.values())
    assert sum(shares.values()) <= 1.05
    assert list(shares.values()) == sorted(shares.values(), reverse=True)


def test_a_single_pixel_and_an_empty_region() -> None:
    assert next(iter(colours(patch((20, 20, 20), 1)))) == "black"
    assert colours(np.zeros((0, 5, 3), np.uint8)) == {}
