"""Pictures as they are sent to a model server: within the token budget, and without loss.

PNG and not JPEG, because what a vector is made of should be the frame and not what an encoder of
some version and quality left of it.
"""

import io
from math import ceil, floor, sqrt

from PIL import Image as Pillow

from mmrag_video.video.frames import Image

CELL = 32
"""Pixels: the side of the square that becomes one token of Qwen3-VL."""
_FEWEST_TOKENS = 4
_QUICKLY = 1
"""zlib's level: 6, the usual one, takes three times as long and saves a sixth."""


def picture_file(image: Image, tokens: int) -> bytes:
    """The picture as a PNG file that takes at most `tokens` tokens."""
    height, width = fitted(image.shape[0], image.shape[1], tokens)
    picture = Pillow.fromarray(image)
    if picture.size != (width, height):
        picture = picture.resize((width, height), Pillow.Resampling.BICUBIC)
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=_QUICKLY)
    return file.getvalue()


def fitted(height: int, width: int, tokens: int) -> tuple[int, int]:
    """Height and width, whole cells each, that are nearest to a picture's own within the budget.

    The rule of Qwen3-VL's image processor, so that the server has nothing left to scale. A picture
    so long that even one row of cells is over the budget is squeezed.
    """
    rows, columns = max(1, round(height / CELL)), max(1, round(width / CELL))
    if rows * columns > tokens:
        shrink = sqrt(height * width / (tokens * CELL * CELL))
        rows, columns = (max(1, floor(side / shrink / CELL)) for side in (height, width))
    elif rows * columns < _FEWEST_TOKENS:
        grow = sqrt(_FEWEST_TOKENS * CELL * CELL / (height * width))
        rows, columns = (ceil(side * grow / CELL) for side in (height, width))
    rows = min(rows, max(1, tokens // columns))
    columns = min(columns, tokens // rows)
    return rows * CELL, columns * CELL
