"""How the worker and its queue are, in figures: for the page, the commands and for machines."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mmrag_video.archive import Archive
from mmrag_video.catalog.jobs import JobState
from mmrag_video.catalog.tally import failed_by_kind, oldest_new, oldest_to_come
from mmrag_video.errors import ErrorKind
from mmrag_video.queue_overview import queue_overview
from mmrag_video.sources import all_sources
from mmrag_video.work_done import WorkDone


@dataclass(frozen=True)
class DiskFigures:
    """The disk that the data directory lies on, in bytes."""

    free: int
    used: int


@dataclass(frozen=True)
class WorkerFigures:
    """What the worker last said of itself."""

    is_alive: bool
    """Whether it has lately said that it lives."""
    heartbeat: datetime | None
    """None before there was one."""
    age: float | None
    """Seconds since then."""
    paused: bool
    activity: str
    unreadable: tuple[str, ...]
    """Sources of which it could not read all."""


@dataclass(frozen=True)
class Figures:
    """How things are at one moment."""

    jobs: Mapping[JobState, int]
    failed: Mapping[JobState, Mapping[ErrorKind, int]]
    """Jobs whose last attempt failed: those that wait for another, and those set aside."""
    lag: float
    """Seconds since the oldest file that is newer than all that is searchable of its source was
    last written to, those that failed left aside; 0 if there is none."""
    oldest_to_come: float
    """The same of the oldest file that is still to come, however new others are."""
    lately: WorkDone
    """In the last hour; of the footage, that of recordings at hand is included."""
    expected_end: datetime | None
    """When what is there now will be done, at the pace of the last hour; `now` if nothing is left,
    None if that is unknown, the worker is paused, or there is none."""
    readable: Mapping[str, bool]
    """Of each source: whether the worker could read all of it at its last look."""
    disk: DiskFigures
    worker: WorkerFigures


def figures(archive: Archive, now: datetime) -> Figures:
    """How things are at `now`, an aware time. Opens the catalog, but neither store nor model.

    Raises CatalogError if the catalog cannot be used.
    """
    database = archive.catalog.database
    overview = queue_overview(archive, now)
    failed = {
        state: failed_by_kind(database, state) for state in (JobState.WAITING, JobState.SET_ASIDE)
    }
    worker = worker_figures(archive, now)
    sources = all_sources(archive.settings, archive.catalog)
    return Figures(
        jobs=overview.counts,
        failed=failed,
        lag=_age(oldest_new(database, now), now) or 0.0,
        oldest_to_come=_age(oldest_to_come(database), now) or 0.0,
        lately=overview.progress,
        expected_end=overview.caught_up,
        disk=disk_figures(archive),
        readable={name: name not in worker.unreadable for name in sources},
        worker=worker,
    )


def worker_figures(archive: Archive, now: datetime) -> WorkerFigures:
    """What the worker last said of itself. Raises CatalogError."""
    state = archive.catalog.worker.read()
    return WorkerFigures(
        is_alive=state.is_alive(now),
        heartbeat=state.heartbeat,
        age=_age(state.heartbeat, now),
        paused=state.paused,
        activity=state.activity,
        unreadable=state.unreadable,
    )


def disk_figures(archive: Archive) -> DiskFigures:
    """The disk of the data directory. Raises DataDirectoryError if that cannot be made."""
    archive.directory.create()
    usage = shutil.disk_usage(archive.directory.root)
    return DiskFigures(free=usage.free, used=usage.used)


def _age(moment: datetime | None, now: datetime) -> float | None:
    """Seconds. A clock that was set back makes what happened something of the future."""
    return None if moment is None else max(0.0, (now - moment).total_seconds())
