"""A lock on a file that the kernel lets go of when its holder dies, however it dies."""

import fcntl
import os
import time
from enum import IntEnum
from pathlib import Path
from types import TracebackType

_POLL_SECONDS = 0.02


class LockMode(IntEnum):
    """Many may hold a lock SHARED at one time, or one EXCLUSIVE."""

    SHARED = fcntl.LOCK_SH
    EXCLUSIVE = fcntl.LOCK_EX


class FileLock:
    """An advisory flock(2). The file is made if it is missing, and is never removed.

    Raises OSError from the constructor if the file can neither be opened nor made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def try_acquire(self, mode: LockMode) -> bool:
        """Take the lock, or change to this mode, if that is possible at once."""
        try:
            fcntl.flock(self._descriptor, mode | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def acquire(self, mode: LockMode, patience: float) -> bool:
        """As `try_acquire`, trying for `patience` seconds."""
        deadline = time.monotonic() + patience
        while not self.try_acquire(mode):
            if time.monotonic() >= deadline:
                return False
            time.sleep(_POLL_SECONDS)
        return True

    def release(self) -> None:
        """Let go, keeping the file open for another try."""
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def write(self, text: str) -> None:
        """Leave a word for those who find the lock taken."""
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, text.encode(), 0)

    def read(self) -> str:
        """What the last holder wrote."""
        return os.pread(self._descriptor, 4096, 0).decode(errors="replace")

    def close(self) -> None:
        """Let go for good."""
        os.close(self._descriptor)

    def __enter__(self) -> "FileLock":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
