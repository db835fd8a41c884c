"""Work that only so many may have done at a time, so that threads are left for everybody else."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from threading import Condition

from werkzeug.exceptions import ServiceUnavailable


class Turns:
    """Turns at one kind of work, taken by the threads of requests; a few may wait for theirs."""

    def __init__(
        self,
        at_once: int,
        refusal: str,
        retry_after: int,
        waiting: int = 0,
        longest_wait: float = 0.0,
    ) -> None:
        """`refusal`: what those are told who get no turn, a sentence; they are asked to come again
        after `retry_after` seconds. `waiting`: how many may wait, for `longest_wait` seconds.
        """
        self.places = at_once + waiting
        """Threads that this holds at most."""
        self._at_once = at_once
        self._refusal = refusal
        self._retry_after = retry_after
        self._waiting_at_once = waiting
        self._longest_wait = longest_wait
        self._held: list[Hashable] = []
        self._waiting = 0
        self._changed = Condition()

    @contextmanager
    def turn(
        self, thing: Hashable | None = None, is_there: Callable[[], bool] = lambda: False
    ) -> Iterator[None]:
        """Hold a turn. Raises ServiceUnavailable if there is none, or none soon enough.

        Of turns at the same `thing` there is one at a time; whoever comes for one that `is_there`
        already, made by somebody else, needs no place of the few.
        """
        held = object() if thing is None else thing

        def may_begin() -> bool:
            return held not in self._held and (is_there() or len(self._held) < self._at_once)

        with self._changed:
            if not may_begin():
                self._wait(may_begin)
            self._held.append(held)
        try:
            yield
        finally:
            with self._changed:
                self._held.remove(held)
                self._changed.notify_all()

    def _wait(self, may_begin: Callable[[], bool]) -> None:
        if self._waiting >= self._waiting_at_once:
            raise self._refused()
        self._waiting += 1
        try:
            if not self._changed.wait_for(may_begin, self._longest_wait):
                raise self._refused()
        finally:
            self._waiting -= 1

    def _refused(self) -> ServiceUnavailable:
        return ServiceUnavailable(self._refusal, retry_after=self._retry_after)
