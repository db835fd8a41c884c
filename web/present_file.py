"""A recording's file, while it is the one that was ingested."""

from pathlib import Path

from mmrag_video.catalog.records import Recording
from mmrag_video.recording_file import is_in_doubt, read_file_problem
from web.errors import RecordingGoneError
from web.services import services


def present_file(recording: Recording) -> Path:
    """Its path. Raises RecordingGoneError where the file is gone or another, ServiceUnavailable
    where it has to be read to know, and others are being read.
    """
    if is_in_doubt(recording):
        with services().comparing.turn(recording.path, lambda: not is_in_doubt(recording)):
            problem = read_file_problem(recording)
    else:
        problem = read_file_problem(recording)
    if problem:
        raise RecordingGoneError(problem)
    return recording.path
