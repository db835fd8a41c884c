"""One ingest at a time per data directory, wherever it was started from."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mmrag_video.errors import CatalogError
from mmrag_video.file_lock import FileLock, LockMode

LOCK_FILE = "ingest.lock"


@contextmanager
def writer_lock(data_dir: Path) -> Iterator[None]:
    """Hold the right to write. Raises CatalogError at once if another process holds it.

    The kernel takes it back from a process that dies, so nothing has to be cleaned up.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = FileLock(data_dir / LOCK_FILE)
    except OSError as error:
        raise CatalogError(
            f"The data directory {data_dir} cannot be written: {error.strerror}."
        ) from error
    with lock:
        if not lock.try_acquire(LockMode.EXCLUSIVE):
            raise CatalogError(
                f"Another ingest (process {lock.read() or 'unknown'}) is writing to {data_dir}; "
                "wait for it to end."
            )
        lock.write(str(os.getpid()))
        yield
