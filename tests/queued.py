"""Files in a real queue, in the states that a worker brings them to."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from mmrag_video.catalog.catalog import Catalog
from mmrag_video.catalog.jobs import Job, SeenFile

WORKER = "4711 on nvr"


def wait_in_line(catalog: Catalog, *paths: Path, source: str = "nvr") -> None:
    """The first comes first."""
    seen = [SeenFile(path, 1000, 1, datetime(2026, 3, 29, tzinfo=UTC)) for path in paths]
    catalog.jobs.add(source, [(file, float(place)) for place, file in enumerate(seen)])


def run_next(catalog: Catalog, done: float = 0.0, total: float = 0.0) -> Job:
    """Seconds of footage that are done, and that there are."""
    job = catalog.jobs.take(WORKER)
    assert job is not None
    catalog.jobs.beat(job, done, total)
    return job


def fail_next(catalog: Catalog, why: str, again: timedelta | None = None) -> Job:
    """`again`: after which it is tried again; else it is set aside."""
    job = run_next(catalog)
    if again is None:
        catalog.jobs.set_aside(job, why)
    else:
        catalog.jobs.retry_later(job, why, again)
    return job
