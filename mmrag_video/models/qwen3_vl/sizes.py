"""The sizes in which Qwen3-VL takes pictures: whole squares, as many as there may be."""

import math

PATCH = 16
"""Pixels along a patch's edge."""
MERGE = 2
"""Patches along the edge of what becomes one token."""
EDGE = PATCH * MERGE
"""Pixels along the edge of the square that becomes one token."""
LEAST_STILL = 4
"""Tokens that the smallest picture is blown up to."""


def fitted(height: int, width: int, edge: int, least: float, most: float) -> tuple[int, int]:
    """The nearest height and width in whole squares of this edge, `least` to `most` of them.

    A picture of which one row alone has more than `most` keeps that row. The rule and the order of
    its operations are those of qwen_vl_utils 0.0.14: a size on the brink is rounded as it is there.
    """
    rows, columns = max(1, round(height / edge)), max(1, round(width / edge))
    if rows * columns > most:
        shrink = math.sqrt(height * width / (most * edge * edge))
        rows = max(1, math.floor(height / shrink / edge))
        columns = max(1, math.floor(width / shrink / edge))
    elif rows * columns < least:
        grow = math.sqrt(least * edge * edge / (height * width))
        rows, columns = math.ceil(height * grow / edge), math.ceil(width * grow / edge)
    return rows * edge, columns * edge
