"""What was done and what failed, counted over the tables of the queue and of the hits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from mmrag_video.catalog.database import Database
from mmrag_video.catalog.jobs import JobState
from mmrag_video.catalog.work_schema import HitRow, JobRow
from mmrag_video.errors import ErrorKind


@dataclass(frozen=True)
class DoneJob:
    """What counts of a job that is done."""

    begun: datetime
    ended: datetime
    footage: float
    """Seconds; 0 of a recording that was known already."""
    frames: int
    """Kept."""


def done_between(database: Database, since: datetime, until: datetime) -> list[DoneJob]:
    """Jobs that were done in this span, its end left out."""
    query = select(JobRow.begun, JobRow.ended, JobRow.total_seconds, JobRow.frames).where(
        JobRow.state == JobState.DONE.value,
        JobRow.begun.is_not(None),
        JobRow.ended >= since,
        JobRow.ended < until,
    )
    with database.reading() as session:
        return [
            DoneJob(begun, ended, footage, frames)
            for begun, ended, footage, frames in session.execute(query)
            if begun is not None and ended is not None
        ]


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
