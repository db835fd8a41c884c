"""The worker: looks at the sources, keeps the queue, and has threads work it off.

The main thread looks and decides, and does nothing that takes long; threads do the rest. All of
them share one archive: one model, one store, one catalog.
"""

import logging
import os
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

from mmrag_video.archive import Archive
from mmrag_video.counting import counted
from mmrag_video.errors import CatalogError, MmragError
from mmrag_video.file_lock import FileLock, LockMode
from mmrag_video.settings import Settings, SourceSettings
from mmrag_video.sources import all_sources
from workers.daily import DailyLine
from workers.deliveries import Deliveries
from workers.holding_back import HoldingBack
from workers.scanning import look_at, turn_of
from workers.schedule import Due, Schedule, Watch
from workers.settling import Settling
from workers.standstill import Standstill
from workers.threads import Threads

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
_HELD_UP = 300.0
"""Seconds that a look at a source may take: one at 100,000 files takes four."""
_LIVE_EVERY = 5.0
"""Seconds, at most, before the next look at a source with a file that is taken while it grows."""
_BEFORE_ALL = 1e14
"""Off the turn of growing files, which are to be searchable at once: more than any priority."""


class Worker:
    """One process's worker over one data directory. `run` returns when `stop` is called."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._archive = Archive(settings)
        self._name = f"{os.getpid()}@{socket.gethostname()}"
        self._told_to_stop: list[bool] = []
        """No Event: its lock may be held by the very thread that a signal interrupts."""
        self._holding = HoldingBack(settings, lambda: self._archive.catalog.worker.read().paused)
        self._due = Due()
        self._settling: dict[str, Settling] = defaultdict(Settling)
        """Of each source."""
        self._sources: dict[str, SourceSettings] = {}
        self._looked: dict[str, tuple[float, float]] = {}
        """When each source was last looked at, and how many seconds that took."""
        self._problems: dict[str, tuple[str, ...]] = {}
        self._went_round = time.monotonic()
        """When the main thread last came by."""
        self._standstill = Standstill()
        self._threads = Threads(
            settings, self._archive, self._name, self._holding, self._standstill
        )
        self._daily_line = DailyLine(self._archive)

    def stop(self) -> None:
        """End soon. From any thread, and from a signal's handler."""
        self._told_to_stop.append(True)

    def run(self) -> None:
        """Work until `stop`. Raises what no waiting mends: settings, a catalog that is damaged."""
        with self._archive, self._alone():
            if self._told_to_stop:
                return
            put_back = self._archive.catalog.jobs.put_back_running()
            if put_back:
                _log.info("%s that were at hand: begun again.", counted(put_back, "recording"))
            threading.Thread(target=self._say_so, name="signs of life", daemon=True).start()
            deliveries = Deliveries(self._archive.catalog)
            deliveries.start()
            schedule, watch = Schedule(self._due, self._settings.clock.zone), Watch(self._due)
            try:
                self._loop(schedule, watch)
            finally:
                self._holding.stop.set()
                watch.close()
                schedule.close()
                self._threads.end()
                deliveries.stop(wait=0.5)

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
                    if self._told_to_stop:
                        yield
                        return
                    time.sleep(_TICK)
            lock.write(self._name)
            yield

    def _loop(self, schedule: Schedule, watch: Watch) -> None:
        looked_at_sources = float("-inf")
        clock = _Clock()
        while not self._told_to_stop:
            time.sleep(_TICK)
            self._went_round = time.monotonic()
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
                self._threads.see_to(self._sources)
                self._daily_line.tell(datetime.now(UTC))
            except (MmragError, OSError) as error:
                self._standstill.begin(str(error))

    def _look(self, schedule: Schedule) -> None:
        """Look at every source that is due and was not looked at just now."""
        for name in self._due.take():
            source = self._sources.get(name)
            if source is None:
                continue
            at, took = self._looked.get(name, (float("-inf"), 0.0))
            began = time.monotonic()
            rest = at + max(_TICK, _LOOKING_SHARE * took) - began
            if rest > 0:
                schedule.look_again(name, rest)
                continue
            unsettled = self._look_at(name, source)
            self._looked[name] = time.monotonic(), time.monotonic() - began
            if unsettled:
                soon = min(source.settle, _LIVE_EVERY) if source.live else source.settle
                schedule.look_again(name, max(_TICK, soon))

    def _look_at(self, name: str, source: SourceSettings) -> int:
        """Queue what is new; the number of files that still change."""
        jobs = self._archive.catalog.jobs
        others = [one.folder for one in self._sources.values()]
        changes = look_at(source, jobs.known(name), self._settling[name], others)
        if changes.problems != self._problems.get(name, ()):
            for problem in changes.problems:
                _log.warning("%s", problem, extra={"source": name})
            if not changes.problems:
                _log.info("The source %s can be read again.", name, extra={"source": name})
            self._problems[name] = changes.problems
        if changes.new:
            jobs.add(name, [(file, turn_of(file, source)) for file in changes.new])
            new = counted(len(changes.new), "new file")
            _log.info("%s in %s.", new, name, extra={"source": name})
        if changes.growing:
            first = [(file, turn_of(file, source) - _BEFORE_ALL) for file in changes.growing]
            jobs.add(name, first, growing=True)
        if changes.gone:
            jobs.mark_gone(changes.gone)
            self._threads.chores.ask_for()
            gone = counted(len(changes.gone), "file")
            _log.info("%s gone from %s.", gone, name, extra={"source": name})
        return changes.unsettled

    def _say_so(self) -> None:
        """A thread of its own: the main one may be held up by a folder that does not answer.

        After some minutes of that there is no sign of life any more, and health says so.
        """
        while not self._holding.stop.is_set():
            if time.monotonic() - self._went_round < _HELD_UP:
                with suppress(CatalogError):  # the main thread says it
                    unreadable = self._unreadable()
                    activity = self._activity(unreadable)
                    self._archive.catalog.worker.say(self._name, activity, unreadable)
            self._holding.stop.wait(_SOURCES_EVERY)

    def _unreadable(self) -> list[str]:
        """Sources, of those that there are, whose last look met something that cannot be read."""
        # A copy: this is asked by another thread than the one that looks.
        problems = self._problems.copy()
        return sorted(name for name in self._sources if problems.get(name))

    def _activity(self, unreadable: list[str]) -> str:
        remark = f"; not all can be read of: {', '.join(unreadable)}" if unreadable else ""
        return self._occupation() + remark

    def _occupation(self) -> str:
        if reason := self._holding.reason():
            return reason
        if why := self._standstill.reason:
            return f"waiting: {why}"
        if self._threads.are_at_index:
            return "at work on the index; recordings wait"
        return "working" if self._threads.are_at_work else "waiting for recordings"

    def _follow_clock(self, jump: timedelta, schedule: Schedule) -> None:
        _log.warning("The clock was set by %+.0f s.", jump.total_seconds())
        self._archive.catalog.jobs.shift_due(jump)
        self._archive.catalog.hits.shift_due(jump)
        schedule.start_anew()


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
