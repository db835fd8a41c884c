"""The worker: looks at the sources, keeps the queue, and has threads work it off.

The main thread looks and decides, and does nothing that takes long; a thread for each recording at
hand does the rest. All of them share one archive: one model, one store, one catalog.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta

from mmrag_video.archive import Archive
from mmrag_video.catalog.records import Recording
from mmrag_video.catalog.writer_lock import writer_lock
from mmrag_video.errors import CatalogError, MmragError
from mmrag_video.file_lock import FileLock, LockMode
from mmrag_video.index.identity import refusal
from mmrag_video.ingest import clear_unfinished
from mmrag_video.saved_search import ring, ring_missed
from mmrag_video.settings import Settings, SourceSettings
from mmrag_video.sources import all_sources
from workers.chores import Chores
from workers.daily import DailyLine
from workers.deliveries import Deliveries
from workers.holding_back import HoldingBack, Stopped
from workers.scanning import look_at, turn_of
from workers.schedule import Due, Schedule, Watch
from workers.settling import Settling
from workers.work import StandstillError, Work

_log = logging.getLogger(__name__)
LOCK_FILE = "worker.lock"
_TICK = 0.25
"""Seconds between looks at what there is to do."""
_SOURCES_EVERY = 2.0
"""Seconds between looks at which sources there are, and between signs of life."""
_LOOKING_SHARE = 10
"""A source is left alone for as many times as long as looking at it took: a recorder that writes
all the time gives the system something to tell all the time."""
_CLOCK_JUMP = 20.0
"""Seconds between what two clocks say: one was set."""
_STANDSTILL = (5.0, 15.0, 30.0, 60.0)
"""Seconds before the first and the next tries where nothing can be done at all; then the last."""
_PATIENCE = 4.0
"""Seconds in which threads end by themselves, less than half of those that `serve` has for all.
What they leave is cleared at the next start."""


class Worker:
    """One process's worker over one data directory. `run` returns when `stop` is called."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._archive = Archive(settings)
        self._name = f"{os.getpid()}@{socket.gethostname()}"
        self._holding = HoldingBack(settings, lambda: self._archive.catalog.worker.read().paused)
        self._due = Due()
        self._settling = Settling()
        self._sources: dict[str, SourceSettings] = {}
        self._looked: dict[str, tuple[float, float]] = {}
        """When each source was last looked at, and how many seconds that took."""
        self._problems: dict[str, tuple[str, ...]] = {}
        self._threads: list[threading.Thread] = []
        self._chores = Chores(self._archive)
        self._chores_thread: threading.Thread | None = None
        self._daily_line = DailyLine(self._archive)
        self._right_to_write = ExitStack()
        self._is_writing = self._has_written = False
        self._standstill: tuple[int, float, str] = (0, 0.0, "")
        """How often in a row, until when, and why."""

    def stop(self) -> None:
        """End soon. From any thread, and from a signal's handler."""
        self._holding.stop.set()

    def run(self) -> None:
        """Work until `stop`. Raises what no waiting mends: settings, a catalog that is damaged."""
        with self._archive, self._alone():
            if self._holding.stop.is_set():
                return
            put_back = self._archive.catalog.jobs.put_back_running()
            if put_back:
                _log.info("%d recordings that were at hand begin again.", put_back)
            threading.Thread(target=self._say_so, name="signs of life", daemon=True).start()
            deliveries = Deliveries(self._archive.catalog)
            deliveries.start()
            schedule, watch = Schedule(self._due, self._settings.clock.zone), Watch(self._due)
            try:
                self._loop(schedule, watch)
            finally:
                watch.close()
                schedule.close()
                self._end_threads()
                deliveries.stop(wait=0.5)
                self._right_to_write.close()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the right to be the worker of this data directory, waiting for it if need be."""
        self._archive.directory.create()
        with FileLock(self._archive.directory.root / LOCK_FILE) as lock:
            if not lock.try_acquire(LockMode.EXCLUSIVE):
                _log.warning(
                    "Another worker (%s) is at work on %s: waiting until it ends.",
                    lock.read() or "unknown",
                    self._archive.directory.root,
                )
                while not lock.try_acquire(LockMode.EXCLUSIVE):
                    if self._holding.stop.wait(_TICK):
                        break
            lock.write(self._name)
            yield

    def _loop(self, schedule: Schedule, watch: Watch) -> None:
        looked_at_sources = float("-inf")
        clock = _Clock()
        while not self._holding.stop.wait(_TICK):
            try:
                jump = clock.jump()
                if jump:
                    self._follow_clock(jump, schedule)
                if time.monotonic() - looked_at_sources >= _SOURCES_EVERY:
                    looked_at_sources = time.monotonic()
                    self._sources = all_sources(self._settings, self._archive.catalog)
                    schedule.follow(self._sources)
                    watch.follow(self._sources)
                self._look(schedule)
                self._see_to_threads()
                self._daily_line.tell(datetime.now(UTC))
            except (MmragError, OSError) as error:
                self._stand_still(str(error))

    def _look(self, schedule: Schedule) -> None:
        """Look at every source that is due and was not looked at just now."""
        for name in self._due.take():
            source = self._sources.get(name)
            if source is None:
                continue
            at, took = self._looked.get(name, (float("-inf"), 0.0))
            began = time.monotonic()
            rest = at + _LOOKING_SHARE * max(took, _TICK) - began
            if rest > 0:
                schedule.look_again(name, rest)
                continue
            unsettled = self._look_at(name, source)
            self._looked[name] = time.monotonic(), time.monotonic() - began
            if unsettled:
                schedule.look_again(name, max(1.0, source.settle))

    def _look_at(self, name: str, source: SourceSettings) -> int:
        """Queue what is new; the number of files that still change."""
        jobs = self._archive.catalog.jobs
        changes = look_at(source, jobs.known(name), self._settling)
        if changes.problems != self._problems.get(name, ()):
            for problem in changes.problems:
                _log.warning("%s", problem, extra={"source": name})
            if not changes.problems:
                _log.info("The source %s can be read again.", name, extra={"source": name})
            self._problems[name] = changes.problems
        if changes.new:
            jobs.add(name, [(file, turn_of(file, source)) for file in changes.new])
            _log.info("%d new files in %s.", len(changes.new), name, extra={"source": name})
        if changes.gone:
            jobs.mark_gone(changes.gone)
            self._chores.ask_for()
            _log.info("%d files of %s are gone.", len(changes.gone), name, extra={"source": name})
        return changes.unsettled

    def _see_to_threads(self) -> None:
        """Have as many threads at work as there may be and are needed, and the right to write."""
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        _, until, _ = self._standstill
        if self._holding.reason() or time.monotonic() < until:
            return
        # A thread that could not write, the disk being full, could not say so either.
        if not self._threads and self._archive.catalog.jobs.put_back_running():
            self._end_writing()  # so that what it left in the store is cleared
        if not self._archive.catalog.jobs.is_any_due():
            if not self._threads:
                self._end_writing()
                self._see_to_chores()
            return
        if self._is_at_chores:
            return
        if not self._is_writing:
            self._begin_writing()
        missing = self._settings.worker.decoders - len(self._threads)
        if missing:
            work = self._work()
            for _ in range(missing):
                thread = threading.Thread(target=self._work_off, args=(work,), daemon=True)
                thread.start()
                self._threads.append(thread)

    def _begin_writing(self) -> None:
        """Take the right to write and clear away what others left.

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
            if not self._has_written:
                ring_missed(self._archive)
            self._right_to_write = taking.pop_all()
        self._is_writing = self._has_written = True

    @property
    def _is_at_chores(self) -> bool:
        return self._chores_thread is not None and self._chores_thread.is_alive()

    def _see_to_chores(self) -> None:
        if self._chores.are_due and not self._is_at_chores:
            self._chores_thread = threading.Thread(target=self._carry_out_chores, daemon=True)
            self._chores_thread.start()

    def _carry_out_chores(self) -> None:
        try:
            with writer_lock(self._archive.directory.root):
                self._chores.carry_out(self._sources)
        except (MmragError, OSError) as error:
            self._stand_still(str(error))

    def _end_writing(self) -> None:
        self._right_to_write.close()
        self._is_writing = False

    def _work(self) -> Work:
        return Work(
            self._archive,
            self._archive.identity,
            self._name,
            self._settings.worker,
            self._holding.pace,
            self._on_added,
        )

    def _work_off(self, work: Work) -> None:
        """A thread's life: one job after the other, until there is none."""
        try:
            while not self._holding.stop.is_set() and not self._holding.reason():
                job = work.archive.catalog.jobs.take(self._name)
                if job is None:
                    return
                work.carry_out(job)
                self._standstill = (0, 0.0, "")
        except Stopped:
            return
        except (StandstillError, CatalogError) as error:
            self._stand_still(str(error))
        except Exception:
            _log.exception("The work on a recording broke off; it is begun again.")
            self._stand_still("something unforeseen, see the log")

    def _stand_still(self, why: str) -> None:
        """Nothing can be done for now: say so once, and try again later."""
        times, _, before = self._standstill
        wait = _STANDSTILL[min(times, len(_STANDSTILL) - 1)]
        if why != before:
            _log.error("%s Nothing is lost; trying again in %.0f s and on.", why, wait)
        self._standstill = (times + 1, time.monotonic() + wait, why)

    def _on_added(self, recording: Recording) -> None:
        """Put the saved searches to it. What fails here is made up for at the next start."""
        try:
            ring(self._archive, recording)
        except MmragError as error:
            _log.warning("No saved search was put to %s: %s", recording.path, error)

    def _say_so(self) -> None:
        """A thread of its own: the main one may be loading a model."""
        while not self._holding.stop.is_set():
            with suppress(CatalogError):  # the main thread says it
                self._archive.catalog.worker.say(self._name, self._activity())
            self._holding.stop.wait(_SOURCES_EVERY)

    def _activity(self) -> str:
        if reason := self._holding.reason():
            return reason
        _, until, why = self._standstill
        if time.monotonic() < until:
            return f"waiting: {why}"
        return "working" if self._threads else "waiting for recordings"

    def _follow_clock(self, jump: timedelta, schedule: Schedule) -> None:
        _log.warning("The clock was set by %+.0f s.", jump.total_seconds())
        self._archive.catalog.jobs.shift_due(jump)
        schedule.start_anew()

    def _end_threads(self) -> None:
        deadline = time.monotonic() + _PATIENCE
        for thread in self._threads:
            thread.join(timeout=max(0.0, deadline - time.monotonic()))


class _Clock:
    """Notices when the clock on the wall was set: against one that nobody sets."""

    def __init__(self) -> None:
        self._difference = self._now()

    def jump(self) -> timedelta:
        """By how much since the last call; zero if by less than some seconds."""
        difference = self._now()
        jumped = difference - self._difference
        if abs(jumped) < _CLOCK_JUMP:
            # Small steps are added up: a clock may be brought to the right time little by little.
            return timedelta(0)
        self._difference = difference
        return timedelta(seconds=jumped)

    @staticmethod
    def _now() -> float:
        return datetime.now(UTC).timestamp() - time.monotonic()
