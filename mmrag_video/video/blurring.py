"""Parts of a picture made unrecognizable: number plates, windows, faces that stay in one place."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from mmrag_video.errors import UsageError
from mmrag_video.video.frames import Image

_TILES = 24
"""Tiles across the picture: nothing finer is left of what is blurred."""


@dataclass(frozen=True)
class Region:
    """A polygon in the upright picture."""

    corners: tuple[tuple[float, float], ...]
    """x and y, each 0 to 1, from the top left; at least three."""

    def __str__(self) -> str:
        return " ".join(f"{x:g},{y:g}" for x, y in self.corners)


def parse_region(text: str) -> Region:
    """Read `0.1,0.2 0.4,0.6`: corners as x,y from 0 to 1; two are those of a rectangle.

    Raises UsageError for anything else.
    """
    try:
        corners = tuple(_corner(pair) for pair in text.split())
    except ValueError:
        corners = ()
    if len(corners) == 2:
        (left, top), (right, bottom) = corners
        corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    region = Region(corners)
    if len(corners) < 3 or _area(region) == 0:
        raise UsageError(
            f"{text!r} is no region: give the corners as x,y from 0 to 1, two of a rectangle as "
            "'0.1,0.2 0.4,0.6', or three and more of a polygon."
        )
    return region


def _corner(pair: str) -> tuple[float, float]:
    x, y = map(float, pair.split(","))
    if not (0 <= x <= 1 and 0 <= y <= 1):
        raise ValueError(pair)
    return x, y


def _area(region: Region) -> float:
    """Twice the polygon's area, by the shoelace formula."""
    corners = region.corners
    following = (*corners[1:], corners[0])
    return abs(
        sum(x * below - left * y for (x, y), (left, below) in zip(corners, following, strict=True))
    )


def blurred(image: Image, regions: Sequence[Region]) -> Image:
    """The picture with large tiles of one colour each in place of what lies in the regions."""
    height, width, _ = image.shape
    mask = np.zeros((height, width), dtype=np.uint8)
    scale = np.array((width, height))
    for region in regions:
        # Outwards: a pixel that is touched is blurred.
        corners = np.rint(np.array(region.corners) * scale).astype(np.int32)
        cv2.fillPoly(mask, [corners], 1)
        cv2.polylines(mask, [corners], isClosed=True, color=1, thickness=2)
    down = max(1, round(_TILES * height / width))
    tiles = cv2.resize(image, (_TILES, down), interpolation=cv2.INTER_AREA)
    tiled = cv2.resize(tiles, (width, height), interpolation=cv2.INTER_NEAREST)
    return np.where(mask[..., None] == 1, tiled, image)
