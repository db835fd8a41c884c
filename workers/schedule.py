"""When which source is looked at: by its schedule, or because the system tells of a change."""

import logging
import stat
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from watchfiles import watch

from mmrag_video.settings import SourceSettings

_log = logging.getLogger(__name__)
_STEP_MS = 500
"""Changes of one file come in bursts; one look answers them all."""


class Due:
    """The names of sources that are to be looked at, told by any thread."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._lock = threading.Lock()

    def add(self, name: str) -> None:
        """Look at this one."""
        with self._lock:
            self._names.add(name)

    def take(self) -> set[str]:
        """All that are, which then are not any more."""
        with self._lock:
            names, self._names = self._names, set()
            return names


class Schedule:
    """APScheduler, which only says that a source is due."""

    def __init__(self, due: Due, zone: str) -> None:
        self._due = due
        self._zone = zone
        self._sources: dict[str, SourceSettings] = {}
        # The default grace drops what a busy machine starts 1 s late.
        defaults = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        self._scheduler = BackgroundScheduler(timezone=zone, job_defaults=defaults)
        self._scheduler.start()

    def follow(self, sources: Mapping[str, SourceSettings]) -> None:
        """Keep to these from now on. What is new or changed is due at once."""
        for name in self._sources.keys() - sources.keys():
            self._scheduler.remove_job(f"look: {name}")
        for name, source in sources.items():
            if self._sources.get(name) != source:
                self._plan(name, source)
                self._due.add(name)
        self._sources = dict(sources)

    def start_anew(self) -> None:
        """The clock was set: what would come too late or too early is planned again."""
        for name, source in self._sources.items():
            self._plan(name, source)
            self._due.add(name)

    def look_again(self, name: str, seconds: float) -> None:
        """Once more, soon: a file has not settled yet."""
        self._scheduler.add_job(
            self._due.add,
            "date",
            (name,),
            run_date=datetime.now(UTC) + timedelta(seconds=seconds),
            id=f"again: {name}",
            replace_existing=True,
        )

    def close(self) -> None:
        """Nothing is due any more."""
        self._scheduler.shutdown(wait=False)

    def _plan(self, name: str, source: SourceSettings) -> None:
        trigger: Any = (
            CronTrigger.from_crontab(source.cron, timezone=self._zone)
            if source.cron is not None
            else IntervalTrigger(minutes=source.every, timezone=self._zone)
        )
        self._scheduler.add_job(
            self._due.add, trigger, (name,), id=f"look: {name}", replace_existing=True
        )


class Watch:
    """A thread that is told by the system of changes in folders on this machine's own disks.

    Network shares tell nothing of what others write: there the schedule has to do.
    """

    def __init__(self, due: Due) -> None:
        self._due = due
        self._folders: dict[str, tuple[SourceSettings, tuple[int, int]]] = {}
        """With the device and inode of each: another disk may be mounted in the same place."""
        self._told = ""
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def follow(self, sources: Mapping[str, SourceSettings]) -> None:
        """Watch the folders of these that are there and want it."""
        wanted = {
            name: (source, place)
            for name, source in sources.items()
            if source.watch and (place := _place(source.folder)) is not None
        }
        is_at_it = self._thread is not None and self._thread.is_alive()
        if wanted == self._folders and (is_at_it or not wanted):
            return
        self.close()
        self._folders = wanted
        if wanted:
            self._stop = threading.Event()
            self._thread = threading.Thread(
                target=self._run, args=(wanted, self._stop), name="watch", daemon=True
            )
            self._thread.start()

    def close(self) -> None:
        """Watch nothing any more."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
            self._thread = None

    def _run(
        self, places: Mapping[str, tuple[SourceSettings, object]], stop: threading.Event
    ) -> None:
        sources = {name: source for name, (source, _) in places.items()}
        folders = [source.folder for source in sources.values()]
        try:
            for changes in watch(*folders, stop_event=stop, step=_STEP_MS, rust_timeout=1000):
                for name, source in sources.items():
                    if any(path.startswith(f"{source.folder}/") for _, path in changes):
                        self._due.add(name)
        except (OSError, RuntimeError) as error:
            if str(error) != self._told and not stop.is_set():
                self._told = str(error)
                _log.warning(
                    "The system does not tell of changes in the sources (%s): they are looked "
                    "at by their schedules.",
                    error,
                )
            stop.wait(60)  # the thread ends then, and is started again


def _place(folder: Path) -> tuple[int, int] | None:
    """Device and inode; None if there is no folder that may be looked at."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISDIR(status.st_mode) else None
