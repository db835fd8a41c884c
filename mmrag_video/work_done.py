"""How much was done, and in how much time: what speeds are worked out from."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mmrag_video.catalog.tally import DoneJob


@dataclass(frozen=True)
class WorkDone:
    """What was done in a span of time."""

    recordings: int
    footage: float
    """Seconds; recordings that were known already add nothing."""
    seconds: float
    """In which at least one recording was worked on."""
    frames: int
    """Kept."""

    @property
    def times_real_time(self) -> float | None:
        """Footage by the time that it took; None if there was none."""
        return self.footage / self.seconds if self.footage > 0 and self.seconds > 0 else None


def sum_of(jobs: Iterable[DoneJob]) -> WorkDone:
    """What some jobs that are done come to."""
    done = list(jobs)
    return WorkDone(
        recordings=len(done),
        footage=sum(job.footage for job in done),
        seconds=seconds_covered((job.begun, job.ended) for job in done),
        frames=sum(job.frames for job in done),
    )


def seconds_covered(spans: Iterable[tuple[datetime, datetime]]) -> float:
    """Seconds that lie in at least one of the spans: several recordings are worked on at a time.

    A span that ends before it begins, the clock having been set, covers nothing.
    """
    covered, reached = timedelta(0), datetime.min.replace(tzinfo=UTC)
    for begin, end in sorted(spans):
        start = max(begin, reached)
        if end > start:
            covered += end - start
            reached = end
    return covered.total_seconds()
