"""When recordings ended and how much there is of them: plain values, since they are many."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from mmrag_video.catalog.database import Database
from mmrag_video.catalog.findable import is_found
from mmrag_video.catalog.schema import CameraRow, RecordingRow, RunRow

_ENDED = func.min(func.coalesce(RecordingRow.clock_end, RecordingRow.modified), RecordingRow.seen)
"""When it was ingested, at the latest, whatever its camera's clock says."""


@dataclass(frozen=True)
class Ended:
    """A recording that ended, findable or not."""

    recording: str
    at: datetime
    """Aware."""
    kept: bool


@dataclass(frozen=True)
class Extent:
    """What one index finds of a recording."""

    recording: str
    index: str
    last_run: int
    """A live recording has several."""
    frames: int
    """Of all its runs."""


def cameras(database: Database) -> list[str]:
    """Every one, by name."""
    with database.reading() as session:
        return list(session.scalars(select(CameraRow.name).order_by(CameraRow.name)))


def endings(database: Database) -> list[datetime]:
    """When the recordings of all cameras ended, the newest first."""
    with database.reading() as session:
        return list(session.scalars(select(_ENDED).order_by(_ENDED.desc())))


def ended(database: Database, camera: str, before: datetime | None = None) -> list[Ended]:
    """The recordings of one camera: all, or those that ended before some moment."""
    query = select(RecordingRow.id, _ENDED, RecordingRow.stays).where(RecordingRow.camera == camera)
    if before is not None:
        query = query.where(before > _ENDED)
    with database.reading() as session:
        return [Ended(*row) for row in session.execute(query)]


def extents(database: Database, camera: str) -> list[Extent]:
    """What is found of one camera's recordings, in each index."""
    query = (
        select(RecordingRow.id, RunRow.index, func.max(RunRow.id), func.sum(RunRow.frames))
        .join(RunRow, RunRow.recording == RecordingRow.id)
        .where(RecordingRow.camera == camera, is_found())
        .group_by(RecordingRow.id, RunRow.index)
    )
    with database.reading() as session:
        return [Extent(*row) for row in session.execute(query)]
