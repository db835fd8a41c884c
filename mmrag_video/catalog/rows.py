"""From the catalog's rows to the plain values of records.py, and back."""

from collections.abc import Sequence
from fractions import Fraction
from zoneinfo import ZoneInfo

from mmrag_video.catalog.records import Camera, IngestRun, Recording, RunState
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
    fill_clock(row, recording.clock)


def fill_clock(row: RecordingRow, clock: Clock) -> None:
    """Write a clock into its recording's row."""
    row.clock_start = clock.start
    row.clock_origin = clock.origin.value
    row.clock_note = clock.note
    row.zone = clock.zone


def camera_of(name: str, recordings: Sequence[Recording]) -> Camera:
    """What these recordings of a camera add up to."""
    spans = [recording.span for recording in recordings if recording.span is not None]
    return Camera(
        name=name,
        recordings=len(recordings),
        duration=sum((recording.duration for recording in recordings), Fraction(0)),
        first=min((start for start, _ in spans), default=None),
        last=max((end for _, end in spans), default=None),
    )


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


def _clock_of(row: RecordingRow) -> Clock:
    start = None if row.clock_start is None else row.clock_start.astimezone(ZoneInfo(row.zone))
    return Clock(start, ClockOrigin(row.clock_origin), row.clock_note, row.zone)
