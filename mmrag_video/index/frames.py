"""A frame as the store keeps it, and as a search finds it again."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from mmrag_video.models.base import Facts
from mmrag_video.video.sampled import KeepReason


@dataclass(frozen=True)
class StoredFrame:
    """One kept frame. Its key is the recording's content hash, its exact time and its run."""

    recording: str
    """SHA-256 of the recording."""
    camera: str
    time: Fraction
    """Seconds from the recording's first frame."""
    valid_until: Fraction
    reason: KeepReason
    wall_start: datetime | None
    """Aware; None where the recording's clock is unknown."""
    wall_end: datetime | None
    run: int
    """The ingest run that wrote it: frames of a run that is not complete are not found."""
    facts: Facts

    @property
    def key(self) -> str:
        """Primary key: a frame that a run writes twice is one row.

        The run belongs to it, so that a recording that is ingested anew is found by its old frames
        until the new ones are complete.
        """
        return f"{self.recording}:{self.time.numerator}/{self.time.denominator}:{self.run}"


@dataclass(frozen=True)
class FoundFrame:
    """A frame that a search recalled, with the cosine of its vector and the query's."""

    frame: StoredFrame
    similarity: float


MINUTES_A_DAY = 24 * 60


@dataclass(frozen=True)
class TimesOfDay:
    """From one minute to another, each day or on some weekdays, on the clocks of a zone."""

    zone: str
    """IANA name."""
    start: int = 0
    """Minutes after midnight, 0 to 1439."""
    end: int = MINUTES_A_DAY
    """1 to 1440; where it is not after the start it is on the next day."""
    weekdays: frozenset[int] = frozenset()
    """On which it starts, 0 is Monday; empty: on all."""


@dataclass(frozen=True)
class FrameFilter:
    """Which frames a search may find. None or empty: no restriction.

    With a time range or times of day, frames whose wall-clock time is unknown are left out.
    """

    cameras: tuple[str, ...] = ()
    start: datetime | None = None
    """Aware; frames that end after this."""
    end: datetime | None = None
    """Aware; frames that start before this."""
    recordings: tuple[str, ...] = ()
    daily: TimesOfDay | None = None
    """Needs a start and an end: it is searched for day by day."""
