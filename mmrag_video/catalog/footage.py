"""Which recordings show a moment on the clock, and which come before and after one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from sqlalchemy import ColumnElement, and_, func, select

from mmrag_video.catalog.database import Database
from mmrag_video.catalog.findable import findable_in, is_findable
from mmrag_video.catalog.records import Recording
from mmrag_video.catalog.rows import recording_of
from mmrag_video.catalog.schema import RecordingRow, RunRow


@dataclass(frozen=True)
class Beside:
    """What another camera saw at a moment."""

    recording: Recording
    time: Fraction
    """Seconds from its first frame."""


@dataclass(frozen=True)
class RecordedSpan:
    """A recording as a timeline knows it."""

    recording: str
    """Its id."""
    camera: str
    start: datetime
    """Aware, in UTC."""
    end: datetime
    frames: int
    """Kept of it."""


class Footage:
    """Findable recordings by the clock; those whose clock is unknown are among `latest` alone.

    Every method raises CatalogError if the catalog cannot be used.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def at(self, moment: datetime) -> list[Beside]:
        """What each camera saw then, by its name; of several recordings the one begun last."""
        query = (
            select(RecordingRow)
            .where(is_findable(None))
            .where(RecordingRow.clock_start <= moment, RecordingRow.clock_end > moment)
            .order_by(RecordingRow.camera, RecordingRow.clock_start)
        )
        found: dict[str, Beside] = {}
        with self._database.reading() as session:
            for recording in map(recording_of, session.scalars(query)):
                found[recording.camera] = Beside(recording, recording.clock.media_time(moment))
        return list(found.values())

    def within(self, start: datetime, end: datetime, cameras: Sequence[str]) -> list[RecordedSpan]:
        """What these cameras recorded of start <= time < end, by camera and time.

        Columns and no rows: of 20,000 recordings it takes 0.14 s of CPU, and 1 s with all of each.
        """
        query = (
            select(
                RecordingRow.id,
                RecordingRow.camera,
                RecordingRow.clock_start,
                RecordingRow.clock_end,
                func.sum(RunRow.frames),  # a live recording has a run for each of its parts
            )
            .join(RunRow, RunRow.recording == RecordingRow.id)
            .where(findable_in(None), RecordingRow.camera.in_(cameras))
            .where(_overlaps(start, end))
            .group_by(RecordingRow.id)
            .order_by(RecordingRow.camera, RecordingRow.clock_start)
        )
        with self._database.reading() as session:
            return [
                RecordedSpan(id, camera, since, until, frames)
                for id, camera, since, until, frames in session.execute(query)
                if since is not None and until is not None  # as was asked for
            ]

    def between(self, start: datetime, end: datetime) -> list[Recording]:
        """Those that show any of the time from `start` to `end`, by camera and start."""
        query = (
            select(RecordingRow)
            .where(is_findable(None))
            .where(_overlaps(start, end))
            .order_by(RecordingRow.camera, RecordingRow.clock_start)
        )
        with self._database.reading() as session:
            return [recording_of(row) for row in session.scalars(query)]

    def latest(self, camera: str, limit: int) -> list[Recording]:
        """A camera's newest recordings, the newest first; by the file's time where it has no other.

        Also those whose clock is unknown.
        """
        query = (
            select(RecordingRow)
            .where(is_findable(None), RecordingRow.camera == camera)
            .order_by(func.coalesce(RecordingRow.clock_start, RecordingRow.modified).desc())
            .limit(limit)
        )
        with self._database.reading() as session:
            return [recording_of(row) for row in session.scalars(query)]

    def before(self, recording: Recording) -> Recording | None:
        """The camera's recording that starts last of those that start earlier."""
        start = recording.clock.start
        if start is None:
            return None
        earlier = RecordingRow.clock_start < start
        return self._first(recording, earlier, RecordingRow.clock_start.desc())

    def after(self, recording: Recording) -> Recording | None:
        """The camera's recording that starts first of those that start later."""
        start = recording.clock.start
        if start is None:
            return None
        later = RecordingRow.clock_start > start
        return self._first(recording, later, RecordingRow.clock_start.asc())

    def _first(
        self,
        recording: Recording,
        condition: ColumnElement[bool],
        order: ColumnElement[datetime | None],
    ) -> Recording | None:
        query = (
            select(RecordingRow)
            .where(is_findable(None), RecordingRow.camera == recording.camera, condition)
            .order_by(order)
            .limit(1)
        )
        with self._database.reading() as session:
            row = session.scalars(query).first()
            return None if row is None else recording_of(row)


def _overlaps(start: datetime, end: datetime) -> ColumnElement[bool]:
    """Of a recording: it shows some of start <= time < end."""
    return and_(RecordingRow.clock_start < end, RecordingRow.clock_end > start)
