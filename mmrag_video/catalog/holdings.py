"""All that the catalog holds, whether or not it can be found: what is kept, and how it goes."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, update

from mmrag_video.catalog.database import Database
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


class Holdings:
    """What one catalog holds. Every method raises CatalogError if the file cannot be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def recordings(self) -> list[HeldRecording]:
        """Every one, findable or not."""
        with self._database.reading() as session:
            rows = session.scalars(select(RecordingRow))
            return [HeldRecording(recording_of(row), row.seen) for row in rows]

    def runs(self) -> list[HeldRun]:
        """Every one, of every index."""
        with self._database.reading() as session:
            rows = session.scalars(select(RunRow))
            return [HeldRun(run_of(row), row.superseded, row.cleared) for row in rows]

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


def _done_with(recordings: Sequence[str]) -> ColumnElement[bool]:
    """Jobs that led to one of these: by its path, or as a copy, of which only the size is known."""
    own_path = exists().where(RecordingRow.id.in_(recordings), RecordingRow.path == JobRow.path)
    any_path = exists().where(RecordingRow.path == JobRow.path)
    own_size = exists().where(RecordingRow.id.in_(recordings), RecordingRow.size == JobRow.size)
    return and_(JobRow.state == JobState.DONE.value, or_(own_path, and_(own_size, ~any_path)))


def _lots(recordings: Collection[str]) -> Iterator[list[str]]:
    every = list(recordings)
    for first in range(0, len(every), _LOT):
        yield every[first : first + _LOT]
