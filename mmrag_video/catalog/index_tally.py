"""What each index holds, counted over the table of runs.

Every function raises CatalogError if the file cannot be used.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select

from mmrag_video.catalog.database import Database
from mmrag_video.catalog.findable import findable_in, is_found
from mmrag_video.catalog.schema import RecordingRow, RunRow


@dataclass(frozen=True)
class IndexCounts:
    """What searches of an index find, or would if it were in use."""

    recordings: int
    frames: int
    begun: datetime
    """When the first of the runs began that filled it."""
    filled: datetime
    """When the last of them ended."""


@dataclass(frozen=True)
class SampledRecording:
    """How a recording was sampled."""

    path: Path
    camera: str
    sampler: str
    """Fingerprint of the sampler settings."""


def counts_by_index(database: Database) -> Mapping[str, IndexCounts]:
    """By the index's fingerprint; one in which nothing is found is left out."""
    query = (
        select(
            RunRow.index,
            func.count(RunRow.recording.distinct()),
            func.sum(RunRow.frames),
            func.min(RunRow.started),
            func.max(RunRow.ended),
        )
        .where(is_found())
        .group_by(RunRow.index)
    )
    with database.reading() as session:
        return {
            index: IndexCounts(recordings, frames, begun, filled or begun)
            for index, recordings, frames, begun, filled in session.execute(query)
        }


def sampled_recordings(database: Database) -> list[SampledRecording]:
    """Those in the index in use, without the ones that still grow."""
    query = (
        select(RecordingRow.path, RecordingRow.camera, RunRow.sampler)
        .join(RunRow, RunRow.recording == RecordingRow.id)
        .where(findable_in(None), ~RecordingRow.live)
    )
    with database.reading() as session:
        return [SampledRecording(*row) for row in session.execute(query)]
