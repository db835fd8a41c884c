"""The pictures of moments, for the formats that show them."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import BytesIO

from PIL import Image as Pillow

from mmrag_video.archive import PICTURES_READ_AT_ONCE
from mmrag_video.errors import RecordingError
from mmrag_video.export.export_moment import ExportMoment
from mmrag_video.recording_file import file_problem
from mmrag_video.video.still import StillFormat, still

_LONGEST_SIDE = 960
"""Pixels: sharp at the width of half a printed page."""
_QUALITY = 85


def pictures_of(moments: Sequence[ExportMoment]) -> dict[int, bytes]:
    """JPEGs of the best frames by the moments' numbers, from 1; without what cannot be read."""
    with ThreadPoolExecutor(PICTURES_READ_AT_ONCE) as pool:
        read = enumerate(pool.map(_picture, moments), 1)
        return {number: picture for number, picture in read if picture is not None}


def _picture(moment: ExportMoment) -> bytes | None:
    best = moment.best
    if file_problem(best.recording):
        return None
    with suppress(RecordingError):
        return smaller(still(best.recording.path, best.start, StillFormat.JPEG).content)
    return None


def smaller(picture: bytes) -> bytes:
    """A picture file as a JPEG that a page holds many of."""
    with Pillow.open(BytesIO(picture)) as opened:
        shown = opened.convert("RGB")
    shown.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    file = BytesIO()
    shown.save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()
