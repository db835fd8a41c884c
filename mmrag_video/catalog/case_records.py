"""A case and the moments in it, as plain values."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from mmrag_video.moments import Confidence


@dataclass(frozen=True)
class Case:
    """A collection of moments for one purpose."""

    id: int
    name: str
    note: str
    created: datetime
    created_by: str
    moments: int
    """How many there are in it."""


@dataclass(frozen=True)
class CaseSpan:
    """A part of one recording, in media time: start <= time < end, in seconds."""

    recording: str
    """Its id; the recording itself may be gone where a catalog was put back from a copy."""
    start: Fraction
    end: Fraction

    def plain(self) -> list[str]:
        """As JSON has it: its recording, and exactly its start and end."""
        return [self.recording, str(self.start), str(self.end)]


@dataclass(frozen=True)
class Finding:
    """A moment as it was found, by a search or by somebody's own eyes."""

    spans: tuple[CaseSpan, ...]
    """At least one; several where it runs on into the camera's next recording."""
    best: CaseSpan
    """The frame that shows it, from its time until it is no longer valid."""
    query: str = ""
    """What it was found by, in words; empty if it was not found by words."""
    score: float | None = None
    """0 to 1; None if it was not found by a search."""
    confidence: Confidence | None = None
    why: str = ""


@dataclass(frozen=True)
class CaseMoment:
    """A moment in a case, with what somebody made of it."""

    id: int
    case: int
    position: int
    """Its place in the case, from 0."""
    found: Finding
    spans: tuple[CaseSpan, ...]
    """Those that were found, with the ends as they are now."""
    note: str
    tags: tuple[str, ...]
    added: datetime
    added_by: str
    exported: datetime | None
    """When it was last part of an export."""

    @property
    def is_trimmed(self) -> bool:
        """Whether its ends are others than were found."""
        return self.spans != self.found.spans

    @property
    def best(self) -> CaseSpan:
        """The frame that shows it; where that was trimmed away, what is there at the start."""
        best = self.found.best
        for span in self.spans:
            if span.recording == best.recording and span.start <= best.start < span.end:
                return CaseSpan(best.recording, best.start, min(best.end, span.end))
        return self.spans[0]


@dataclass(frozen=True)
class Added:
    """What became of a finding that was to be collected."""

    moment: CaseMoment
    is_new: bool
    """False: it was in the case already, and nothing was changed."""


@dataclass(frozen=True)
class CaseMark:
    """That a part of a recording is in a case."""

    case: int
    name: str
    """Of the case."""
    span: CaseSpan
    exported: datetime | None
