"""From the catalog's rows to the plain values of records.py, and back."""

from datetime import datetime
from zoneinfo import ZoneInfo

from mmrag_video.catalog.records import IngestRun, Recording, RunState
from mmrag_video.catalog.schema import IndexRow, RecordingRow, RunRow
from mmrag_video.index.identity import IndexIdentity
from mmrag_video.video.wall_clock import Clock, ClockOrigin


def recording_of(row: RecordingRow) -> Recording:
    """The recording of a row."""
    return Recording(
        id=row.id,
        path=row.path,
        camera=row.camera,
        size=row.size,
        container=row.container,
        codec=row.codec,
        width=row.width,
        height=row.height,
        rotation=row.rotation,
        duration=row.duration,
        average_rate=row.average_rate,
        created=row.created,
        modified=row.modified,
        clock=_clock_of(row),
        damage=row.damage,
        kept=row.stays,
        live=row.live,
    )


def fill_recording(row: RecordingRow, recording: Recording) -> None:
    """Write all that is known of a recording, except when it was seen, into its row."""
    row.path = recording.path
    row.camera = recording.camera
    row.size = recording.size
    row.container = recording.container
    row.codec = recording.codec
    row.width = recording.width
    row.height = recording.height
    row.rotation = recording.rotation
    row.duration = recording.duration
    row.average_rate = recording.average_rate
    row.created = recording.created
    row.modified = recording.modified
    row.damage = recording.damage
    row.live = recording.live
    row.duration_us = round(recording.duration * 1_000_000)
    fill_clock(row, recording.clock)


def fill_clock(row: RecordingRow, clock: Clock) -> None:
    """Write a clock into its recording's row, whose duration is there."""
    row.clock_start = clock.start
    row.clock_end = clock.at(row.duration)
    row.clock_origin = clock.origin.value
    row.clock_note = clock.note
    row.zone = clock.zone


def run_of(row: RunRow) -> IngestRun:
    """The ingest run of a row."""
    return IngestRun(
        id=row.id,
        path=row.path,
        recording=row.recording,
        index=row.index,
        sampler=row.sampler,
        state=RunState(row.state),
        frames=row.frames,
        error=row.error,
        started=row.started,
        ended=row.ended,
    )


def identity_of(row: IndexRow) -> IndexIdentity:
    """The index identity of a row."""
    return IndexIdentity(row.model, row.dimensions, row.details, row.sampler)


def index_row(identity: IndexIdentity, active: bool) -> IndexRow:
    """The row of an index identity."""
    return IndexRow(
        fingerprint=identity.fingerprint,
        model=identity.model,
        dimensions=identity.dimensions,
        details=dict(identity.details),
        sampler=identity.sampler,
        active=active,
    )


def in_zone(time: datetime | None, zone: str | None) -> datetime | None:
    """The same moment on the clock of an IANA zone; None where either is unknown."""
    return None if time is None or zone is None else time.astimezone(ZoneInfo(zone))


def _clock_of(row: RecordingRow) -> Clock:
    start = in_zone(row.clock_start, row.zone)
    return Clock(start, ClockOrigin(row.clock_origin), row.clock_note, row.zone)
