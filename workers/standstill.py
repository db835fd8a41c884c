"""Nothing can be done at all for now: the store, the model or the disk fails whoever asks."""

import logging
import time

from mmrag_video.errors import MmragError

_log = logging.getLogger(__name__)
_WAITS = (5.0, 15.0, 30.0, 60.0)
"""Seconds before the first and the next tries; then the last."""


class StandstillError(MmragError):
    """What would stop every recording: the store, the model, the disk. Nobody's own fault."""


class Standstill:
    """Whether everything has to wait, why, and until when. Any thread may begin or end it."""

    def __init__(self) -> None:
        self._times = 0
        """How often in a row."""
        self._until = float("-inf")
        self._why = ""

    def begin(self, why: str) -> None:
        """Try again later, after a longer wait each time; what is new is told once."""
        wait = _WAITS[min(self._times, len(_WAITS) - 1)]
        if why != self._why:
            _log.error("%s Nothing is lost; trying again in %.0f s and on.", why, wait)
        self._times, self._until, self._why = self._times + 1, time.monotonic() + wait, why

    def end(self) -> None:
        """Something was done."""
        self._times, self._until, self._why = 0, float("-inf"), ""

    @property
    def reason(self) -> str:
        """Why nothing is tried now; empty if something is."""
        return self._why if time.monotonic() < self._until else ""
