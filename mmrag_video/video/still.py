"""One frame of a recording as a picture file, exact and at full size."""

import io
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

from PIL import Image as Pillow

from mmrag_video.video.child_process import call_in_child
from mmrag_video.video.pyav_reader import PyavReader

_LONGEST_LOOK = 60.0
"""Seconds that finding and decoding the frame may take."""
_JPEG_QUALITY = 95


class StillFormat(StrEnum):
    """What kind of file; the value is its suffix."""

    PNG = "png"
    """Every pixel as it was decoded."""
    JPEG = "jpg"
    """A tenth of the size."""


@dataclass(frozen=True)
class Still:
    """A frame, encoded."""

    time: Fraction
    """The frame's own, in seconds from the recording's first."""
    content: bytes


def still(path: Path, time: Fraction, form: StillFormat) -> Still:
    """The frame that is on screen at `time`, decoded by a child process.

    PyAV's reader finds it from the keyframe before it; decord's would first read all of the file,
    which may have many gigabytes. Raises `RecordingError` on a file that cannot be read, and
    `DecoderError` where the child dies or takes more than a minute.
    """
    return call_in_child(_still, path, time, form, time_limit=_LONGEST_LOOK)


def _still(path: Path, time: Fraction, form: StillFormat) -> Still:
    """The child's part."""
    with PyavReader(path) as reader:
        frame = reader.frame_at(time)
    file = io.BytesIO()
    picture = Pillow.fromarray(frame.image)
    if form is StillFormat.PNG:
        picture.save(file, "PNG")
    else:
        picture.save(file, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
    return Still(frame.time, file.getvalue())
