"""Which parts of a picture the detector looks at."""

from mmrag_video.video.sampled import Box, Movement

MARGIN = 0.2
"""Added around what moves, as a share of its longer side."""
SMALLEST = 0.22
"""Side of the smallest close look, as a share of the picture's shorter side."""
WORTHWHILE = 0.75
"""A close look larger than this (share of a square's side) shows nothing the square does not."""
MOST_SQUARES = 4
"""Of a panorama wider than this many squares each part is squashed a little."""


def windows(width: int, height: int, movement: Movement) -> list[Box]:
    """Squares that cover the picture, and a closer one around what moves."""
    squares = _squares(width, height)
    close = _close_look(width, height, movement.box) if movement.box is not None else None
    return squares if close is None else [*squares, close]


def _squares(width: int, height: int) -> list[Box]:
    """Squares of the shorter side, evenly spread along the longer."""
    shorter, longer = min(width, height), max(width, height)
    count = min(MOST_SQUARES, round(longer / shorter + 0.15))
    if count == 1:
        return [(0.0, 0.0, 1.0, 1.0)]
    side = max(shorter / longer, 1 / count)
    starts = [index * (1 - side) / (count - 1) for index in range(count)]
    if width >= height:
        return [(start, 0.0, start + side, 1.0) for start in starts]
    return [(0.0, start, 1.0, start + side) for start in starts]


def _close_look(width: int, height: int, box: Box) -> Box | None:
    across, down = (box[2] - box[0]) * width, (box[3] - box[1]) * height
    shorter = min(width, height)
    side = max(max(across, down) * (1 + 2 * MARGIN), SMALLEST * shorter)
    if side > WORTHWHILE * shorter:
        return None
    share_x, share_y = side / width, side / height
    left = min(max((box[0] + box[2] - share_x) / 2, 0.0), 1 - share_x)
    top = min(max((box[1] + box[3] - share_y) / 2, 0.0), 1 - share_y)
    return (left, top, left + share_x, top + share_y)
