"""What is to do, was done and failed, counted over the tables of the queue and of the hits.

Every function raises CatalogError if the file cannot be used.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, or_, select

from mmrag_video.catalog.database import Database
from mmrag_video.catalog.jobs import IS_FAILED, JobState
from mmrag_video.catalog.work_schema import DoneJobRow, HitRow, JobRow
from mmrag_video.errors import ErrorKind

_IS_TO_COME: tuple[ColumnElement[bool], ColumnElement[bool]] = (
    JobRow.state.in_([JobState.WAITING.value, JobState.RUNNING.value]),
    JobRow.error == "",
)


@dataclass(frozen=True)
class SourceCounts:
    """Files of one source."""

    known: int
    """All that are still there."""
    waiting: int
    """Not tried yet."""
    failed: int
    """Set aside, or waiting for another try."""


@dataclass(frozen=True)
class DoneJob:
    """What counts of a job that is done."""

    begun: datetime
    ended: datetime
    footage: float
    """Seconds; 0 of a recording that was known already."""
    frames: int
    """Kept."""

    def since(self, moment: datetime) -> "DoneJob":
        """What of it was done from then on, its footage taken to have been done evenly."""
        if self.begun >= moment:
            return self
        if self.ended <= moment:
            return DoneJob(moment, moment, 0.0, self.frames)
        share = (self.ended - moment) / (self.ended - self.begun)
        return DoneJob(moment, self.ended, self.footage * share, self.frames)


def counts_by_state(database: Database) -> Mapping[JobState, int]:
    """Jobs of each state."""
    query = select(JobRow.state, func.count()).group_by(JobRow.state)
    with database.reading() as session:
        counted = {JobState(state): count for state, count in session.execute(query)}
    return {state: counted.get(state, 0) for state in JobState}


def counts_by_source(database: Database) -> Mapping[str, SourceCounts]:
    """How many files of each source there are, and how many of them wait or failed."""
    waiting = JobRow.state == JobState.WAITING.value
    query = select(
        JobRow.source,
        func.sum(case((JobRow.state != JobState.GONE.value, 1), else_=0)),
        func.sum(case((waiting & ~IS_FAILED, 1), else_=0)),
        func.sum(case((IS_FAILED, 1), else_=0)),
    ).group_by(JobRow.source)
    with database.reading() as session:
        return {
            source: SourceCounts(known, waiting, failed)
            for source, known, waiting, failed in session.execute(query)
        }


def oldest_to_come(database: Database) -> datetime | None:
    """When the oldest of the files still to come was last written to, failures left aside."""
    with database.reading() as session:
        return session.scalar(select(func.min(JobRow.modified)).where(*_IS_TO_COME))


def oldest_new(database: Database, now: datetime) -> datetime | None:
    """The same of those files that are newer than all of their source that is searchable.

    A file of the future, by a clock that was wrong, makes no other old.
    """
    is_searchable = JobRow.state.in_([JobState.DONE.value, JobState.GROWING.value])
    newest = (
        select(JobRow.source, func.max(JobRow.modified).label("modified"))
        .where(is_searchable, JobRow.modified <= now)
        .group_by(JobRow.source)
        .subquery()
    )
    is_new = or_(newest.c.modified.is_(None), JobRow.modified > newest.c.modified)
    query = (
        select(func.min(JobRow.modified))
        .outerjoin(newest, newest.c.source == JobRow.source)
        .where(*_IS_TO_COME, is_new)
    )
    with database.reading() as session:
        return session.scalar(query)


def done_between(database: Database, since: datetime, until: datetime) -> list[DoneJob]:
    """Jobs that were done in this span, its end left out, whatever became of their files then."""
    query = select(DoneJobRow.begun, DoneJobRow.ended, DoneJobRow.footage, DoneJobRow.frames).where(
        DoneJobRow.ended >= since, DoneJobRow.ended < until
    )
    with database.reading() as session:
        return [DoneJob(*done) for done in session.execute(query)]


def failed_by_kind(
    database: Database,
    state: JobState,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Mapping[ErrorKind, int]:
    """Jobs in this state whose last attempt failed, in the span if one is given; each kind."""
    query = select(func.coalesce(JobRow.kind, ErrorKind.OTHER.value), func.count()).where(
        JobRow.state == state.value, JobRow.error != ""
    )
    if since is not None:
        query = query.where(JobRow.ended >= since)
    if until is not None:
        query = query.where(JobRow.ended < until)
    with database.reading() as session:
        counted = {
            ErrorKind(kind): count for kind, count in session.execute(query.group_by(JobRow.kind))
        }
    return {kind: counted.get(kind, 0) for kind in ErrorKind}


def hits_between(database: Database, since: datetime, until: datetime) -> int:
    """Moments that saved searches rang for in this span, its end left out."""
    query = select(func.count()).select_from(HitRow)
    with database.reading() as session:
        return session.scalar(query.where(HitRow.found >= since, HitRow.found < until)) or 0
