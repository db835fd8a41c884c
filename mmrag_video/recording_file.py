"""Whether a recording's file still is the one that was ingested."""

from enum import StrEnum

from mmrag_video.catalog.records import Recording


class FileState(StrEnum):
    """What lies at a recording's path now."""

    PRESENT = "present"
    GONE = "gone"
    """Nothing, or nothing that may be read."""
    CHANGED = "changed"
    """Something of another size; of a live recording, which grows, something smaller."""


def file_state(recording: Recording) -> FileState:
    """What lies there, by its size: hashing gigabytes for each question would take seconds."""
    try:
        size = recording.path.stat().st_size if recording.path.is_file() else None
    except OSError:
        size = None
    if size is None:
        return FileState.GONE
    is_the_same = size == recording.size or (recording.live and size > recording.size)
    return FileState.PRESENT if is_the_same else FileState.CHANGED


def file_problem(recording: Recording) -> str:
    """What is wrong with the file and what to do, as a sentence; empty where nothing is."""
    match file_state(recording):
        case FileState.PRESENT:
            return ""
        case FileState.GONE:
            return (
                f"The recording {recording.path} is not there any more; put it back, or ingest it "
                "again from where it is now."
            )
        case FileState.CHANGED:
            return f"The file {recording.path} has changed since it was ingested; ingest it again."
