"""Pictures as they are sent to a model server: within the token budget, and without loss.

PNG and not JPEG, because what a vector is made of should be the frame and not what an encoder of
some version and quality left of it.
"""

import io

from PIL import Image as Pillow

from mmrag_video.models.qwen3_vl.sizes import EDGE, LEAST_STILL, fitted
from mmrag_video.video.frames import Image

_QUICKLY = 1
"""zlib's level: 6, the usual one, takes three times as long and saves a sixth."""


def picture_file(image: Image, tokens: int) -> bytes:
    """The picture as a PNG file that takes at most `tokens` tokens."""
    height, width = sent_size(image.shape[0], image.shape[1], tokens)
    picture = Pillow.fromarray(image)
    if picture.size != (width, height):
        picture = picture.resize((width, height), Pillow.Resampling.BICUBIC)
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=_QUICKLY)
    return file.getvalue()


def sent_size(height: int, width: int, tokens: int) -> tuple[int, int]:
    """Height and width in which a picture is sent, so that the server has nothing left to scale.

    One so long that even a single row of squares is over the budget is squeezed.
    """
    fitted_height, fitted_width = fitted(height, width, EDGE, LEAST_STILL, tokens)
    rows, columns = fitted_height // EDGE, fitted_width // EDGE
    rows = min(rows, max(1, tokens // columns))
    columns = min(columns, tokens // rows)
    return rows * EDGE, columns * EDGE
