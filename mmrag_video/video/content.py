"""A recording's identity: the SHA-256 of its content."""

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mmrag_video.errors import RecordingError

_BLOCK = 4 * 1024 * 1024
_FRESH = 3.0
"""Seconds: a file written to more lately than this is looked at twice."""


@dataclass(frozen=True)
class Content:
    """A finished file, by its content."""

    sha256: str
    size: int
    """Bytes."""
    modified: datetime
    """Aware, in UTC."""


def content_of(path: Path, on_progress: Callable[[int], None] = lambda _: None) -> Content:
    """Hash a file; `on_progress` gets the bytes read so far.

    Raises RecordingError if the file cannot be read, or grows while it is read.
    """
    try:
        before = path.stat()
        if time.time() - before.st_mtime < _FRESH:
            time.sleep(1.0)  # a recorder writes several times a second: growth shows within one
        digest = hashlib.sha256()
        read = 0
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
                read += len(block)
                on_progress(read)
        after = path.stat()
    except OSError as error:
        raise RecordingError(f"{path} cannot be read: {error.strerror}.") from error
    if _fingerprint(before) != _fingerprint(after) or read != after.st_size:
        raise RecordingError(
            f"{path} is still being written; ingest it again when the recorder has finished it."
        )
    return Content(digest.hexdigest(), read, datetime.fromtimestamp(after.st_mtime, tz=UTC))


def _fingerprint(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns
