"""Short work of child processes: at most so many at a time, and nobody waits for long."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from werkzeug.exceptions import ServiceUnavailable

_AT_ONCE = 2
"""A child takes a core, and half a second to start."""
_LONGEST_WAIT = 15.0
"""Seconds."""
_RETRY_AFTER = 2
"""Seconds, for those who waited in vain."""


class ShortWork:
    """Whoever starts a child for a request takes a turn first."""

    def __init__(self, at_once: int = _AT_ONCE, longest_wait: float = _LONGEST_WAIT) -> None:
        self._turns = BoundedSemaphore(at_once)
        self._longest_wait = longest_wait

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold one of the turns. Raises ServiceUnavailable if none comes soon enough."""
        if not self._turns.acquire(timeout=self._longest_wait):
            raise ServiceUnavailable(
                "Others are looking at recordings just now; try again in a moment.",
                retry_after=_RETRY_AFTER,
            )
        try:
            yield
        finally:
            self._turns.release()
