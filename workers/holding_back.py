"""What holds the work on a recording back: a pause, quiet hours, a speed limit, the end."""

import threading
import time
from collections.abc import Callable
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

from mmrag_video.quiet_hours import is_quiet
from mmrag_video.settings import Settings

_TICK = 0.5
"""Seconds between looks at whether the work may go on."""


class Stopped(KeyboardInterrupt):
    """The worker is told to end: an ingest takes it for Ctrl-C, and breaks its run off."""


class HoldingBack:
    """Asked by all threads after every few frames; whoever is held back waits in it.

    The decoder of a recording that is held back waits too, as its queue is full: nothing is lost
    and nothing has to be done again.
    """

    def __init__(self, settings: Settings, is_paused: Callable[[], bool]) -> None:
        """`is_paused`: asked at most every half second."""
        self.stop = threading.Event()
        self._worker = settings.worker
        self._zone = ZoneInfo(settings.clock.zone)
        self._is_paused = is_paused
        self._asked_at = float("-inf")
        self._reason = ""
        self._lock = threading.Lock()

    def reason(self) -> str:
        """Why nothing is worked on now, in words; empty if nothing stands against it."""
        with self._lock:
            if time.monotonic() - self._asked_at >= _TICK:
                self._asked_at = time.monotonic()
                self._reason = self._ask()
            return self._reason

    def _ask(self) -> str:
        if self._is_paused():
            return "paused"
        now = datetime.now(self._zone).time()
        if is_quiet(now, self._worker.quiet):
            return f"quiet hours ({', '.join(self._worker.quiet)})"
        return ""

    def pace(self) -> "Pace":
        """The pace of one recording, which begins now."""
        return Pace(self, self._worker.speed)


class Pace:
    """One recording's: called with its progress, it returns when the work may go on."""

    def __init__(self, holding: HoldingBack, speed: float | None) -> None:
        self._holding = holding
        self._speed = speed
        self._began = time.monotonic()

    def wait(self, path: Path, done: Fraction, total: Fraction) -> None:
        """Raises Stopped if the worker is to end."""
        while not self._holding.stop.is_set() and self._holding.reason():
            waited = time.monotonic()
            self._holding.stop.wait(_TICK)
            self._began += time.monotonic() - waited  # it does not count as slow
        if self._speed is not None:
            early = float(done) / self._speed - (time.monotonic() - self._began)
            self._holding.stop.wait(max(0.0, early))
        if self._holding.stop.is_set():
            raise Stopped
