"""The catalog: what was ingested, from where, by which run, into which index.

An ingest writes a run's frames into the store first and completes the run here last, in one
transaction: until then a search leaves that run's frames out (`unfinished_runs`).
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from types import TracebackType

from sqlalchemy import Select, and_, case, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from mmrag_video.catalog.audit import AuditLog
from mmrag_video.catalog.camera_names import RenamedCameras, name_now
from mmrag_video.catalog.camera_settings import CameraSettingTable
from mmrag_video.catalog.cases import Cases, follow_recording
from mmrag_video.catalog.database import Database
from mmrag_video.catalog.exported import Exported
from mmrag_video.catalog.findable import findable_in, is_findable, is_index
from mmrag_video.catalog.footage import Footage
from mmrag_video.catalog.hits import Hits
from mmrag_video.catalog.holdings import Holdings
from mmrag_video.catalog.jobs import JobQueue, JobState
from mmrag_video.catalog.logins import Logins
from mmrag_video.catalog.records import Camera, IngestRun, Recording, RunState
from mmrag_video.catalog.reindexings import Reindexings
from mmrag_video.catalog.rows import (
    fill_clock,
    fill_recording,
    identity_of,
    in_zone,
    index_row,
    recording_of,
    run_of,
)
from mmrag_video.catalog.saved_searches import SavedSearches
from mmrag_video.catalog.schema import (
    AboutRow,
    CameraRow,
    IndexRow,
    RecordingRow,
    RunRow,
)
from mmrag_video.catalog.source_table import SourceTable
from mmrag_video.catalog.tokens import Tokens
from mmrag_video.catalog.users import Users
from mmrag_video.catalog.work_schema import JobRow
from mmrag_video.catalog.worker_state import WorkerStates
from mmrag_video.errors import CatalogError
from mmrag_video.index.identity import IndexIdentity
from mmrag_video.video.wall_clock import Clock


class Catalog:
    """One data directory's catalog. Every method raises CatalogError if the file cannot be used.

    Many processes and threads may read and write at one time. `index` is an index's fingerprint;
    where it may be None, that means the active index.
    """

    def __init__(self, file: Path) -> None:
        """Open the file, making it or bringing its tables up to date if need be."""
        self.file = file
        self.database = Database(file)
        self.jobs = JobQueue(self.database)
        self.worker = WorkerStates(self.database)
        self.sources = SourceTable(self.database)
        self.camera_settings = CameraSettingTable(self.database)
        self.renamed = RenamedCameras(self.database)
        self.reindexings = Reindexings(self.database)
        self.holdings = Holdings(self.database)
        self.footage = Footage(self.database)
        self.saved = SavedSearches(self.database)
        self.hits = Hits(self.database)
        self.audit = AuditLog(self.database)
        self.users = Users(self.database)
        self.logins = Logins(self.database)
        self.tokens = Tokens(self.database)
        self.cases = Cases(self.database)
        self.exported = Exported(self.database)

    def close(self) -> None:
        """Let go of the file."""
        self.database.close()

    def __enter__(self) -> "Catalog":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @cached_property
    def id(self) -> str:
        """Twelve hex digits that tell this catalog from every other."""
        with self.database.reading() as session:
            return session.scalars(select(AboutRow.id)).one()

    # Indexes

    def active_index(self) -> IndexIdentity | None:
        """The index that searches use; None before the first was activated."""
        with self.database.reading() as session:
            row = session.scalar(select(IndexRow).where(IndexRow.active))
            return None if row is None else identity_of(row)

    def indexes(self) -> list[IndexIdentity]:
        """Every index that was noted or activated, and not forgotten."""
        with self.database.reading() as session:
            return [identity_of(row) for row in session.scalars(select(IndexRow))]

    def note_index(self, identity: IndexIdentity) -> None:
        """Note that an index is being filled. Searches use it when it is activated."""
        with self.database.writing() as session:
            if session.get(IndexRow, identity.fingerprint) is None:
                session.add(index_row(identity, active=False))

    def activate_index(self, identity: IndexIdentity) -> None:
        """Let searches use this index from now on."""
        with self.database.writing() as session:
            session.execute(update(IndexRow).values(active=False))
            session.merge(index_row(identity, active=True))

    def forget_index(self, index: str) -> None:
        """Forget an index and its runs, once its collection has been dropped."""
        with self.database.writing() as session:
            session.execute(delete(RunRow).where(RunRow.index == index))
            session.execute(delete(IndexRow).where(IndexRow.fingerprint == index))

    # Ingest runs

    def begin_run(self, path: Path, recording: str | None, index: str, sampler: str) -> IngestRun:
        """Note that an attempt starts. Until it is complete, an earlier one stays findable."""
        with self.database.writing() as session:
            row = RunRow(
                path=path,
                recording=recording,
                index=index,
                sampler=sampler,
                state=RunState.RUNNING.value,
                frames=0,
                error="",
                started=datetime.now(UTC),
                ended=None,
                superseded=False,
                cleared=False,
            )
            session.add(row)
            session.flush()
            return run_of(row)

    def complete_run(
        self,
        run: IngestRun,
        recording: Recording,
        frames: int,
        *,
        extends: bool = False,
        replaces: str | None = None,
    ) -> IngestRun:
        """Make a recording findable: its camera, itself and its run, all or nothing.

        It takes the place of earlier runs of the same recording, unless it `extends` them; and of
        a recording that was known by the same path: a file that was overwritten or has grown. One
        that is kept stays, but for the live one that this one `replaces`: that it is kept, and its
        places in cases, go over to this one. A camera that was renamed meanwhile has its new name.
        """
        with self.database.writing() as session:
            recording = replace(recording, camera=name_now(session, recording.camera))
            others = select(RecordingRow.id).where(
                RecordingRow.path == recording.path,
                RecordingRow.id != recording.id,
                ~RecordingRow.stays,
            )
            former = {replaces} if extends else {replaces, recording.id}
            session.execute(
                update(RunRow)
                .where(RunRow.index == run.index, RunRow.id != run.id)
                .where(or_(RunRow.recording.in_(others), RunRow.recording.in_(former - {None})))
                .values(superseded=True)
            )
            session.merge(CameraRow(name=recording.camera))
            session.flush()
            row = session.get(RecordingRow, recording.id)
            if row is None:
                # What is in a case counts as kept, but only so long as it is there.
                row = RecordingRow(id=recording.id, kept=recording.kept and replaces is None)
                session.add(row)
            fill_recording(row, recording)
            row.seen = datetime.now(UTC)
            if replaces is not None:
                follow_recording(session, replaces, row)
            return self._end(session, run, RunState.COMPLETE, recording.id, frames=frames)

    def fail_run(self, run: IngestRun, error: str) -> IngestRun:
        """Note that an attempt failed, and why, in one sentence."""
        readable = error.encode(errors="backslashreplace").decode()  # names may hold stray bytes
        with self.database.writing() as session:
            return self._end(session, run, RunState.FAILED, run.recording, error=readable)

    def interrupt_run(self, run: IngestRun) -> IngestRun:
        """Note that an attempt was broken off."""
        with self.database.writing() as session:
            return self._end(session, run, RunState.INTERRUPTED, run.recording)

    def give_up(self, recording: str, index: str) -> None:
        """Let a recording not be found any more; its frames have to be cleared."""
        with self.database.writing() as session:
            session.execute(
                update(RunRow)
                .where(RunRow.index == index, RunRow.recording == recording)
                .values(superseded=True)
            )

    def interrupt_running(self) -> None:
        """Note that those who were ingesting are dead: only the holder of the writer lock knows."""
        with self.database.writing() as session:
            session.execute(
                update(RunRow)
                .where(RunRow.state == RunState.RUNNING.value)
                .values(state=RunState.INTERRUPTED.value, ended=datetime.now(UTC))
            )

    def unfinished_runs(self, index: str) -> list[IngestRun]:
        """Runs whose frames may be in the store and must not be found.

        They are running; or they failed, were interrupted or superseded, and are not yet marked
        as cleared.
        """
        running = RunRow.state == RunState.RUNNING.value
        unwanted = or_(RunRow.state != RunState.COMPLETE.value, RunRow.superseded)
        return self._runs(
            select(RunRow)
            .where(RunRow.index == index, or_(running, and_(unwanted, ~RunRow.cleared)))
            .order_by(RunRow.id)
        )

    def mark_cleared(self, run: IngestRun) -> None:
        """Note that an unfinished run's frames were deleted from the store.

        A run that still goes on is not taken off the list: it writes more.
        """
        ended = RunRow.state != RunState.RUNNING.value
        with self.database.writing() as session:
            session.execute(update(RunRow).where(RunRow.id == run.id, ended).values(cleared=True))

    def complete_run_of(self, recording: str, index: str) -> IngestRun | None:
        """The run that made this recording findable in this index, if one did."""
        return next(iter(self.complete_runs_of(recording, index)), None)

    def complete_runs_of(self, recording: str, index: str) -> list[IngestRun]:
        """The runs that made it findable in this index, oldest first: a live one has several."""
        findable = select(RunRow).where(RunRow.recording == recording, findable_in(index))
        return self._runs(findable.order_by(RunRow.id))

    def is_written(self, recording: str, index: str) -> bool:
        """Whether it can be found in this index, or a run is at it."""
        running = and_(RunRow.index == index, RunRow.state == RunState.RUNNING.value)
        written = select(RunRow.id).where(
            RunRow.recording == recording, or_(running, findable_in(index))
        )
        with self.database.reading() as session:
            return session.scalar(written.limit(1)) is not None

    def last_complete_run(self, index: str) -> int | None:
        """The number of the run that changed what can be found in this index last."""
        with self.database.reading() as session:
            return session.scalar(select(func.max(RunRow.id)).where(findable_in(index)))

    def settle_failures(self, path: Path) -> None:
        """Forget that a file failed: what it holds now is known."""
        failed = and_(RunRow.path == path, RunRow.state == RunState.FAILED.value, RunRow.cleared)
        with self.database.writing() as session:
            session.execute(delete(RunRow).where(failed))

    def forget_failures_of_gone(self) -> None:
        """Forget runs that failed or were broken off, if their files are gone from a source.

        Not those whose frames are still to be cleared from the store.
        """
        ended = RunRow.state.in_([RunState.FAILED.value, RunState.INTERRUPTED.value])
        empty = or_(RunRow.cleared, RunRow.recording.is_(None))
        gone = exists().where(JobRow.path == RunRow.path, JobRow.state == JobState.GONE.value)
        with self.database.writing() as session:
            session.execute(delete(RunRow).where(ended, empty, gone))

    def failures(self, index: str | None = None) -> list[IngestRun]:
        """The last failure of each path since which it was not ingested, newest first."""
        later = aliased(RunRow)
        ingested_later = exists().where(
            later.path == RunRow.path,
            later.index == RunRow.index,
            later.id > RunRow.id,
            later.state.in_([RunState.COMPLETE.value, RunState.FAILED.value]),
        )
        known_since = exists().where(
            RecordingRow.path == RunRow.path, RecordingRow.seen > RunRow.started
        )
        failed = and_(RunRow.state == RunState.FAILED.value, is_index(index))
        return self._runs(
            select(RunRow).where(failed, ~ingested_later, ~known_since).order_by(RunRow.id.desc())
        )

    # Recordings and cameras

    def recording(self, recording: str) -> Recording | None:
        """A recording by its id, whether or not it can be found by a search."""
        with self.database.reading() as session:
            row = session.get(RecordingRow, recording)
            return None if row is None else recording_of(row)

    def unchanged_recording(self, path: Path, size: int, modified: datetime) -> Recording | None:
        """The recording last seen at this path, if it had this size and modification time.

        No live one: its id is not that of the content.
        """
        query = select(RecordingRow).where(
            ~RecordingRow.live,
            RecordingRow.path == path,
            RecordingRow.size == size,
            RecordingRow.modified == modified,
        )
        with self.database.reading() as session:
            row = session.scalars(query).first()
            return None if row is None else recording_of(row)

    def live_recordings(self, path: Path) -> list[Recording]:
        """Those whose file at this path still grew when it was last taken, findable or not."""
        query = select(RecordingRow).where(RecordingRow.live, RecordingRow.path == path)
        with self.database.reading() as session:
            return [recording_of(row) for row in session.scalars(query)]

    def recordings(
        self,
        camera: str | None = None,
        ids: Collection[str] | None = None,
        index: str | None = None,
    ) -> list[Recording]:
        """Those that a search of the index can find, by camera, wall-clock start and path."""
        query = select(RecordingRow).where(is_findable(index))
        if camera is not None:
            query = query.where(RecordingRow.camera == camera)
        if ids is not None:
            query = query.where(RecordingRow.id.in_(ids))
        query = query.order_by(RecordingRow.camera, RecordingRow.clock_start, RecordingRow.path)
        with self.database.reading() as session:
            return [recording_of(row) for row in session.scalars(query)]

    def cameras(self, index: str | None = None) -> list[Camera]:
        """Those that a search of the index can find, by name."""
        query = (
            select(
                RecordingRow.camera,
                func.count(),
                func.sum(RecordingRow.duration_us),
                func.min(RecordingRow.clock_start),
                func.max(RecordingRow.clock_end),
                func.max(case((RecordingRow.clock_start.is_not(None), RecordingRow.zone))),
                func.count() - func.count(RecordingRow.clock_start),
            )
            .where(is_findable(index))
            .group_by(RecordingRow.camera)
            .order_by(RecordingRow.camera)
        )
        with self.database.reading() as session:
            return [
                Camera(
                    name=name,
                    recordings=recordings,
                    duration=Fraction(microseconds, 1_000_000),
                    first=in_zone(first, zone),
                    last=in_zone(last, zone),
                    without_clock=without_clock,
                )
                for name, recordings, microseconds, first, last, zone, without_clock in (
                    session.execute(query)
                )
            ]

    def camera_names(self, index: str | None = None) -> list[str]:
        """The same, by name alone: at once however many recordings there are."""
        seen = exists().where(RecordingRow.camera == CameraRow.name, is_findable(index))
        with self.database.reading() as session:
            return list(session.scalars(select(CameraRow.name).where(seen).order_by("name")))

    def move_recording(self, recording: str, path: Path) -> None:
        """Note where a known recording lies now."""
        with self.database.writing() as session:
            row = self._existing(session, recording)
            row.path, row.seen = path, datetime.now(UTC)

    def set_clock(self, recording: str, clock: Clock) -> None:
        """Correct a recording's place in real time; the frame store has to follow."""
        with self.database.writing() as session:
            fill_clock(self._existing(session, recording), clock)

    def _runs(self, query: Select[RunRow]) -> list[IngestRun]:
        with self.database.reading() as session:
            return [run_of(row) for row in session.scalars(query)]

    def _end(
        self,
        session: Session,
        run: IngestRun,
        state: RunState,
        recording: str | None,
        *,
        frames: int = 0,
        error: str = "",
    ) -> IngestRun:
        ended = replace(
            run,
            state=state,
            recording=recording,
            frames=frames,
            error=error,
            ended=datetime.now(UTC),
        )
        row = session.get(RunRow, run.id)
        if row is None:
            raise CatalogError(f"The catalog {self.file} knows no ingest run {run.id}.")
        row.state, row.recording = ended.state.value, ended.recording
        row.frames, row.error, row.ended = ended.frames, ended.error, ended.ended
        return ended

    def _existing(self, session: Session, recording: str) -> RecordingRow:
        row = session.get(RecordingRow, recording)
        if row is None:
            raise CatalogError(f"The catalog {self.file} knows no recording {recording}.")
        return row
