"""How much room each part of the data directory takes."""

import os
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread
from time import monotonic

from mmrag_video.data_directory import DataDirectory

_HOLDS = 300.0
"""Seconds for which a measurement holds: a million pictures take seconds to walk over."""
_PATIENCE = 1.0
"""Seconds for which somebody waits for one."""


class DiskUse:
    """Measured in a thread of its own, at most one at a time, however many ask."""

    def __init__(self, directory: DataDirectory) -> None:
        self._directory = directory
        self._lock = Lock()
        self._begun = float("-inf")
        self._measuring: Future[dict[str, int]] | None = None
        self._known: dict[str, int] = {}

    def sizes(self) -> dict[str, int]:
        """Bytes of each part, as they were some minutes ago; empty while the first look lasts."""
        with self._lock:
            if self._measuring is None and monotonic() - self._begun >= _HOLDS:
                self._begun, self._measuring = monotonic(), Future()
                Thread(target=self._measure, args=(self._measuring,), daemon=True).start()
            measuring = self._measuring
        if measuring is not None:
            with suppress(NotYet):
                self._known = measuring.result(timeout=_PATIENCE)
                self._measuring = None
        return self._known

    def _measure(self, measuring: "Future[dict[str, int]]") -> None:
        directory = self._directory
        catalog = sum(map(_size, directory.root.glob(f"{directory.catalog.name}*")))
        measuring.set_result(
            {
                "vectors": _size(directory.store),
                "pictures of frames": _size(directory.all_thumbnails),
                "query pictures": _size(directory.query_pictures),
                "clips": _size(directory.clips),
                "catalog": catalog,
            }
        )


def _size(path: Path) -> int:
    """Bytes of a file, or of all below a folder; 0 of what goes meanwhile."""
    with suppress(OSError):
        if path.is_dir():
            with os.scandir(path) as entries:
                return sum(_size_of(entry) for entry in entries)
        return path.stat().st_size
    return 0


def _size_of(entry: "os.DirEntry[str]") -> int:
    with suppress(OSError):
        if entry.is_dir(follow_symlinks=False):
            return _size(Path(entry.path))
        return entry.stat(follow_symlinks=False).st_size
    return 0
