"""How the worker and its queue are, in figures: for the page, the commands and for machines."""

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from mmrag_video.archive import Archive
from mmrag_video.catalog.jobs import JobState
from mmrag_video.catalog.tally import DoneJob, done_between, failed_by_kind
from mmrag_video.errors import ErrorKind
from mmrag_video.work_done import WorkDone, seconds_covered

LATELY = timedelta(hours=1)
_PACE_FROM = timedelta(hours=6)
"""How far back files count for how long one takes: cameras differ, and so do their hours."""


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
    """In the last hour."""
    expected_end: datetime | None
    """When what is there now will be done, at the pace of the last hours; `now` if nothing waits,
    None if that is unknown or the worker is paused."""
    disk: DiskFigures
    worker: WorkerFigures


def figures(archive: Archive, now: datetime) -> Figures:
    """How things are at `now`, an aware time. Opens the catalog, but neither store nor model.

    Raises CatalogError if the catalog cannot be used.
    """
    queue, database = archive.catalog.jobs, archive.catalog.database
    jobs = queue.counts()
    failed = {
        state: failed_by_kind(database, state) for state in (JobState.WAITING, JobState.SET_ASIDE)
    }
    oldest = queue.oldest_waiting()
    done = done_between(database, now - _PACE_FROM, now)
    worker = worker_figures(archive, now)
    to_come = jobs[JobState.WAITING] + jobs[JobState.RUNNING]
    to_come = max(0, to_come - sum(failed[JobState.WAITING].values()))
    return Figures(
        jobs=jobs,
        failed=failed,
        lag=0.0 if oldest is None else max(0.0, (now - oldest).total_seconds()),
        lately=work_done(job for job in done if job.ended >= now - LATELY),
        expected_end=None if worker.paused else expected_end(to_come, work_done(done), now),
        disk=disk_figures(archive),
        worker=worker,
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


def work_done(jobs: Iterable[DoneJob]) -> WorkDone:
    """The sum of some jobs."""
    done = list(jobs)
    return WorkDone(
        recordings=len(done),
        footage=sum(job.footage for job in done),
        seconds=seconds_covered((job.begun, job.ended) for job in done),
        frames=sum(job.frames for job in done),
    )


def expected_end(files: int, done: WorkDone, now: datetime) -> datetime | None:
    """When so many files will be done if each takes as long as those of `done` did.

    What arrives meanwhile is left out. None if nothing is known of how long they take.
    """
    if files == 0:
        return now
    if done.recordings == 0 or done.seconds == 0:
        return None
    return now + timedelta(seconds=files * done.seconds / done.recordings)
