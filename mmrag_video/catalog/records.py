"""What the catalog knows, as plain values. Rows of the database never leave catalog.py."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from pathlib import Path


class ClockOrigin(StrEnum):
    """Where a recording's wall-clock start was learned, best first."""

    CAMERA_PATTERN = "camera-pattern"
    """The camera's own pattern in the settings matched the name."""
    NAME = "name"
    """A built-in recorder pattern matched the name."""
    CONTAINER = "container"
    """The container's creation_time."""
    FILE_TIME = "file-time"
    """The file's modification time less the duration; only when clock.trust_file_time is set."""
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Clock:
    """A recording's place in real time. `start` is None exactly when the origin is UNKNOWN."""

    start: datetime | None
    """Aware, in the camera's zone, its clock offset already added."""
    origin: ClockOrigin
    note: str = ""
    """What matched, for a person who doubts it: "Reolink SD card name, DST"."""
    zone: str = "UTC"
    """IANA name of the camera's zone."""

    def at(self, time: Fraction) -> datetime | None:
        """Wall-clock time of a media time; None where the start is unknown."""
        if self.start is None:
            return None
        utc = self.start.timestamp() + float(time)
        return datetime.fromtimestamp(utc, tz=self.start.tzinfo)


UNKNOWN_CLOCK = Clock(start=None, origin=ClockOrigin.UNKNOWN)


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
    """Seconds of complete recordings."""
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True)
class Recording:
    """A file known by its content."""

    id: str
    """SHA-256 of the content, 64 hex digits."""
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
    """Seconds."""
    average_rate: Fraction | None
    created: datetime | None
    """The container's `creation_time`: kept so that the clock can be worked out again."""
    modified: datetime
    """The file's modification time when it was ingested, likewise."""
    clock: Clock

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

    @property
    def took(self) -> timedelta | None:
        """How long it ran."""
        return None if self.ended is None else self.ended - self.started
