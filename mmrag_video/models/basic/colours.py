"""Colours by their everyday names, as people would say them of clothes and cars.

Every colour that a pixel can have is compared with examples of the twelve names in CIELAB, where
distance is how different colours look; nearer examples count more. A region's colours are the mean
over its pixels, those that are as common around it counting less.
"""

from collections.abc import Mapping
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from mmrag_video.video.frames import Image

EXAMPLES: Mapping[str, tuple[tuple[int, int, int], ...]] = {
    "black": ((8, 8, 8), (32, 32, 34), (46, 44, 46), (22, 24, 34), (36, 28, 26)),
    "grey": ((78, 78, 80), (110, 110, 110), (140, 140, 142), (168, 168, 168), (98, 102, 110)),
    "white": ((255, 255, 255), (232, 232, 232), (215, 217, 220), (240, 238, 230)),
    "red": (
        (200, 20, 30),
        (150, 16, 28),
        (225, 50, 50),
        (180, 45, 55),
        (110, 20, 26),
        (200, 75, 90),
    ),
    "orange": ((240, 120, 20), (255, 150, 50), (225, 90, 30), (250, 105, 60)),
    "yellow": ((245, 220, 30), (225, 200, 70), (250, 235, 110), (205, 180, 20)),
    "green": (
        (30, 130, 40),
        (70, 160, 70),
        (20, 80, 40),
        (120, 170, 60),
        (70, 90, 50),
        (10, 125, 110),
    ),
    "blue": (
        (30, 60, 180),
        (60, 110, 200),
        (20, 30, 90),
        (110, 160, 220),
        (50, 75, 115),
        (10, 120, 140),
    ),
    "purple": ((110, 40, 140), (140, 80, 170), (80, 30, 90), (170, 130, 200)),
    "pink": ((245, 130, 170), (250, 180, 200), (230, 60, 140), (235, 160, 180)),
    "brown": ((110, 65, 30), (85, 50, 30), (140, 90, 55), (65, 42, 28), (150, 100, 60)),
    "beige": ((215, 195, 160), (190, 170, 135), (230, 215, 190), (175, 155, 125)),
}
"""sRGB examples of each name."""
NAMES = tuple(EXAMPLES)
SOFTNESS = 8.0
"""CIELAB distance over which an example's weight falls to 0.6: a few just-noticeable steps."""
LIGHTNESS = 0.7
"""Weight of a difference in lightness: shade and sun change it, and the name stays."""
BITS = 5
"""Bits per channel told apart: 32768 colours are looked up, not computed."""
COMMON = 0.15
"""What is left of a pixel's weight when its colour is as common around the region as in it."""
WORTH_KEEPING = 0.08
"""Shares below this are dropped from what is written down."""


def colours(region: Image, around: Image | None = None) -> Mapping[str, float]:
    """Names and their shares of `region` (they add up to at most 1), largest first."""
    if region.size == 0:
        return {}
    codes = _codes(region)
    weights = np.ones(len(codes), np.float32)
    if around is not None and around.size:
        weights = _distinctness(codes, _codes(around))
    shares = weights @ _table()[codes] / weights.sum()
    order = np.argsort(-shares, kind="stable")
    return {
        NAMES[index]: round(float(shares[index]), 2)
        for index in order
        if shares[index] >= WORTH_KEEPING
    }


def _codes(image: Image) -> NDArray[np.intp]:
    small = image if image.shape[0] * image.shape[1] <= 64 * 64 else _shrunk(image)
    channels = small.reshape(-1, 3).astype(np.intp) >> (8 - BITS)
    return (channels[:, 0] << 2 * BITS) | (channels[:, 1] << BITS) | channels[:, 2]


def _shrunk(image: Image) -> Image:
    factor = (64 * 64 / (image.shape[0] * image.shape[1])) ** 0.5
    size = (max(1, round(image.shape[1] * factor)), max(1, round(image.shape[0] * factor)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_NEAREST), np.uint8)


def _distinctness(codes: NDArray[np.intp], around: NDArray[np.intp]) -> NDArray[np.float32]:
    """One weight per pixel: how much likelier its colour is in the region than around it."""
    coarse, coarse_around = _coarser(codes), _coarser(around)
    cells = 1 << 3 * (BITS - 2)
    inside = np.bincount(coarse, minlength=cells) / len(codes)
    outside = np.bincount(coarse_around, minlength=cells) / len(around)
    surplus = 1 - outside[coarse] / np.maximum(inside[coarse], 1e-9)
    return np.maximum(surplus, COMMON).astype(np.float32)


def _coarser(codes: NDArray[np.intp]) -> NDArray[np.intp]:
    keep, mask = BITS - 2, (1 << BITS) - 1
    red, green, blue = codes >> 2 * BITS, (codes >> BITS) & mask, codes & mask
    return ((red >> 2) << 2 * keep) | ((green >> 2) << keep) | (blue >> 2)


@cache
def _table() -> NDArray[np.float32]:
    """(32768, 12): for each colour, how much of each name it is; rows add up to 1."""
    levels = ((np.arange(1 << BITS) + 0.5) * (256 >> BITS)).astype(np.float32)
    grid = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3)
    colours_seen = _lab(grid)
    table = np.empty((len(grid), len(NAMES)), np.float32)
    for column, examples in enumerate(EXAMPLES.values()):
        known = _lab(np.array(examples, np.float32))
        squares = ((colours_seen[:, None] - known[None]) ** 2).sum(axis=-1)
        table[:, column] = squares.min(axis=1)
    table = np.exp(-(table - table.min(axis=1, keepdims=True)) / (2 * SOFTNESS**2))
    return np.asarray(table / table.sum(axis=1, keepdims=True), np.float32)


def _lab(rgb: NDArray[np.float32]) -> NDArray[np.float32]:
    lab = cv2.cvtColor((rgb / 255)[None], cv2.COLOR_RGB2LAB)
    return np.asarray(lab[0], np.float32) * np.array([LIGHTNESS, 1, 1], np.float32)
