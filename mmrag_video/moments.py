"""Moments: what a search answers with. Neighbouring frames that match, as one span of time."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from mmrag_video.catalog.records import Recording
from mmrag_video.models.base import Facts


class Confidence(StrEnum):
    """What a score means to a person."""

    STRONG = "strong"
    POSSIBLE = "possible"
    WEAK = "weak"


@dataclass(frozen=True)
class Span:
    """A part of one recording, in media time: start <= time < end, in seconds."""

    recording: Recording
    start: Fraction
    end: Fraction


@dataclass(frozen=True)
class Moment:
    """One event that answers a query: its frames matched and follow each other."""

    spans: tuple[Span, ...]
    """At least one; several where the event runs on into the camera's next recording."""
    best: Span
    """The frame that answers best, from its time until it is no longer valid."""
    score: float
    """0 to 1."""
    confidence: Confidence
    above: float
    """Share of the collection (0 to 1) that answers this query less well, from a sample."""
    why: str
    """What in the best frame answers the query; empty if the model cannot say."""
    facts: Facts = field(default_factory=dict, compare=False, repr=False)
    """What the model wrote down of the best frame; empty if it writes nothing down."""
    frames: tuple[Span, ...] = field(default=(), compare=False, repr=False)
    """The frames of it that were recalled, the best among them, in order of time, each from its
    time until it is no longer valid."""

    @property
    def camera(self) -> str:
        """The camera that saw it."""
        return self.best.recording.camera

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
        """Wall-clock start; None where the recording's clock is unknown."""
        return self.spans[0].recording.clock.at(self.start)

    @property
    def wall_end(self) -> datetime | None:
        """Wall-clock end; None where the recording's clock is unknown."""
        return self.spans[-1].recording.clock.at(self.end)


@dataclass(frozen=True)
class Answer:
    """All moments for one query, best first."""

    moments: tuple[Moment, ...]

    @property
    def is_confident(self) -> bool:
        """False: nothing in the collection stands out for this query."""
        return any(moment.confidence is not Confidence.WEAK for moment in self.moments)
