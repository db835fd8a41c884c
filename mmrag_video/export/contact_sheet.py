"""A contact sheet: the moments' best frames side by side, as one picture."""

from io import BytesIO
from typing import BinaryIO

import numpy as np
from PIL import Image as Pillow

from mmrag_video.contact_sheet import ContactSheetRow, draw_contact_sheet
from mmrag_video.errors import UsageError
from mmrag_video.export.sheet import ExportSheet, Format, FormatName, Scope
from mmrag_video.video.frames import Image

MOST_MOMENTS = 200
"""On one sheet: a picture of them all is some 15,000 pixels high."""
_NO_PICTURE: Image = np.full((90, 160, 3), 60, dtype=np.uint8)


def write(sheet: ExportSheet, to: BinaryIO) -> None:
    """Write a PNG. Raises UsageError where there are too many moments for one."""
    if len(sheet.moments) > MOST_MOMENTS:
        raise UsageError(
            f"A contact sheet takes at most {MOST_MOMENTS} moments, and these are "
            f"{len(sheet.moments)}: export a report."
        )
    pictures = [
        _opened(sheet.pictures[number]) if number in sheet.pictures else _NO_PICTURE
        for number, _ in sheet.numbered()
    ]
    row = ContactSheetRow(sheet.title, sheet.moments, pictures)
    draw_contact_sheet([row]).save(to, "PNG")


def _opened(picture: bytes) -> Image:
    with Pillow.open(BytesIO(picture)) as opened:
        return np.asarray(opened.convert("RGB"), dtype=np.uint8)


FORMAT = Format(
    name=FormatName.CONTACT_SHEET,
    title="Contact sheet",
    ending=".png",
    media_type="image/png",
    scope=Scope.ALL,
    counts_frames=False,
    write=write,
    shows_pictures=True,
)
