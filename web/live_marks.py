"""What pages that follow by themselves show, as values that differ when something has changed.

Times that pass by themselves are left out: they come along with what else changes.
"""

from datetime import UTC, datetime

from mmrag_video.archive import Archive
from mmrag_video.catalog.index_tally import counts_by_index
from mmrag_video.catalog.jobs import Job
from mmrag_video.catalog.tally import counts_by_source
from mmrag_video.queue_overview import queue_overview
from mmrag_video.sources import all_sources
from web.live import Marks, Topic


def marks(archive: Archive) -> Marks:
    """As things are now. Opens the catalog, but neither store nor model. Raises CatalogError."""
    return {Topic.WORK: _work(archive), Topic.MODELS: _models(archive)}


def _work(archive: Archive) -> object:
    overview, worker = queue_overview(archive), archive.catalog.worker.read()
    return (
        (worker.paused, worker.name, worker.activity, overview.is_worker_there),
        overview.counts,
        overview.failures,
        overview.progress.recordings,
        [_job(job) for job in (*overview.running, *overview.next, *overview.failed)],
        sorted(all_sources(archive.settings, archive.catalog).items()),
        sorted(counts_by_source(archive.catalog.database).items()),
    )


def _models(archive: Archive) -> object:
    catalog, worker = archive.catalog, archive.catalog.worker.read()
    return (
        (worker.paused, worker.activity, worker.is_alive(datetime.now(UTC))),
        catalog.reindexings.last(),
        catalog.active_index(),
        sorted(counts_by_index(catalog.database).items()),
    )


def _job(job: Job) -> object:
    return job.id, job.state, job.attempts, job.due, job.error, job.done_seconds, job.total_seconds
