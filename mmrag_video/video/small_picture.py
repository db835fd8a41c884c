"""The small grey picture on which movement is judged."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from mmrag_video.video.sampled import Polygon

GreyImage = NDArray[np.uint8]
"""(height, width), brightness."""
Plane = NDArray[np.float32]
"""(height, width), one number a pixel."""
Mask = NDArray[np.bool_]
"""(height, width)."""

LONGER_SIDE = 160
"""Pixels. At this size a person who fills 5 % of a picture's height is still four pixels tall,
twelve pixels of a 1080p camera average into one, so that most of its noise is gone, and all that
the gate computes for one look takes about two milliseconds."""

_NEIGHBOURHOOD = 15
"""Pixels, about a tenth of the picture: the surroundings against which texture is measured."""
_FLAT_CONTRAST = 5.0
"""Grey levels. Where a neighbourhood varies by less, what varies is mostly noise."""


@dataclass(frozen=True)
class SmallPicture:
    """A picture in small: what is bright, and what stands out whatever the light."""

    grey: Plane
    """Brightness, 0 to 255, slightly blurred."""

    @cached_property
    def texture(self) -> Plane:
        """Brightness against the surroundings' mean, in units of the surroundings' contrast.

        A lamp, a cloud or another exposure changes mean and contrast of a neighbourhood together
        and so leaves this nearly as it was; a thing that was not there before changes it.
        """
        size = (_NEIGHBOURHOOD, _NEIGHBOURHOOD)
        mean = cv2.blur(self.grey, size)
        variance = cv2.blur(self.grey * self.grey, size) - mean * mean
        contrast = np.sqrt(np.maximum(variance, 0)) + np.float32(_FLAT_CONTRAST)
        texture: Plane = (self.grey - mean) / contrast
        return texture


def small_shape(height: int, width: int) -> tuple[int, int]:
    """Height and width of a picture's small one: LONGER_SIDE at most, the aspect kept."""
    scale = min(1.0, LONGER_SIDE / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def small_picture(grey: GreyImage, shape: tuple[int, int]) -> SmallPicture:
    """A grey picture of any size, reduced to `shape` (height, width) by averaging."""
    height, width = shape
    reduced = cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(reduced.astype(np.float32), (3, 3), 0)
    return SmallPicture(np.asarray(blurred, dtype=np.float32))


def watched_area(
    shape: tuple[int, int], region: Polygon | None, masks: tuple[Polygon, ...]
) -> Mask:
    """The pixels of a picture of `shape` (height, width) that lie in the region and in no mask."""
    watched = np.ones(shape, np.uint8) if region is None else _filled(shape, region)
    for mask in masks:
        watched[_filled(shape, mask) > 0] = 0
    return watched.astype(bool)


def _filled(shape: tuple[int, int], polygon: Polygon) -> GreyImage:
    height, width = shape
    # A corner at 1.0 lies on the picture's far edge, so on its last pixel.
    corners = np.array(polygon) * (width - 1, height - 1)
    picture = np.zeros(shape, np.uint8)
    cv2.fillPoly(picture, [np.rint(corners).astype(np.int32)], 1)
    return picture
