"""How the worker's queue stands, for the command and the page: what runs, waits, failed, and when
all of it will be done.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from mmrag_video.archive import Archive
from mmrag_video.catalog.jobs import Job, JobState
from mmrag_video.catalog.tally import DoneJob, counts_by_source, counts_by_state, done_between
from mmrag_video.catalog.worker_state import WorkerState
from mmrag_video.quiet_hours import end_of_work
from mmrag_video.settings import Settings
from mmrag_video.work_done import WorkDone, sum_of

RECENT = timedelta(hours=1)
"""Over which the speed is measured."""
_SHOWN = 20
"""Jobs of each kind."""


@dataclass(frozen=True)
class QueueOverview:
    """The queue at one moment."""

    at: datetime
    worker: WorkerState
    counts: Mapping[JobState, int]
    running: Sequence[Job]
    next: Sequence[Job]
    """Those whose turn comes first of those that have not failed."""
    untried: int
    """How many there are of these."""
    failed: Sequence[Job]
    """The newest failures; some of them will be tried again by themselves."""
    failures: int
    """How many there are of these."""
    progress: WorkDone
    """Within RECENT; of the footage, that of recordings at hand is included."""
    caught_up: datetime | None
    """When nothing will be left to do, if nothing new arrives and failures stay as they are; None
    if that cannot be known: nothing was done lately, no worker is at it, or all hours are quiet.
    """

    @property
    def is_worker_there(self) -> bool:
        """Whether a worker has lately said that it lives."""
        return self.worker.is_alive(self.at)

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs and nothing waits but what failed."""
        return not self.running and self.untried == 0


def queue_overview(archive: Archive, at: datetime | None = None) -> QueueOverview:
    """The queue as it stands. `at`: aware; unset: now."""
    at = at or datetime.now(UTC)
    catalog = archive.catalog
    queue, database, worker = catalog.jobs, catalog.database, catalog.worker.read()
    by_source = counts_by_source(database).values()
    running = queue.jobs(JobState.RUNNING)
    done = done_between(database, at - RECENT, at)
    progress = progress_of(done, running, at)
    lengths = [*(job.footage for job in done), *(job.total_seconds for job in running)]
    untried = sum(source.waiting for source in by_source)
    return QueueOverview(
        at=at,
        worker=worker,
        counts=counts_by_state(database),
        running=running,
        next=queue.untried(_SHOWN),
        untried=untried,
        failed=queue.failed(_SHOWN),
        failures=sum(source.failed for source in by_source),
        progress=progress,
        caught_up=_caught_up(
            at, worker, _seconds_left(progress, lengths, running, untried), archive.settings
        ),
    )


def _caught_up(
    at: datetime, worker: WorkerState, seconds: float | None, settings: Settings
) -> datetime | None:
    """`seconds`: that the rest takes; None if nobody knows."""
    if seconds == 0:
        return at
    if seconds is None or worker.paused or not worker.is_alive(at):
        return None
    return end_of_work(at, seconds, settings.worker.quiet, ZoneInfo(settings.clock.zone))


def _seconds_left(
    progress: WorkDone, lengths: Sequence[float], running: Sequence[Job], untried: int
) -> float | None:
    """Files that nobody has opened yet are taken to be as long as those of known `lengths`."""
    if not running and untried == 0:
        return 0.0
    speed = progress.times_real_time
    known = [length for length in lengths if length > 0]
    if speed is None or not known:
        return None
    usual = sum(known) / len(known)
    left = sum(max(0.0, (job.total_seconds or usual) - job.done_seconds) for job in running)
    return (left + untried * usual) / speed


def worker_in_words(overview: QueueOverview) -> str:
    """Whether a worker is there, and what it is at."""
    worker = overview.worker
    paused = "Paused. " if worker.paused else ""
    if overview.is_worker_there:
        return f"{paused}Worker {worker.name}: {worker.activity}"
    return f"{paused}No worker is running." if worker.name else f"{paused}No worker has run yet."


def counts_in_words(overview: QueueOverview) -> str:
    """How much there is of each: `1 running, 12 waiting, 2 failed, 340 done.`."""
    counts = overview.counts
    return (
        f"{counts[JobState.RUNNING]} running, {overview.untried} waiting, "
        f"{overview.failures} failed, {counts[JobState.DONE]} done."
    )


def progress_of(done: Sequence[DoneJob], running: Sequence[Job], at: datetime) -> WorkDone:
    """What these jobs come to within RECENT before `at`; of older work only the part since then."""
    at_hand = [
        DoneJob(job.begun, min(at, job.heartbeat), job.done_seconds, frames=0)
        for job in running
        if job.begun is not None and job.heartbeat is not None
    ]
    worked = sum_of(job.since(at - RECENT) for job in (*done, *at_hand))
    return replace(worked, recordings=len(done))
