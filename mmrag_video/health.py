"""How the worker and its queue are, in figures: for the page, the commands and for machines."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mmrag_video.archive import Archive
from mmrag_video.catalog.jobs import JobState
from mmrag_video.catalog.tally import failed_by_kind
from mmrag_video.errors import ErrorKind
from mmrag_video.queue_overview import queue_overview
from mmrag_video.work_done import WorkDone


@dataclass(frozen=True)
class DiskFigures:
    """The disk that the data directory lies on, in bytes."""

    free: int
    used: int


@dataclass(frozen=True)
class WorkerFigures:
    """What the worker last said of itself."""

    heartbeat: datetime | None
    """None before there was one."""
    age: float | None
    """Seconds since then."""
    paused: bool
    activity: str


@dataclass(frozen=True)
class Figures:
    """How things are at one moment."""

    jobs: Mapping[JobState, int]
    failed: Mapping[JobState, Mapping[ErrorKind, int]]
    """Jobs whose last attempt failed: those that wait for another, and those set aside."""
    lag: float
    """Seconds since the oldest file that is still to come was last written to, those that failed
    left aside; 0 if there is none."""
    lately: WorkDone
    """In the last hour; of the footage, that of recordings at hand is included."""
    expected_end: datetime | None
    """When what is there now will be done, at the pace of the last hour; `now` if nothing is left,
    None if that is unknown, the worker is paused, or there is none."""
    disk: DiskFigures
    worker: WorkerFigures


def figures(archive: Archive, now: datetime) -> Figures:
    """How things are at `now`, an aware time. Opens the catalog, but neither store nor model.

    Raises CatalogError if the catalog cannot be used.
    """
    queue, database = archive.catalog.jobs, archive.catalog.database
    overview = queue_overview(archive.catalog, now)
    failed = {
        state: failed_by_kind(database, state) for state in (JobState.WAITING, JobState.SET_ASIDE)
    }
    oldest = queue.oldest_waiting()
    return Figures(
        jobs=overview.counts,
        failed=failed,
        lag=0.0 if oldest is None else max(0.0, (now - oldest).total_seconds()),
        lately=overview.progress,
        expected_end=overview.caught_up,
        disk=disk_figures(archive),
        worker=worker_figures(archive, now),
    )


def worker_figures(archive: Archive, now: datetime) -> WorkerFigures:
    """What the worker last said of itself. Raises CatalogError."""
    state = archive.catalog.worker.read()
    age = None
    if state.heartbeat is not None:
        # A clock that was set back makes the last sign of life one of the future.
        age = max(0.0, (now - state.heartbeat).total_seconds())
    return WorkerFigures(state.heartbeat, age, state.paused, state.activity)


def disk_figures(archive: Archive) -> DiskFigures:
    """The disk of the data directory. Raises SettingsError if that cannot be made."""
    archive.directory.create()
    usage = shutil.disk_usage(archive.directory.root)
    return DiskFigures(free=usage.free, used=usage.used)
