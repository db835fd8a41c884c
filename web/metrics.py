"""What Prometheus is told: the figures of the archive, and how long the page's answers took."""

from collections.abc import Iterator
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from mmrag_video.archive import Archive
from mmrag_video.health import Figures, figures

_SEARCH_SECONDS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
"""`basic` takes 60 ms among 10,000 frames, rerankers that look at pictures seconds."""
_ANSWER_SECONDS = (1, 2, 5, 10, 20, 60, 120, 300)
"""Models that write take from a second, on a card, to minutes, on a CPU."""


class Metrics:
    """One application's metrics, in a registry of its own."""

    def __init__(self, archive: Archive) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(_FiguresCollector(archive))
        self.searches = Histogram(
            "mmrag_search_duration_seconds",
            "Time that a search took, from the question to the moments.",
            buckets=_SEARCH_SECONDS,
            registry=self.registry,
        )
        self.answers = Histogram(
            "mmrag_answer_duration_seconds",
            "Time that an answer in words took, its search included.",
            buckets=_ANSWER_SECONDS,
            registry=self.registry,
        )


class _FiguresCollector(Collector):
    """Reads the figures at each scrape: other processes write them, the catalog knows them all."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The metrics now. Raises CatalogError: a scrape that fails is told by `up`."""
        return metrics_of(figures(self._archive, datetime.now(UTC)))


def metrics_of(now: Figures) -> Iterator[GaugeMetricFamily]:
    """The figures as metrics; one that is unknown has no value."""
    jobs = GaugeMetricFamily("mmrag_queue_jobs", "Files in the queue.", labels=["state"])
    for state, count in now.jobs.items():
        jobs.add_metric([state.value], count)
    yield jobs
    failed = GaugeMetricFamily(
        "mmrag_queue_failed_jobs",
        "Files whose last attempt failed, waiting for another or set aside.",
        labels=["state", "kind"],
    )
    for state, kinds in now.failed.items():
        for kind, count in kinds.items():
            failed.add_metric([state.value, kind.value], count)
    yield failed
    readable = GaugeMetricFamily(
        "mmrag_source_readable",
        "1 where the worker could read all of a source at its last look.",
        labels=["source"],
    )
    for source, is_readable in now.readable.items():
        readable.add_metric([source.encode(errors="replace").decode()], float(is_readable))
    yield readable
    yield _gauge(
        "mmrag_lag_seconds",
        "Age of the oldest file newer than all that is searchable of its source.",
        now.lag,
    )
    yield _gauge(
        "mmrag_oldest_to_come_seconds",
        "Age of the oldest file still to come, failures aside.",
        now.oldest_to_come,
    )
    yield _gauge(
        "mmrag_expected_end_timestamp_seconds",
        "When what waits will be done, at the pace of the last hour.",
        _timestamp(now.expected_end),
    )
    yield from _work_metrics(now)
    yield from _machine_metrics(now)


def _work_metrics(now: Figures) -> Iterator[GaugeMetricFamily]:
    lately = now.lately
    yield _gauge(
        "mmrag_last_hour_recordings", "Recordings done in the last hour.", lately.recordings
    )
    yield _gauge(
        "mmrag_last_hour_footage_seconds", "Footage done in the last hour.", lately.footage
    )
    yield _gauge("mmrag_last_hour_frames", "Frames kept in the last hour.", lately.frames)
    yield _gauge(
        "mmrag_realtime_ratio",
        "Footage done in the last hour, by the time it took.",
        lately.times_real_time,
    )


def _machine_metrics(now: Figures) -> Iterator[GaugeMetricFamily]:
    yield _gauge(
        "mmrag_worker_heartbeat_timestamp_seconds",
        "The worker's last sign of life.",
        _timestamp(now.worker.heartbeat),
    )
    yield _gauge("mmrag_worker_paused", "1 while the worker is paused.", float(now.worker.paused))
    yield _gauge("mmrag_disk_free_bytes", "Free space on the data directory's disk.", now.disk.free)
    yield _gauge("mmrag_disk_used_bytes", "Used space on the data directory's disk.", now.disk.used)


def _gauge(name: str, documentation: str, value: float | None) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, documentation)
    if value is not None:
        gauge.add_metric([], value)
    return gauge


def _timestamp(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()
