"""Chooses the reader for single exact frames at full size."""

from pathlib import Path

from mmrag_video.errors import RecordingError
from mmrag_video.video.decord_reader import DecordReader
from mmrag_video.video.frames import FrameReader
from mmrag_video.video.pyav_reader import PyavReader


def open_exact(path: Path) -> FrameReader:
    """Take decord where it is installed and exact for this file, else PyAV.

    Raises `RecordingError` where the file cannot be read at all.
    """
    try:
        return DecordReader(path)
    except RecordingError:
        return PyavReader(path)
