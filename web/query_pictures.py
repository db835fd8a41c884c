"""Pictures that people search with: checked, scaled down, and kept on disk."""

import io
from threading import Lock
from typing import IO

import numpy as np
import PIL.Image
import PIL.ImageOps

from mmrag_video.errors import UsageError
from mmrag_video.video.frames import Image
from web.picture_shelf import PictureShelf

LARGEST_UPLOAD = 16 * 1024 * 1024
"""Bytes."""
MOST_PIXELS = 50_000_000
"""Width times height of an upload, read from its header before anything is decoded."""
LONGEST_SIDE = 1280
"""Pixels kept; no model looks at more."""
FORMATS = ("JPEG", "PNG", "WEBP")


class QueryPictures:
    """The pictures by their id, 64 hex digits."""

    def __init__(self, shelf: PictureShelf) -> None:
        self._shelf = shelf
        # One at a time: the largest picture allowed takes 200 MB while it is decoded.
        self._decoding = Lock()

    def keep(self, upload: IO[bytes], user: str) -> str:
        """Check and keep a picture that a user has sent; returns its id.

        Raises UsageError, and ExportError if the disk refuses it.
        """
        with self._decoding:
            jpeg = _checked_jpeg(upload)
        return self._shelf.put(jpeg, user)

    def jpeg(self, picture: str) -> bytes:
        """The kept picture, as JPEG. Raises UsageError if it is no longer there."""
        jpeg = self._shelf.jpeg(picture)
        if jpeg is None:
            raise UsageError("The query picture is no longer here; please choose it again.")
        return jpeg

    def image(self, picture: str) -> Image:
        """The kept picture, decoded. Raises UsageError if it is no longer there."""
        return decoded(self.jpeg(picture))


def decoded(jpeg: bytes) -> Image:
    """A picture that was kept, as pixels."""
    with PIL.Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as picture:
        return np.asarray(picture.convert("RGB"))


def scaled_jpeg(picture: PIL.Image.Image) -> bytes:
    """The picture as JPEG, its longer side at most LONGEST_SIDE."""
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    jpeg = io.BytesIO()
    picture.save(jpeg, "JPEG", quality=92)
    return jpeg.getvalue()


def _checked_jpeg(upload: IO[bytes]) -> bytes:
    try:
        with PIL.Image.open(upload, formats=FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise UsageError(
                    f"The picture has {picture.width} x {picture.height} pixels, more than the "
                    f"{MOST_PIXELS // 1_000_000} million that are accepted; please make it smaller."
                )
            # Lets the JPEG decoder scale while it reads; other formats ignore it.
            picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            upright = PIL.ImageOps.exif_transpose(picture).convert("RGB")
    except UsageError:
        raise
    # Pillow's decoders raise many kinds on damaged input, SyntaxError and struct.error among them.
    except Exception as error:
        raise UsageError(
            "This file is not a picture that can be read; please choose a JPEG, PNG or WebP."
        ) from error
    return scaled_jpeg(upright)
