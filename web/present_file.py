"""A recording's file, while it is the one that was ingested."""

from pathlib import Path

from mmrag_video.catalog.records import Recording
from mmrag_video.recording_file import file_problem
from web.errors import RecordingGoneError


def present_file(recording: Recording) -> Path:
    """Its path. Raises RecordingGoneError where the file is gone or another."""
    problem = file_problem(recording)
    if problem:
        raise RecordingGoneError(problem)
    return recording.path
