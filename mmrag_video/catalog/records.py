"""What the catalog knows, as plain values. Rows of the database never leave catalog.py."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

from mmrag_video.video.wall_clock import Clock


class RunState(StrEnum):
    """How an ingest run stands."""

    RUNNING = "running"
    COMPLETE = "complete"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Camera:
    """A camera, by the name that recordings and filters use."""

    name: str
    recordings: int
    duration: Fraction
    """Seconds of complete recordings, each rounded to a microsecond."""
    first: datetime | None
    last: datetime | None
    without_clock: int = 0
    """Recordings of which nobody knows when they are from."""


@dataclass(frozen=True)
class Recording:
    """A file known by its content."""

    id: str
    """SHA-256 of the content, 64 hex digits; of a live one as many that are its own."""
    path: Path
    """Where it was last seen."""
    camera: str
    size: int
    """Bytes."""
    container: str
    codec: str
    width: int
    height: int
    rotation: int
    duration: Fraction
    """Seconds; of a live one those that were taken."""
    average_rate: Fraction | None
    created: datetime | None
    """The container's `creation_time`: kept so that the clock can be worked out again."""
    modified: datetime
    """The file's modification time when it was ingested, likewise."""
    clock: Clock
    damage: str = ""
    """What the file lacks, in some words: "cut off: ..."; empty where it is whole."""
    kept: bool = False
    """It stays, whatever the retention says: somebody said so, or a part of it is in a case."""
    live: bool = False
    """Its file still grew when it was last taken: the id is a provisional one."""

    @property
    def span(self) -> tuple[datetime, datetime] | None:
        """Wall-clock start and end, if known."""
        start, end = self.clock.at(Fraction(0)), self.clock.at(self.duration)
        return None if start is None or end is None else (start, end)


@dataclass(frozen=True)
class IngestRun:
    """One attempt at one recording for one index."""

    id: int
    path: Path
    recording: str | None
    """None when the file could not be identified."""
    index: str
    """Fingerprint of the index identity it wrote to."""
    sampler: str
    """Fingerprint of the sampler settings of that camera."""
    state: RunState
    frames: int
    error: str
    """One sentence; empty unless the state is FAILED."""
    started: datetime
    ended: datetime | None
