"""Telling whether a recorder has finished a file, and when one that grows is to be taken again."""

import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from mmrag_video.catalog.jobs import SeenFile

GROWTH_EVERY = 20.0
"""Seconds, at least, from one time that a growing file is taken to the next."""


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
        self._grown: dict[Path, _FirstSeen] = {}

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

    def forget_others(self, unsettled: Collection[Path]) -> None:
        """All but these: what has settled is known to the queue."""
        self._seen = {path: self._seen[path] for path in unsettled if path in self._seen}
        self._grown = {path: self._grown[path] for path in unsettled if path in self._grown}

    def is_followed(self, path: Path) -> bool:
        """Whether it is being taken while it grows."""
        return path in self._grown

    def has_grown(self, file: SeenFile) -> bool:
        """Whether it is larger than when it was last told to have grown, or seen first.

        Not more often than every GROWTH_EVERY seconds.
        """
        now = time.monotonic()
        before = self._grown.get(file.path)
        if before is None or file.size < before.size:
            self._grown[file.path] = _FirstSeen(file.size, file.changed_ns, float("-inf"))
            return False
        if file.size == before.size or now - before.moment < GROWTH_EVERY:
            return False
        self._grown[file.path] = _FirstSeen(file.size, file.changed_ns, now)
        return True

    @staticmethod
    def _is_old(file: SeenFile, settle: float) -> bool:
        # An hour more than asked for: clocks are set by that much when summer ends.
        newest = max(file.modified.timestamp(), file.changed_ns / 1e9)
        return time.time() - newest > settle + 3600
