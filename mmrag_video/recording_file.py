"""Whether a recording's file still is the one that was ingested."""

import os
from collections import OrderedDict
from datetime import UTC, datetime
from enum import StrEnum
from threading import Lock

from mmrag_video.catalog.records import Recording
from mmrag_video.errors import RecordingError
from mmrag_video.video.content import content_of

_REMEMBERED = 10_000
"""Files that were read, the newest."""


class FileState(StrEnum):
    """What lies at a recording's path now."""

    PRESENT = "present"
    GONE = "gone"
    """Nothing, or nothing that may be read."""
    CHANGED = "changed"
    """Something of another size, or that was read and has other content; of a live recording, which
    grows, something smaller."""


class _Hashes:
    """SHA-256 of files that were read, as long as size and modification time are the same."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, int, int], str] = OrderedDict()
        self._lock = Lock()

    def known(self, recording: Recording, status: os.stat_result) -> str | None:
        with self._lock:
            return self._known.get(_key(recording, status))

    def remember(self, recording: Recording, status: os.stat_result, sha256: str) -> None:
        with self._lock:
            self._known[_key(recording, status)] = sha256
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)


_hashes = _Hashes()


def file_state(recording: Recording) -> FileState:
    """What lies there, without reading it: hashing gigabytes for each question would take seconds.

    By its size; and by its content, if `read_file_problem` has read it since it was written.
    """
    status = _status(recording)
    if status is None:
        return FileState.GONE
    if recording.live:
        return FileState.PRESENT if status.st_size >= recording.size else FileState.CHANGED
    is_another = _hashes.known(recording, status) not in (None, recording.id)
    if is_another or status.st_size != recording.size:
        return FileState.CHANGED
    return FileState.PRESENT


def is_in_doubt(recording: Recording) -> bool:
    """Whether only reading the file would tell that it is the one that was ingested.

    Its size is the same and its modification time another, as of a copy, or of another recording
    where a recorder fills files of one size again and again.
    """
    status = _status(recording)
    if status is None or recording.live or status.st_size != recording.size:
        return False
    is_as_ingested = datetime.fromtimestamp(status.st_mtime, tz=UTC) == recording.modified
    return not is_as_ingested and _hashes.known(recording, status) is None


def file_problem(recording: Recording) -> str:
    """What is wrong with the file and what to do, as a sentence; empty where nothing is.

    Knows no more of it than `file_state`.
    """
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


def read_file_problem(recording: Recording) -> str:
    """The same, for those who use the file's content: one that is in doubt is read through."""
    status = _status(recording)
    if status is not None and is_in_doubt(recording):
        try:
            sha256 = content_of(recording.path).sha256
        except RecordingError as error:
            return str(error)
        _hashes.remember(recording, status, sha256)
    return file_problem(recording)


def _status(recording: Recording) -> os.stat_result | None:
    """Of the file; None where there is none."""
    try:
        return recording.path.stat() if recording.path.is_file() else None
    except OSError:
        return None


def _key(recording: Recording, status: os.stat_result) -> tuple[str, int, int]:
    return str(recording.path), status.st_size, status.st_mtime_ns
