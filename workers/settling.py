"""Telling whether a recorder has finished a file: it has not changed for some time."""

import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from mmrag_video.catalog.jobs import SeenFile


@dataclass(frozen=True)
class _FirstSeen:
    size: int
    changed_ns: int
    moment: float
    """By a clock that nobody sets."""


class Settling:
    """What was seen of files that may still grow.

    The time that counts is measured here, not read off the file: clocks of recorders, file servers
    and this machine differ and are set. Only what is old by all of them is taken at first sight.
    """

    def __init__(self) -> None:
        self._seen: dict[Path, _FirstSeen] = {}

    def is_finished(self, file: SeenFile, settle: float) -> bool:
        """Whether it has been like this for `settle` seconds."""
        if self._is_old(file, settle):
            return True
        now = time.monotonic()
        before = self._seen.get(file.path)
        if before is None or (before.size, before.changed_ns) != (file.size, file.changed_ns):
            self._seen[file.path] = _FirstSeen(file.size, file.changed_ns, now)
            return settle == 0
        return now - before.moment >= settle

    def forget_others(self, there: Collection[Path], folder: Path) -> None:
        """Files of this folder that are not there any more."""
        for path in [path for path in self._seen if path.is_relative_to(folder)]:
            if path not in there:
                del self._seen[path]

    @staticmethod
    def _is_old(file: SeenFile, settle: float) -> bool:
        # An hour more than asked for: clocks are set by that much when summer ends.
        newest = max(file.modified.timestamp(), file.changed_ns / 1e9)
        return time.time() - newest > settle + 3600
