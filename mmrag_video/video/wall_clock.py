"""A recording's place in real time, and where that was learned."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction


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


_OFFSET = "clock offset"
_OFFSET_NOTED = re.compile(
    rf", {_OFFSET} ([+-]\d+(?:\.\d+)?) s added(?:, its time is the end, .*)?$"
)
"""At the end of a note: those of sources that were refused stand before it."""


def offset_note(offset: timedelta) -> str:
    """What a clock's note says of an offset that was added, exactly; `Clock.offset_added` reads it.

    An offset of nothing is not noted.
    """
    if not offset:
        return ""
    seconds = f"{Decimal(offset // timedelta(microseconds=1)) / 1_000_000:+.6f}"
    return f", {_OFFSET} {seconds.rstrip('0').rstrip('.')} s added"


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

    @property
    def offset_added(self) -> timedelta | None:
        """What was added to the camera's clock, as the note records it.

        None where the start is unknown, or the note does not tell it exactly.
        """
        if self.start is None:
            return None
        noted = _OFFSET_NOTED.search(self.note)
        if noted is None:
            return None if _OFFSET in self.note else timedelta(0)
        return timedelta(seconds=float(noted[1]))

    def at(self, time: Fraction) -> datetime | None:
        """Wall-clock time of a media time; None where the start is unknown."""
        if self.start is None:
            return None
        utc = self.start.timestamp() + float(time)
        return datetime.fromtimestamp(utc, tz=self.start.tzinfo)

    def media_time(self, moment: datetime) -> Fraction:
        """Media time of an aware time on the clock, to the microsecond; below 0 before the start.

        Only where the start is known.
        """
        assert self.start is not None, "asked of recordings whose start is known"
        # In UTC: on the clock of one zone an hour is lost or won where summer time changes.
        since = moment.astimezone(UTC) - self.start.astimezone(UTC)
        return Fraction(since // timedelta(microseconds=1), 1_000_000)


def iso_milliseconds(time: datetime, separator: str = "T") -> str:
    """An aware time as ISO 8601 with its offset from UTC, rounded to milliseconds.

    As media times are: cut, the two of one row would be up to a millisecond apart.
    """
    cut = time.microsecond % 1000
    to_add = timedelta(microseconds=round(time.microsecond / 1000) * 1000 - time.microsecond)
    # In UTC: where summer time begins, the last half millisecond is rounded up over an hour.
    rounded = (time.astimezone(UTC) + to_add).astimezone(time.tzinfo) if cut else time
    return rounded.isoformat(separator, "milliseconds")


UNKNOWN_CLOCK = Clock(start=None, origin=ClockOrigin.UNKNOWN)
