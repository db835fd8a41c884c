"""The recordings that evidence is taken from: read through first, and looked at again after."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from mmrag_video.catalog.records import Recording
from mmrag_video.errors import RecordingError
from mmrag_video.evidence.order import Progress
from mmrag_video.recording_file import file_problem
from mmrag_video.video.content import content_of


@dataclass(frozen=True)
class FileStamp:
    """What the file system says of a file: one that is written to or replaced gets another."""

    device: int
    inode: int
    size: int
    """Bytes."""
    modified: int
    """Nanoseconds since 1970."""


@dataclass(frozen=True)
class Sources:
    """Recordings that were read through."""

    stamps: Mapping[str, FileStamp]
    """Of the files as they were read, by the recordings' ids."""
    unusable: Mapping[str, str]
    """Why recordings cannot be evidence, by their ids: sentences."""

    def check(self, recording: Recording) -> None:
        """Raises RecordingError where the file is not the one any more that was read through."""
        try:
            stamp = _stamp_of(recording.path)
        except OSError as error:
            raise RecordingError(f"{recording.path} cannot be read: {error.strerror}.") from error
        if stamp != self.stamps.get(recording.id):
            raise RecordingError(
                f"The file {recording.path} has changed since it was read through for this "
                "export; ingest it again."
            )

    def looked_at_again(self, recordings: Sequence[Recording]) -> "Sources":
        """The same, those unusable too that have changed since they were read through.

        One that is gone has not changed: what was taken from it was checked when it was.
        """
        changed = {}
        for recording in recordings:
            if recording.id not in self.unusable and recording.path.exists():
                try:
                    self.check(recording)
                except RecordingError as error:
                    changed[recording.id] = str(error)
        return replace(self, unusable={**self.unusable, **changed})


def read_through(recordings: Sequence[Recording], on_progress: Progress) -> Sources:
    """Read and hash every recording, which takes as long as reading them does."""
    stamps: dict[str, FileStamp] = {}
    unusable: dict[str, str] = {}
    total = sum(recording.size for recording in recordings)
    before = 0
    for recording in recordings:
        told = partial(_told_read, on_progress, f"checking {recording.path.name}", before, total)
        try:
            stamps[recording.id] = _checked(recording, told)
        except RecordingError as error:
            unusable[recording.id] = str(error)
        before += recording.size
    return Sources(stamps, unusable)


def _told_read(on_progress: Progress, what: str, before: int, total: int, read: int) -> None:
    on_progress(what, before + read, total)


def _checked(recording: Recording, on_read: Callable[[int], None]) -> FileStamp:
    """Raises RecordingError where a recording cannot be evidence."""
    if recording.live:
        raise RecordingError(
            f"The recording {recording.path} still grew when it was ingested; ingest it again now "
            "that it is finished."
        )
    if problem := file_problem(recording):
        raise RecordingError(problem)
    try:
        stamp = _stamp_of(recording.path)  # before it is read: a change while it is shows later
    except OSError as error:
        raise RecordingError(f"{recording.path} cannot be read: {error.strerror}.") from error
    if content_of(recording.path, on_read).sha256 != recording.id:
        raise RecordingError(
            f"The file {recording.path} has changed since it was ingested: its SHA-256 is another; "
            "it is not exported as evidence."
        )
    return stamp


def _stamp_of(path: Path) -> FileStamp:
    """Raises OSError."""
    status = path.stat()
    return FileStamp(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
