"""How the worker's queue stands, for the command and the page: what runs, waits, failed, and when
all of it will be done.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mmrag_video.catalog.catalog import Catalog
from mmrag_video.catalog.jobs import Job, JobState
from mmrag_video.catalog.worker_state import WorkerState
from mmrag_video.work_done import WorkDone, seconds_covered

RECENT = timedelta(hours=1)
"""Over which the speed is measured."""
_SIGN_OF_LIFE = timedelta(seconds=30)
"""A worker that has not said anything for so long is taken to have ended."""
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
    if that cannot be known: nothing was done lately, or no worker is at it.
    """

    @property
    def is_worker_there(self) -> bool:
        """Whether a worker has lately said that it lives."""
        return is_alive(self.worker, self.at)

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs and nothing waits but what failed."""
        return not self.running and self.untried == 0


def queue_overview(catalog: Catalog, at: datetime | None = None) -> QueueOverview:
    """The queue as it stands. `at`: aware; unset: now."""
    at = at or datetime.now(UTC)
    queue = catalog.jobs
    worker, counts = catalog.worker.read(), queue.counts()
    by_source = queue.source_counts().values()
    running = queue.jobs(JobState.RUNNING)
    ended = queue.ended_since(at - RECENT)
    untried = sum(source.waiting for source in by_source)
    return QueueOverview(
        at=at,
        worker=worker,
        counts=counts,
        running=running,
        next=queue.untried(_SHOWN),
        untried=untried,
        failed=queue.failed(_SHOWN),
        failures=sum(source.failed for source in by_source),
        progress=progress_of(ended, running, at),
        caught_up=_caught_up(at, worker, ended, running, untried),
    )


def is_alive(worker: WorkerState, at: datetime) -> bool:
    """Whether the worker has lately said that it lives."""
    return worker.heartbeat is not None and at - worker.heartbeat < _SIGN_OF_LIFE


def _caught_up(
    at: datetime,
    worker: WorkerState,
    ended: Sequence[Job],
    running: Sequence[Job],
    untried: int,
) -> datetime | None:
    """Footage of files that nobody has opened yet is taken to be that of the recent ones."""
    if not running and untried == 0:
        return at
    speed = progress_of(ended, running, at).times_real_time
    if speed is None or worker.paused or not is_alive(worker, at):
        return None
    lengths = [job.total_seconds for job in (*ended, *running) if job.total_seconds > 0]
    if not lengths:
        return None
    usual = sum(lengths) / len(lengths)
    left = sum(max(0.0, (job.total_seconds or usual) - job.done_seconds) for job in running)
    return at + timedelta(seconds=(left + untried * usual) / speed)


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


def progress_of(ended: Sequence[Job], running: Sequence[Job], at: datetime) -> WorkDone:
    """What these jobs come to within RECENT before `at`; of older work only the part since then."""
    begin = at - RECENT
    done = [job for job in ended if job.state is JobState.DONE]
    spans, footage = [], 0.0
    for job, seconds, until in (
        *((job, job.total_seconds, job.ended) for job in done),
        *((job, job.done_seconds, job.heartbeat) for job in running),
    ):
        if job.begun is None or until is None or until <= max(begin, job.begun):
            continue
        span = (max(begin, job.begun), min(at, until))
        spans.append(span)
        footage += seconds * ((span[1] - span[0]) / (until - job.begun))
    frames = sum(job.frames for job in done)
    return WorkDone(len(done), footage, seconds_covered(spans), frames)
