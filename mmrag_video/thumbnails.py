"""The small picture of a kept frame, for result cards."""

import errno
import shutil
from contextlib import suppress
from pathlib import Path

from PIL import Image as Pillow

from mmrag_video.errors import StoreError
from mmrag_video.video.frames import Image

THUMBNAIL_WIDTH = 480
"""Pixels: two result cards beside each other on a telephone, one sharp card on a screen."""
_QUALITY = 82


def write_thumbnail(image: Image, path: Path) -> None:
    """Write a picture as JPEG, at most THUMBNAIL_WIDTH wide.

    Raises StoreError if the disk does not take it.
    """
    picture = Pillow.fromarray(image)
    if picture.width > THUMBNAIL_WIDTH:
        height = max(1, round(picture.height * THUMBNAIL_WIDTH / picture.width))
        picture = picture.resize((THUMBNAIL_WIDTH, height), Pillow.Resampling.BILINEAR)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path, "JPEG", quality=_QUALITY)
    except OSError as error:
        raise _cannot_be_written(path, error) from error


def link_thumbnail(known_as: Path, path: Path) -> None:
    """Let a picture lie under a second name; that there is none is fine.

    Raises StoreError if the disk does not take it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        with suppress(FileNotFoundError):
            try:
                path.hardlink_to(known_as)
            except FileNotFoundError:
                raise
            except OSError:  # some file systems have no such links
                shutil.copyfile(known_as, path)
    except OSError as error:
        raise _cannot_be_written(path, error) from error


def _cannot_be_written(path: Path, error: OSError) -> StoreError:
    remedy = (
        "free some space and start the same ingest again"
        if error.errno == errno.ENOSPC
        else "check the folder's permissions"
    )
    return StoreError(f"The picture {path} cannot be written ({error.strerror}); {remedy}.")
