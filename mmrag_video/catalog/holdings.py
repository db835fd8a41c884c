"""All that the catalog holds, whether or not it can be found: what is kept, and how it goes."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, aliased

from mmrag_video.catalog.database import Database
from mmrag_video.catalog.findable import is_found
from mmrag_video.catalog.jobs import JobState
from mmrag_video.catalog.records import IngestRun, Recording, RunState
from mmrag_video.catalog.rows import recording_of, run_of
from mmrag_video.catalog.schema import CameraRow, RecordingRow, RunRow
from mmrag_video.catalog.work_schema import JobRow, SavedScoreRow

_LOT = 500
"""Recordings named in one statement: SQLite takes at most 32766 values in one."""


@dataclass(frozen=True)
class HeldRecording:
    """A recording, and when its ingest ended or it was last seen to have moved."""

    recording: Recording
    seen: datetime


@dataclass(frozen=True)
class HeldRun:
    """A run, and what became of its frames."""

    run: IngestRun
    superseded: bool
    cleared: bool

    @property
    def is_findable(self) -> bool:
        """Whether searches of its index find its frames."""
        return self.run.state is RunState.COMPLETE and not self.superseded


@dataclass(frozen=True)
class HalfGone:
    """A recording that no search of any index finds any more."""

    recording: Recording
    is_awaited: bool
    """Its file was done, was not let go of, and holds no other recording that is found."""


class Holdings:
    """What one catalog holds. Every method raises CatalogError if the file cannot be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def recordings(self) -> list[HeldRecording]:
        """Every one, findable or not."""
        with self._database.reading() as session:
            rows = session.scalars(select(RecordingRow))
            return [HeldRecording(recording_of(row), row.seen) for row in rows]

    def named(self, recordings: Collection[str]) -> list[Recording]:
        """Those of these ids that are there, findable or not."""
        with self._database.reading() as session:
            return [
                recording_of(row)
                for lot in _lots(recordings)
                for row in session.scalars(select(RecordingRow).where(RecordingRow.id.in_(lot)))
            ]

    def of_camera(self, camera: str) -> list[Recording]:
        """Those of one camera, findable or not."""
        query = select(RecordingRow).where(RecordingRow.camera == camera)
        with self._database.reading() as session:
            return [recording_of(row) for row in session.scalars(query)]

    def runs(self) -> list[HeldRun]:
        """Every one, of every index."""
        with self._database.reading() as session:
            rows = session.scalars(select(RunRow))
            return [HeldRun(run_of(row), row.superseded, row.cleared) for row in rows]

    def half_gone(self) -> list[HalfGone]:
        """Those that no index finds: given up, overwritten, or let go of in part.

        None that is kept or in a case, or is being ingested just now.
        """
        running = RunRow.state == RunState.RUNNING.value
        written = exists().where(RunRow.recording == RecordingRow.id, or_(is_found(), running))
        done = exists().where(
            JobRow.path == RecordingRow.path, JobRow.state == JobState.DONE.value, ~JobRow.let_go
        )
        awaited = and_(done, ~_is_found_at(RecordingRow.path))
        query = select(RecordingRow, awaited).where(~RecordingRow.stays, ~written)
        with self._database.reading() as session:
            return [
                HalfGone(recording_of(row), is_awaited)
                for row, is_awaited in session.execute(query)
            ]

    def beginning_with(self, prefix: str) -> list[Recording]:
        """The recordings whose id begins so."""
        begins = RecordingRow.id.startswith(prefix, autoescape=True)
        with self._database.reading() as session:
            return [
                recording_of(row) for row in session.scalars(select(RecordingRow).where(begins))
            ]

    def with_file_gone(self) -> list[tuple[Recording, datetime]]:
        """The recordings whose file a look at its source has missed, and since when."""
        query = (
            select(RecordingRow, JobRow.ended)
            .join(JobRow, JobRow.path == RecordingRow.path)
            .where(JobRow.state == JobState.GONE.value)
        )
        with self._database.reading() as session:
            return [(recording_of(row), ended or row.seen) for row, ended in session.execute(query)]

    def keep(self, recordings: Collection[str], kept: bool) -> None:
        """Let these stay whatever the retention says, or no longer."""
        with self._database.writing() as session:
            for lot in _lots(recordings):
                session.execute(
                    update(RecordingRow).where(RecordingRow.id.in_(lot)).values(kept=kept)
                )

    def supersede(self, run: int) -> None:
        """Let a run's frames not be found any more; they have to be cleared."""
        with self._database.writing() as session:
            session.execute(
                update(RunRow).where(RunRow.id == run).values(superseded=True, cleared=False)
            )

    def hide(self, recordings: Collection[str]) -> list[str]:
        """Let these not be found by any search, all at once; gives those that may go.

        Those that are kept or in a case stay, and so do those that are being ingested just now. The
        worker does not take the files of those that go again.
        """
        going: list[str] = []
        with self._database.writing() as session:
            for lot in _lots(recordings):
                kept = select(RecordingRow.id).where(RecordingRow.id.in_(lot), RecordingRow.stays)
                busy = select(RunRow.recording).where(
                    RunRow.recording.in_(lot), RunRow.state == RunState.RUNNING.value
                )
                staying = {*session.scalars(kept), *session.scalars(busy)}
                going += (gone := [one for one in lot if one not in staying])
                session.execute(
                    update(RunRow)
                    .where(RunRow.recording.in_(gone))
                    .values(superseded=True, cleared=False)
                )
                session.execute(update(JobRow).where(_done_with(gone)).values(let_go=True))
        return going

    def drop(self, recordings: Collection[str]) -> None:
        """Forget these, whose frames and pictures are gone, and cameras that have no others.

        What saved searches rang for stays told.
        """
        with self._database.writing() as session:
            for lot in _lots(recordings):
                session.execute(delete(RunRow).where(RunRow.recording.in_(lot)))
                session.execute(delete(SavedScoreRow).where(SavedScoreRow.recording.in_(lot)))
                session.execute(delete(RecordingRow).where(RecordingRow.id.in_(lot)))
            used = exists().where(RecordingRow.camera == CameraRow.name)
            session.execute(delete(CameraRow).where(~used))


def _is_found_at(path: InstrumentedAttribute[Path]) -> ColumnElement[bool]:
    """Whether any index finds a recording of the file at this path."""
    there = aliased(RecordingRow)
    return exists().where(there.path == path, RunRow.recording == there.id, is_found())


def _done_with(recordings: Sequence[str]) -> ColumnElement[bool]:
    """Jobs that led to one of these: by its path, or as a copy, of which only the size is known.

    Not those whose file was overwritten: they led to what it holds now.
    """
    own_path = exists().where(RecordingRow.id.in_(recordings), RecordingRow.path == JobRow.path)
    any_path = exists().where(RecordingRow.path == JobRow.path)
    own_size = exists().where(RecordingRow.id.in_(recordings), RecordingRow.size == JobRow.size)
    led = or_(and_(own_path, ~_is_found_at(JobRow.path)), and_(own_size, ~any_path))
    return and_(JobRow.state == JobState.DONE.value, led)


def _lots(recordings: Collection[str]) -> Iterator[list[str]]:
    every = list(recordings)
    for first in range(0, len(every), _LOT):
        yield every[first : first + _LOT]
