"""Pictures that people search with: checked, scaled down, and the last few kept in memory."""

import hashlib
import io
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import IO

import numpy as np
import PIL.Image
import PIL.ImageOps

from mmrag_video.errors import UsageError
from mmrag_video.video.frames import Image
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
_PICTURES_KEPT = 32
_AT_ONCE = 1
"""A JPEG of MOST_SCALED whose colours come one after the other even takes 300 MB."""
_WAITING = 3
_LONGEST_WAIT = 15.0
"""Seconds."""


class QueryPictures:
    """The pictures by their id, 64 hex digits. Nothing is written to disk."""

    def __init__(self) -> None:
        self._jpegs: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()
        self.decoding = Turns(
            _AT_ONCE,
            "Others are sending pictures just now; try again in a moment.",
            retry_after=2,
            waiting=_WAITING,
            longest_wait=_LONGEST_WAIT,
        )

    def keep(self, upload: IO[bytes]) -> str:
        """Check and keep an uploaded picture; returns its id.

        Raises UsageError for what is no fit picture, ServiceUnavailable if many are sending some.
        """
        with self.decoding.turn():
            jpeg = _checked_jpeg(upload)
        picture = hashlib.sha256(jpeg).hexdigest()
        self._remember(picture, jpeg)
        return picture

    def remembered(self, picture: str, read: Callable[[], bytes]) -> bytes:
        """The picture kept under a name of the caller's; read where it is not kept."""
        with self._lock:
            kept = self._jpegs.get(picture)
        jpeg = kept if kept is not None else read()
        self._remember(picture, jpeg)
        return jpeg

    def jpeg(self, picture: str) -> bytes:
        """The kept picture, as JPEG. Raises UsageError if it is no longer there."""
        with self._lock:
            if picture not in self._jpegs:
                raise UsageError("The query picture is no longer here; please choose it again.")
            self._jpegs.move_to_end(picture)
            return self._jpegs[picture]

    def image(self, picture: str) -> Image:
        """The kept picture, decoded. Raises UsageError if it is no longer there."""
        return decoded(self.jpeg(picture))

    def _remember(self, picture: str, jpeg: bytes) -> None:
        with self._lock:
            self._jpegs[picture] = jpeg
            self._jpegs.move_to_end(picture)
            if len(self._jpegs) > _PICTURES_KEPT:
                self._jpegs.popitem(last=False)


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
