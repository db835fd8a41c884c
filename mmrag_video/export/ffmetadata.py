"""FFmpeg's metadata file: chapters that `ffmpeg -i VIDEO -i FILE -map_metadata 1` puts into a file.

The format is described under "Metadata" in FFmpeg's manual of formats.
"""

import re
from typing import TextIO

from mmrag_video.export.chapters import chapters_of
from mmrag_video.export.sheet import ExportSheet, Format, FormatName, Scope, as_text

_SPECIAL = re.compile(r"[=;#\\\n]")


def write(sheet: ExportSheet, to: TextIO) -> None:
    """Write a chapter for each part of a moment."""
    to.write(";FFMETADATA1\n")
    for chapter in chapters_of(sheet):
        to.write("[CHAPTER]\nTIMEBASE=1/1000\n")
        to.write(f"START={round(chapter.start.seconds * 1000)}\n")
        to.write(f"END={round(chapter.end.seconds * 1000)}\n")
        to.write(f"title={_SPECIAL.sub(lambda sign: chr(92) + sign[0], chapter.title)}\n")


FORMAT = Format(
    name=FormatName.FFMETADATA,
    title="FFmpeg chapters",
    ending=".ffmeta",
    media_type="text/plain",
    scope=Scope.RECORDING,
    counts_frames=False,
    write=as_text(write),
)
