"""An export that is made in the background: what was asked for, and how far it is."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from pydantic import TypeAdapter

from mmrag_video.catalog.case_records import CaseSpan, Finding
from mmrag_video.export.naming import DEFAULT_TEMPLATE
from mmrag_video.moments import Confidence


class JobKind(StrEnum):
    """What is made. The first two are called as the kinds of clips."""

    COPIES = "clip"
    EXACT = "clip-exact"
    EVIDENCE = "evidence"


class JobState(StrEnum):
    """How far it is."""

    WAITING = "waiting"
    """Others are being made."""
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    """The page's program ended while it was at it."""

    @property
    def is_under_way(self) -> bool:
        """Whether something is being made, or will be without anybody's doing."""
        return self in (JobState.WAITING, JobState.RUNNING)


@dataclass(frozen=True)
class OrderedMoment:
    """A moment as it was when it was ordered, whatever becomes of its case."""

    spans: tuple[CaseSpan, ...]
    best: CaseSpan
    query: str = ""
    score: float | None = None
    confidence: Confidence | None = None
    why: str = ""
    note: str = ""
    collected: int | None = None
    """Its id in a case, where it is to be marked as exported."""

    @property
    def found(self) -> Finding:
        """The same as a finding."""
        return Finding(self.spans, self.best, self.query, self.score, self.confidence, self.why)


@dataclass(frozen=True)
class JobOrder:
    """What is to be made."""

    kind: JobKind
    title: str
    case: int | None = None
    """Of evidence, whose moments are those that are in it when it is made."""
    moments: tuple[OrderedMoment, ...] = ()
    """Of clips."""
    before: Fraction = Fraction(0)
    """Seconds added before each moment."""
    after: Fraction = Fraction(0)
    """Seconds added after it."""
    names: str = DEFAULT_TEMPLATE
    """How the clips are named."""
    blur: tuple[str, ...] = ()
    """Regions, as `mmrag-video evidence --blur` takes them."""


@dataclass(frozen=True)
class Progress:
    """What is done now, how much of it is done, and how much there is in all."""

    what: str
    done: int
    total: int


@dataclass(frozen=True)
class MadeFile:
    """What came of it."""

    name: str
    size: int
    """Bytes."""
    sha256: str
    remarks: tuple[str, ...] = ()
    """What is to be known of it, a line each."""
    left_out: tuple[str, ...] = ()
    """What is not in it and why, a sentence each."""
    manifest: str = ""
    """SHA-256 of the manifest; empty where it is no evidence."""
    signed_by: str = ""
    """Fingerprint of the key; empty where nobody signed it."""


@dataclass(frozen=True)
class ExportJob:
    """One of them."""

    number: int
    owner: str
    """Name of the user who ordered it."""
    address: str
    """Of the machine that they asked from."""
    order: JobOrder
    cameras: tuple[str, ...]
    """Whose pictures it holds, or is to hold."""
    expected: int
    """Bytes that it takes while it is made, about."""
    ordered: datetime
    changed: datetime
    """When this was written last."""
    state: JobState = JobState.WAITING
    progress: Progress | None = field(default=None)
    problem: str = ""
    """Why it failed, a sentence."""
    made: MadeFile | None = None


AS_JSON = TypeAdapter(ExportJob)
"""Jobs as they are kept on disk."""
