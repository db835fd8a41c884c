"""Boxes in a picture: left, top, right, bottom, as shares of its width and height (0 to 1)."""

import numpy as np

from mmrag_video.video.frames import Image
from mmrag_video.video.sampled import Box


def area(box: Box) -> float:
    """Share of the picture the box covers."""
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def overlap(one: Box, other: Box) -> float:
    """Share of the picture that both cover."""
    return area(
        (
            max(one[0], other[0]),
            max(one[1], other[1]),
            min(one[2], other[2]),
            min(one[3], other[3]),
        )
    )


def likeness(one: Box, other: Box) -> float:
    """Intersection over union: 1 for the same box, 0 for boxes that do not touch."""
    common = overlap(one, other)
    return common / max(area(one) + area(other) - common, 1e-9)


def containment(inner: Box, outer: Box) -> float:
    """Share of `inner` that lies in `outer`."""
    return overlap(inner, outer) / max(area(inner), 1e-9)


def part(box: Box, left: float, top: float, right: float, bottom: float) -> Box:
    """A part of a box, in shares of its own size."""
    width, height = box[2] - box[0], box[3] - box[1]
    return (
        box[0] + left * width,
        box[1] + top * height,
        box[0] + right * width,
        box[1] + bottom * height,
    )


def grown(box: Box, by: float) -> Box:
    """The box with `by` of its size added on every side, cut at the picture's edges."""
    left, top, right, bottom = part(box, -by, -by, 1 + by, 1 + by)
    return (max(0.0, left), max(0.0, top), min(1.0, right), min(1.0, bottom))


def crop(image: Image, box: Box) -> Image:
    """The part of the picture in the box, at least one pixel."""
    height, width = image.shape[:2]
    left, top = min(int(box[0] * width), width - 1), min(int(box[1] * height), height - 1)
    right, bottom = max(int(box[2] * width), left + 1), max(int(box[3] * height), top + 1)
    return np.ascontiguousarray(image[top:bottom, left:right])
