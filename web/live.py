"""Telling open pages that something has changed, as server-sent events.

A stream says that a topic has changed, not how: the page then asks for the part that it shows, as
its reader may see it. All streams share one look at the catalog a second.
"""

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum

from mmrag_video.errors import MmragError

MOST_STREAMS = 8
"""Each holds one of the server's threads while it is open; it has as many more for them. Whoever
comes in vain asks every two seconds, as all did before there were streams."""
_LASTS = 60.0
"""Seconds. Then the browser asks for another, and it is looked at anew who asks."""
_EVERY = 1.0
"""Seconds between looks. Something is sent after each, so that it is noticed who has gone."""
_HOLDS = 0.9
"""Seconds for which a look holds: streams that ask between two looks get the earlier one."""
_BACK_AFTER = 1000
"""Milliseconds, until the browser asks for the next stream."""


class Topic(StrEnum):
    """What may change."""

    WORK = "work"
    """Sources and the queue."""
    MODELS = "models"
    """Indexes, and the work on a new one."""


Marks = Mapping[Topic, object]
"""Of each topic a value that is another one when something of it has changed."""


class LiveChanges:
    """The streams of one application, by any number of threads."""

    def __init__(self, look: Callable[[], Marks]) -> None:
        """`look`: what the marks are now; MmragErrors end the streams that ask."""
        self._look = look
        self._looking = threading.Lock()
        self._looked = float("-inf")
        self._marks: dict[Topic, str] = {}
        self._free = threading.BoundedSemaphore(MOST_STREAMS)
        self._ended = threading.Event()

    def take_place(self) -> bool:
        """Whether there is room for one more stream; if so, its place is to be given back."""
        return not self._ended.is_set() and self._free.acquire(blocking=False)

    def give_place_back(self) -> None:
        """The stream has ended."""
        self._free.release()

    def end(self) -> None:
        """End all streams within the moment, and open no more."""
        self._ended.set()

    def events(self) -> Iterator[str]:
        """One stream: a first word, then a word for each topic that has changed."""
        until = time.monotonic() + _LASTS
        try:
            told = self._marks_now()
            yield f"retry: {_BACK_AFTER}\n{_event('ready')}"
            while not self._ended.wait(_EVERY) and time.monotonic() < until:
                now = self._marks_now()
                changed = [topic for topic in Topic if told[topic] != now[topic]]
                told = now
                yield "".join(map(_event, changed)) or ": still here\n\n"
        except MmragError:
            return

    def _marks_now(self) -> dict[Topic, str]:
        with self._looking:
            if time.monotonic() - self._looked >= _HOLDS:
                self._marks = {topic: _digest(mark) for topic, mark in self._look().items()}
                self._looked = time.monotonic()
            return self._marks


def _event(name: str) -> str:
    return f"event: {name}\ndata: now\n\n"


def _digest(mark: object) -> str:
    return hashlib.sha256(repr(mark).encode()).hexdigest()
