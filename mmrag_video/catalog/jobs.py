"""The worker's queue: every file of a source as it was last seen, and what became of it.

A job that is done stays, so that a scan knows its file again without opening it. Only the worker
that holds its lock (workers/worker.py) takes jobs; the lease and its heartbeat tell others
what it is at.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from sqlalchemy import ColumnElement, Select, delete, exists, func, insert, select, update

from mmrag_video.catalog.database import Database
from mmrag_video.catalog.schema import RecordingRow
from mmrag_video.catalog.work_schema import DoneJobRow, JobRow
from mmrag_video.errors import ErrorKind

_LOT = 500
"""Rows named in one statement: SQLite takes at most 32766 values in one."""


class JobState(StrEnum):
    """What is to be done with a file, or was."""

    WAITING = "waiting"
    RUNNING = "running"
    GROWING = "growing"
    """It was taken as far as it goes; its file is not finished."""
    DONE = "done"
    SET_ASIDE = "set aside"
    """It failed too often: it is tried again when it changes, or when somebody asks for it."""
    GONE = "gone"
    """The file is not there any more."""


@dataclass(frozen=True)
class SeenFile:
    """A file as a scan sees it."""

    path: Path
    size: int
    """Bytes."""
    changed_ns: int
    """`st_ctime_ns`: of content, permissions or name."""
    modified: datetime
    """Aware, in UTC."""


@dataclass(frozen=True)
class Job:
    """A file of a source, and how far the work on it has come."""

    id: int
    file: SeenFile
    source: str
    state: JobState
    attempts: int
    due: datetime
    error: str
    """One sentence; empty unless the last attempt failed."""
    kind: ErrorKind | None
    """What that failure was about; None unless the last attempt failed."""
    worker: str | None
    heartbeat: datetime | None
    done_seconds: float
    total_seconds: float
    """Of footage; 0 while it is not known."""
    frames: int
    found: datetime
    begun: datetime | None
    ended: datetime | None
    growing: bool = False
    """The file is to be taken as far as it goes, though it is not finished."""

    @property
    def has_failed(self) -> bool:
        """Whether it was set aside, or waits for another try."""
        is_waiting = self.state is JobState.WAITING
        return self.state is JobState.SET_ASIDE or (is_waiting and bool(self.error))


IS_FAILED = (JobRow.state == JobState.SET_ASIDE.value) | (
    (JobRow.state == JobState.WAITING.value) & (JobRow.error != "")
)
"""Of a row: it was set aside, or waits for another try."""


@dataclass(frozen=True)
class Failures:
    """Which of the jobs that failed."""

    kind: ErrorKind | None = None
    """None: of every kind."""
    source: str | None = None
    """None: of every source."""

    @property
    def condition(self) -> ColumnElement[bool]:
        """Of a row."""
        condition = IS_FAILED
        if self.kind is not None:
            condition &= func.coalesce(JobRow.kind, ErrorKind.OTHER.value) == self.kind.value
        return condition if self.source is None else condition & (JobRow.source == self.source)


ALL_FAILURES = Failures()


class JobQueue:
    """The jobs of one catalog. Every method raises CatalogError if the file cannot be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def known(self, source: str) -> dict[Path, tuple[int, int, JobState]]:
        """Size, change and state of every file of a source: 100,000 in a second."""
        query = select(JobRow.path, JobRow.size, JobRow.changed_ns, JobRow.state)
        with self._database.reading() as session:
            return {
                path: (size, changed, JobState(state))
                for path, size, changed, state in session.execute(
                    query.where(JobRow.source == source)
                )
            }

    def add(
        self, source: str, files: Iterable[tuple[SeenFile, float]], *, growing: bool = False
    ) -> None:
        """Files that are to be ingested, each with its turn, in place of what was known of them.

        `growing`: they are not finished, and to be taken as far as they go.
        """
        now = datetime.now(UTC)
        rows = [_row(source, file, turn, now) | {"growing": growing} for file, turn in files]
        with self._database.writing() as session:
            for first in range(0, len(rows), _LOT):
                lot = rows[first : first + _LOT]
                paths = [row["path"] for row in lot]
                held = select(JobRow.path).where(
                    JobRow.path.in_(paths), JobRow.state == JobState.RUNNING.value
                )
                running = set(session.scalars(held))
                fresh = [row for row in lot if row["path"] not in running]
                former = [row["path"] for row in fresh]
                session.execute(delete(JobRow).where(JobRow.path.in_(former)))
                if fresh:
                    session.execute(insert(JobRow), fresh)

    def take(
        self, worker: str, sources: Collection[str] | None = None, *, growing: bool = False
    ) -> Job | None:
        """The next job that is due, leased to this worker; None if there is none.

        `sources`: only of these; None: of any. `growing`: only of a file that still grows.
        """
        now = datetime.now(UTC)
        with self._database.writing() as session:
            row = session.scalars(
                _due_at(now, sources, growing).order_by(JobRow.turn, JobRow.id).limit(1)
            ).first()
            if row is None:
                return None
            row.state, row.worker = JobState.RUNNING.value, worker
            row.begun = row.heartbeat = now
            row.ended, row.done_seconds, row.total_seconds, row.let_go = None, 0.0, 0.0, False
            return _job(row)

    def is_any_due(self, sources: Collection[str] | None = None, *, growing: bool = False) -> bool:
        """Whether `take` would give one."""
        due = _due_at(datetime.now(UTC), sources, growing)
        with self._database.reading() as session:
            return session.scalar(due.limit(1)) is not None

    def beat(self, job: Job, done: float, total: float) -> None:
        """Say that the work goes on, and how many seconds of footage are done."""
        self._change(job.id, heartbeat=datetime.now(UTC), done_seconds=done, total_seconds=total)

    def finish(self, job: Job, frames: int) -> None:
        """Its recording can be found; that of a growing file as far as it was there."""
        with self._database.writing() as session:
            row = session.get(JobRow, job.id)
            if row is None:  # its source was taken away
                return
            row.state = (JobState.GROWING if job.growing else JobState.DONE).value
            row.frames, row.error, row.kind, row.worker = frames, "", None, None
            row.ended = datetime.now(UTC)
            if not job.growing and row.begun is not None:
                session.add(
                    DoneJobRow(
                        job=row.id,
                        begun=row.begun,
                        ended=row.ended,
                        footage=row.total_seconds,
                        frames=frames,
                    )
                )

    def retry_later(
        self, job: Job, error: str, wait: timedelta, kind: ErrorKind = ErrorKind.OTHER
    ) -> None:
        """It failed, and is tried again after some time."""
        failure = {"attempts": job.attempts + 1, "kind": kind.value}
        self._end(job, JobState.WAITING, error, due=datetime.now(UTC) + wait, **failure)

    def set_aside(self, job: Job, error: str, kind: ErrorKind = ErrorKind.OTHER) -> None:
        """It failed for the last time."""
        failure = {"attempts": job.attempts + 1, "kind": kind.value}
        self._end(job, JobState.SET_ASIDE, error, **failure)

    def put_back(self, job: Job) -> None:
        """It was broken off by no fault of its own."""
        self._end(job, JobState.WAITING, job.error, due=datetime.now(UTC))

    def put_back_running(self) -> int:
        """Those that were at it are dead: only the holder of the worker's lock knows. How many."""
        running = JobRow.state == JobState.RUNNING.value
        with self._database.reading() as session:
            if session.scalar(select(JobRow.id).where(running).limit(1)) is None:
                return 0
        with self._database.writing() as session:
            put_back = session.execute(
                update(JobRow).where(running).values(state=JobState.WAITING.value, worker=None)
            )
            return int(put_back.rowcount)  # type: ignore[attr-defined]

    def ask_again(self, ids: Collection[int] | None = None, which: Failures = ALL_FAILURES) -> int:
        """Try again now, as if it were new, what was set aside or waits after a failure.

        Of these `ids`, None: of all. How many.
        """
        query = update(JobRow).where(which.condition)
        if ids is not None:
            query = query.where(JobRow.id.in_(ids))
        with self._database.writing() as session:
            asked = session.execute(
                query.values(
                    state=JobState.WAITING.value, attempts=0, error="", due=datetime.now(UTC)
                )
            )
            return int(asked.rowcount)  # type: ignore[attr-defined]

    def done_and_not_let_go(self) -> list[SeenFile]:
        """The files whose recordings ought to be there."""
        done = select(JobRow).where(JobRow.state == JobState.DONE.value, ~JobRow.let_go)
        with self._database.reading() as session:
            return [
                SeenFile(row.path, row.size, row.changed_ns, row.modified)
                for row in session.scalars(done)
            ]

    def do_again(self, path: Path) -> None:
        """Let a file that was done be ingested once more."""
        with self._database.writing() as session:
            session.execute(
                update(JobRow)
                .where(JobRow.path == path, JobRow.state == JobState.DONE.value)
                .values(state=JobState.WAITING.value, attempts=0, due=datetime.now(UTC))
            )

    def mark_gone(self, paths: Collection[Path]) -> None:
        """The files are not there any more."""
        gone = list(paths)
        with self._database.writing() as session:
            for first in range(0, len(gone), _LOT):
                session.execute(
                    update(JobRow)
                    .where(JobRow.path.in_(gone[first : first + _LOT]))
                    .where(JobRow.state != JobState.RUNNING.value)
                    .values(state=JobState.GONE.value, ended=datetime.now(UTC))
                )

    def copies(self, size: int) -> list[Path]:
        """Files of this size, done or to come, that are not where a recording was last seen."""
        has_recording = exists().where(RecordingRow.path == JobRow.path)
        there = (JobState.WAITING.value, JobState.RUNNING.value, JobState.DONE.value)
        query = select(JobRow.path).where(
            JobRow.state.in_(there), JobRow.error == "", JobRow.size == size, ~has_recording
        )
        with self._database.reading() as session:
            return list(session.scalars(query))

    def forget_gone(self) -> int:
        """Take out of the queue files that are gone and have no recording any more. How many.

        A recorder that writes over its oldest files would let it grow without end.
        """
        has_recording = exists().where(RecordingRow.path == JobRow.path)
        gone = delete(JobRow).where(JobRow.state == JobState.GONE.value, ~has_recording)
        with self._database.writing() as session:
            return int(session.execute(gone).rowcount)  # type: ignore[attr-defined]

    def forget_done_before(self, moment: datetime) -> None:
        """What was done before then is told to nobody any more."""
        with self._database.writing() as session:
            session.execute(delete(DoneJobRow).where(DoneJobRow.ended < moment))

    def forget_source(self, source: str) -> None:
        """Take its files out of the queue, but for those that are being worked on."""
        with self._database.writing() as session:
            session.execute(
                delete(JobRow).where(
                    JobRow.source == source, JobRow.state != JobState.RUNNING.value
                )
            )

    def shift_due(self, jump: timedelta) -> None:
        """The clock was set: what waits, waits as long as before."""
        with self._database.writing() as session:
            waiting = select(JobRow).where(JobRow.state == JobState.WAITING.value)
            for row in session.scalars(waiting.where(JobRow.error != "")):
                row.due += jump

    def job(self, identity: int) -> Job | None:
        """A job by its number."""
        with self._database.reading() as session:
            row = session.get(JobRow, identity)
            return None if row is None else _job(row)

    def jobs(self, state: JobState, limit: int = 100) -> list[Job]:
        """Of one state: what waits or runs in the order of its turn, else the newest first."""
        query = select(JobRow).where(JobRow.state == state.value).limit(limit)
        if state in (JobState.WAITING, JobState.RUNNING):
            query = query.order_by(JobRow.turn, JobRow.id)
        else:
            query = query.order_by(JobRow.ended.desc())
        with self._database.reading() as session:
            return [_job(row) for row in session.scalars(query)]

    def failed(
        self, limit: int = 100, which: Failures = ALL_FAILURES, *, skip: int = 0
    ) -> list[Job]:
        """What was set aside or waits for another try, the newest failure first."""
        query = select(JobRow).where(which.condition).order_by(JobRow.ended.desc(), JobRow.id)
        with self._database.reading() as session:
            return [_job(row) for row in session.scalars(query.offset(skip).limit(limit))]

    def count_failed(self, which: Failures) -> int:
        """How many there are of these."""
        query = select(func.count()).select_from(JobRow).where(which.condition)
        with self._database.reading() as session:
            return session.scalar(query) or 0

    def untried(self, limit: int = 100) -> list[Job]:
        """What waits for its turn without having failed, in that order."""
        query = select(JobRow).where(JobRow.state == JobState.WAITING.value, JobRow.error == "")
        with self._database.reading() as session:
            ordered = query.order_by(JobRow.turn, JobRow.id).limit(limit)
            return [_job(row) for row in session.scalars(ordered)]

    def _end(self, job: Job, state: JobState, error: str, **values: object) -> None:
        readable = error.encode(errors="backslashreplace").decode()  # names may hold stray bytes
        ended = datetime.now(UTC)
        self._change(job.id, state=state.value, error=readable, worker=None, ended=ended, **values)

    def _change(self, identity: int, **values: object) -> None:
        with self._database.writing() as session:
            session.execute(update(JobRow).where(JobRow.id == identity).values(**values))


def _due_at(moment: datetime, sources: Collection[str] | None, growing: bool) -> Select[JobRow]:
    """What has not failed is due whatever the clock says: it may have been set back."""
    due = select(JobRow).where(JobRow.state == JobState.WAITING.value)
    due = due.where((JobRow.due <= moment) | (JobRow.error == ""))
    if sources is not None:
        due = due.where(JobRow.source.in_(sources))
    return due.where(JobRow.growing) if growing else due


def _row(source: str, file: SeenFile, turn: float, now: datetime) -> dict[str, object]:
    return {
        "path": file.path,
        "source": source,
        "size": file.size,
        "changed_ns": file.changed_ns,
        "modified": file.modified,
        "state": JobState.WAITING.value,
        "growing": False,
        "turn": turn,
        "attempts": 0,
        "due": now,
        "error": "",
        "kind": None,
        "worker": None,
        "heartbeat": None,
        "done_seconds": 0.0,
        "total_seconds": 0.0,
        "frames": 0,
        "found": now,
        "let_go": False,
        "begun": None,
        "ended": None,
    }


def _job(row: JobRow) -> Job:
    return Job(
        id=row.id,
        file=SeenFile(row.path, row.size, row.changed_ns, row.modified),
        source=row.source,
        state=JobState(row.state),
        attempts=row.attempts,
        due=row.due,
        error=row.error,
        kind=None if row.kind is None else ErrorKind(row.kind),
        worker=row.worker,
        heartbeat=row.heartbeat,
        done_seconds=row.done_seconds,
        total_seconds=row.total_seconds,
        frames=row.frames,
        found=row.found,
        begun=row.begun,
        ended=row.ended,
        growing=row.growing,
    )
