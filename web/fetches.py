"""What was fetched lately, by whom: a player, or a download that goes on, asks for a file in parts.

The audit log has one entry for all parts that are asked for together. This is kept in memory: what
is forgotten, by a restart or because there was much else, is noted once more.
"""

import hashlib
import threading
import time

_TOGETHER = 600.0
"""Seconds since the entry, for which what is asked for belongs to it."""
_MOST = 10_000


class Fetches:
    """Those of one application, by any number of threads."""

    def __init__(self, together: float = _TOGETHER, most: int = _MOST) -> None:
        """`together`: seconds that one entry stands for; `most`: how many are remembered."""
        self._together = together
        self._most = most
        self._noted: dict[str, float] = {}
        self._changing = threading.Lock()

    def begins(self, who: tuple[str, ...], file: str) -> bool:
        """Whether this is the first part of a file that somebody asks for, since a while."""
        # Of a fixed length, and no secret: a login's token is among what says who it is.
        key = hashlib.sha256(repr((who, file)).encode(errors="replace")).hexdigest()
        now = time.monotonic()
        with self._changing:
            noted = self._noted.get(key)
            if noted is not None and now - noted < self._together:
                return False
            self._noted.pop(key, None)
            self._noted[key] = now
            if len(self._noted) > self._most:
                del self._noted[next(iter(self._noted))]
            return True
