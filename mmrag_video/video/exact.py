"""Single exact frames at full size, by the reader that suits the file."""

from contextlib import closing
from fractions import Fraction
from pathlib import Path

from mmrag_video.errors import RecordingError
from mmrag_video.video.decord_reader import DecordReader
from mmrag_video.video.frames import FrameReader, Image
from mmrag_video.video.pyav_reader import PyavReader


def open_exact(path: Path) -> FrameReader:
    """Take decord where it is installed and exact for this file, else PyAV.

    Raises `RecordingError` where the file cannot be read at all.
    """
    try:
        return DecordReader(path)
    except RecordingError:
        return PyavReader(path)


def frame_at(path: Path, time: Fraction) -> Image:
    """The picture that is on screen at `time`, seconds from the first frame.

    Raises `RecordingError` where the file cannot be read.
    """
    with closing(open_exact(path)) as reader:
        return reader.frame_at(time).image
