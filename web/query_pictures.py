"""Pictures that people search with: checked, scaled down, and kept on disk."""

import io
from typing import IO

import numpy as np
import PIL.Image
import PIL.ImageOps

from mmrag_video.errors import UsageError
from mmrag_video.video.frames import Image
from web.picture_shelf import PictureShelf
from web.turns import Turns

LARGEST_UPLOAD = 16 * 1024 * 1024
"""Bytes."""
MOST_SCALED = 50_000_000
"""Pixels of a baseline JPEG, whose decoder scales it while it reads. Its header tells them before
anything is decoded."""
MOST_PIXELS = 12_000_000
"""Pixels of all others. A file of 34 bytes can have as many, and they take 210 MB for a moment."""
LONGEST_SIDE = 1280
"""Pixels kept; no model looks at more."""
FORMATS = ("JPEG", "PNG", "WEBP")
_AT_ONCE = 1
"""A JPEG of MOST_SCALED whose colours come one after the other even takes 300 MB."""
_WAITING = 3
_LONGEST_WAIT = 15.0
"""Seconds."""


class QueryPictures:
    """The pictures by their id, 64 hex digits."""

    def __init__(self, shelf: PictureShelf) -> None:
        self._shelf = shelf
        self.decoding = Turns(
            _AT_ONCE,
            "Others are sending pictures just now; try again in a moment.",
            retry_after=2,
            waiting=_WAITING,
            longest_wait=_LONGEST_WAIT,
        )

    def keep(self, upload: IO[bytes], user: str) -> str:
        """Check and keep a picture that a user has sent; returns its id.

        Raises UsageError for what is no fit picture, ServiceUnavailable if many are sending some,
        and ExportError if the disk refuses it.
        """
        with self.decoding.turn():
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
            _check_size(picture)
            # Lets the JPEG decoder scale while it reads; other formats ignore it.
            picture.draft("RGB", _scaled(picture.size))
            # Scaled before it is turned: no second picture of the upload's size for either.
            rgb = picture if picture.mode == "RGB" else picture.convert("RGB")
            rgb.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            PIL.ImageOps.exif_transpose(rgb, in_place=True)
            return scaled_jpeg(rgb)
    except UsageError:
        raise
    # Pillow's decoders raise many kinds on damaged input, SyntaxError and struct.error among them.
    except Exception as error:
        raise UsageError(
            "This file is not a picture that can be read; please choose a JPEG, PNG or WebP."
        ) from error


def _check_size(picture: PIL.Image.Image) -> None:
    # A progressive one has to be held whole until its last scan has come.
    is_scaled = picture.format == "JPEG" and "progressive" not in picture.info
    most = MOST_SCALED if is_scaled else MOST_PIXELS
    if picture.width * picture.height > most:
        advice = "please make it smaller" + ("." if is_scaled else ", or a JPEG.")
        raise UsageError(
            f"The picture has {picture.width} x {picture.height} pixels, more than the "
            f"{most // 1_000_000} million that are accepted of its kind; {advice}"
        )


def _scaled(size: tuple[int, int]) -> tuple[int, int]:
    """Width and height with LONGEST_SIDE as the longer one."""
    width, height = size
    longest = max(width, height)
    return max(1, width * LONGEST_SIDE // longest), max(1, height * LONGEST_SIDE // longest)
