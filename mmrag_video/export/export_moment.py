"""What is exported, whether it comes from a search, a selection or a case."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from mmrag_video.catalog.case_records import Finding
from mmrag_video.moments import Confidence, Moment, Span


@dataclass(frozen=True)
class ExportMoment:
    """A moment with all that a format may tell of it."""

    spans: tuple[Span, ...]
    """At least one; several where it runs on into the camera's next recording."""
    best: Span
    """The frame that shows it, from its time until it is no longer valid."""
    query: str
    """What it was found by, in words; empty if it was not found by words."""
    score: float | None
    """0 to 1; None if it was not found by a search."""
    confidence: Confidence | None
    why: str
    note: str = ""
    """What somebody wrote about it."""
    tags: tuple[str, ...] = ()

    @property
    def camera(self) -> str:
        """The camera that saw it."""
        return self.spans[0].recording.camera

    @property
    def start(self) -> Fraction:
        """Media time of the start in the first recording, seconds."""
        return self.spans[0].start

    @property
    def end(self) -> Fraction:
        """Media time of the end in the last recording, seconds."""
        return self.spans[-1].end

    @property
    def duration(self) -> Fraction:
        """Seconds in all recordings together."""
        return sum((span.end - span.start for span in self.spans), Fraction(0))

    @property
    def wall_start(self) -> datetime | None:
        """Wall-clock start, aware; None where the recording's clock is unknown."""
        return self.spans[0].recording.clock.at(self.spans[0].start)

    @property
    def wall_end(self) -> datetime | None:
        """Wall-clock end, aware; None where the recording's clock is unknown."""
        return self.spans[-1].recording.clock.at(self.spans[-1].end)


def found(moments: Iterable[Moment], query: str) -> list[ExportMoment]:
    """Moments as a search by these words found them, in its order."""
    return [
        ExportMoment(
            spans=moment.spans,
            best=moment.best,
            query=query,
            score=moment.score,
            confidence=moment.confidence,
            why=moment.why,
        )
        for moment in moments
    ]


def stored(
    found: Finding,
    spans: Sequence[Span],
    best: Span | None = None,
    note: str = "",
    tags: tuple[str, ...] = (),
) -> ExportMoment:
    """A finding that was stored, with the parts that there still are of it, at least one.

    Where the frame that shows it is not there, its first part stands for it.
    """
    return ExportMoment(
        spans=tuple(spans),
        best=best or spans[0],
        query=found.query,
        score=found.score,
        confidence=found.confidence,
        why=found.why,
        note=note,
        tags=tags,
    )
