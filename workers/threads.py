"""The threads that do the work: on recordings, on the index, on what is to be cleared away.

They share the right to write into the index, which no other program has while they are at it.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext

from mmrag_video.archive import Archive
from mmrag_video.catalog.reindexings import Reindexing
from mmrag_video.catalog.writer_lock import writer_lock
from mmrag_video.errors import MmragError
from mmrag_video.index.identity import refusal
from mmrag_video.ingest import clear_unfinished
from mmrag_video.settings import Settings, SourceSettings
from workers.chores import Chores
from workers.holding_back import HoldingBack, Stopped
from workers.index_work import IndexWork
from workers.ringing import Ringing
from workers.standstill import Standstill
from workers.work import Work

_log = logging.getLogger(__name__)
_PATIENCE = 4.0
"""Seconds in which threads end by themselves, less than half of those that `serve` has for all.
What they leave is cleared at the next start."""
_BETWEEN_CHORES = 5.0
"""Seconds, at least, from one try of the chores to the next."""


class Threads:
    """As many threads as there may be and are needed. `see_to` is called again and again."""

    def __init__(
        self,
        settings: Settings,
        archive: Archive,
        name: str,
        holding: HoldingBack,
        standstill: Standstill,
    ) -> None:
        """`name`: of the worker, for the leases of its jobs."""
        self._settings = settings
        self._archive = archive
        self._name = name
        self._holding = holding
        self._standstill = standstill
        self._ringing = Ringing(archive)
        self.chores = Chores(archive, self._ringing)
        self._workers: list[threading.Thread] = []
        self._for_growing: threading.Thread | None = None
        """One more of them: a recording of hours holds up nothing that is being written now."""
        self._before: threading.Thread | None = None
        """Takes the right to write and loads the model, before there are workers."""
        self._at_chores: threading.Thread | None = None
        """Beside the workers: what they are at is let go of by nobody."""
        self._no_chores_before = float("-inf")
        self._index_work = IndexWork(archive, holding)
        self._at_index: threading.Thread | None = None
        """Never beside workers, which write into the index in use."""
        self._wish_seen: int | None = None
        self._is_index_next = False
        """Workers take no further recording."""
        self._right_to_write = ExitStack()
        self._is_writing = False

    @property
    def are_at_work(self) -> bool:
        """Whether recordings are worked on."""
        return bool(self._workers)

    @property
    def are_at_index(self) -> bool:
        """Whether a wish about the index is being carried out."""
        return _is_alive(self._at_index)

    def see_to(self, sources: Mapping[str, SourceSettings]) -> None:
        """Start what is needed and not held back. Raises CatalogError."""
        self._workers = [thread for thread in self._workers if thread.is_alive()]
        if _is_alive(self._before) or not self._has_left_index():
            return
        self._see_to_chores(sources)
        wish = self._wish()
        if self._holding.reason() or self._standstill.reason:
            self._give_way()
            return
        if wish is not None:
            self._see_to_index(wish)
            return
        jobs = self._archive.catalog.jobs
        # A thread that could not write, the disk being full, could not say so either.
        if not self._workers and jobs.put_back_running():
            self._give_way()  # so that what it left in the store is cleared
        if not jobs.is_any_due(sources):
            self._give_way()
        elif self._is_writing:
            self._start_workers(sources)
        elif not _is_alive(self._at_chores):
            self._before = self._start(self._begin_writing)

    def end(self) -> None:
        """Wait a little for those that were told to stop, and give the right to write back."""
        deadline = time.monotonic() + _PATIENCE
        for thread in (*self._workers, self._before, self._at_index, self._at_chores):
            if thread is not None:
                thread.join(timeout=max(0.0, deadline - time.monotonic()))
        self._end_writing()

    def _see_to_chores(self, sources: Mapping[str, SourceSettings]) -> None:
        """Whatever holds the recordings back: a disk that is full may need them."""
        now = time.monotonic()
        if not self.chores.are_due or _is_alive(self._at_chores) or now < self._no_chores_before:
            return
        self._no_chores_before = now + _BETWEEN_CHORES
        right = nullcontext() if self._is_writing else writer_lock(self._archive.directory.root)
        self._at_chores = self._start(lambda: self._carry_out_chores(right, sources))

    def _carry_out_chores(
        self, right: AbstractContextManager[object], sources: Mapping[str, SourceSettings]
    ) -> None:
        with right:
            self.chores.carry_out(sources)

    def _wish(self) -> Reindexing | None:
        """What is wished about the index. Raises CatalogError."""
        wish = self._archive.catalog.reindexings.open()
        self._is_index_next = wish is not None
        if wish is not None and wish.id != self._wish_seen:
            # An index that was made otherwise stands in the way of recordings, not in this one's.
            self._wish_seen = wish.id
            self._standstill.end()
        return wish

    def _see_to_index(self, wish: Reindexing) -> None:
        """Begin with it when the recordings at hand are done. Raises CatalogError."""
        if self._workers or self.are_at_index:
            return
        if not self._is_writing:
            if _is_alive(self._at_chores):
                return  # they have the right to write
            self._right_to_write.enter_context(writer_lock(self._archive.directory.root))
            self._is_writing = True
        self._at_index = self._start(lambda: self._index_work.carry_out(wish))

    def _has_left_index(self) -> bool:
        """Whether nothing is left of work on the index, which may be another one now, or not yet:
        workers look at that when they begin to write.
        """
        if self._at_index is None or self.are_at_index:
            return True
        if _is_alive(self._at_chores):
            return False  # they share the right to write
        self._end_writing()
        self._at_index = None
        return True

    def _give_way(self) -> None:
        """Let others write, if nothing here is at it."""
        if not self._workers and not self.are_at_index and not _is_alive(self._at_chores):
            self._end_writing()

    def _start_workers(self, sources: Collection[str]) -> None:
        work = Work(
            self._archive,
            self._archive.identity,
            self._name,
            self._settings.worker,
            self._holding.pace,
            self._ringing.ring,
        )
        if not _is_alive(self._for_growing):
            self._for_growing = None
        taking_all = len(self._workers) - (self._for_growing is not None)
        for _ in range(taking_all, self._settings.worker.decoders):
            self._workers.append(self._start(lambda: self._work_off(work, sources)))
        if self._for_growing is None and self._archive.catalog.jobs.is_any_due(
            sources, growing=True
        ):
            self._for_growing = self._start(lambda: self._work_off(work, sources, growing=True))
            self._workers.append(self._for_growing)

    def _start(self, task: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=self._guarded, args=(task,), daemon=True)
        thread.start()
        return thread

    def _guarded(self, task: Callable[[], None]) -> None:
        """A thread's life. What would stop every other one as well makes all of them wait."""
        try:
            task()
        except Stopped:
            return
        except (MmragError, OSError) as error:
            self._standstill.begin(str(error))
        except Exception:
            _log.exception("The work broke off; it is begun again.")
            self._standstill.begin("something unforeseen, see the log")

    def _begin_writing(self) -> None:
        """Take the right to write, load the model, and clear away what others left.

        Raises CatalogError if somebody else ingests, IndexMismatchError if the index is another's.
        """
        with ExitStack() as taking:
            taking.enter_context(writer_lock(self._archive.directory.root))
            identity = self._archive.identity
            active = self._archive.catalog.active_index()
            if active is not None and active.fingerprint != identity.fingerprint:
                raise refusal(active, identity, self._archive.directory.root)
            clear_unfinished(self._archive, identity)
            self._archive.activate(identity)
            self._ringing.make_up()
            self._right_to_write = taking.pop_all()
        self._is_writing = True

    def _end_writing(self) -> None:
        self._right_to_write.close()
        self._is_writing = False

    def _work_off(self, work: Work, sources: Collection[str], *, growing: bool = False) -> None:
        """One job after the other, until there is none; `growing`: only files that still grow."""
        while not (self._holding.stop.is_set() or self._holding.reason() or self._is_index_next):
            job = self._archive.catalog.jobs.take(self._name, sources, growing=growing)
            if job is None:
                return
            work.carry_out(job)
            self._standstill.end()


def _is_alive(thread: threading.Thread | None) -> bool:
    return thread is not None and thread.is_alive()
