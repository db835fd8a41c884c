"""Which indexes there are, which is in use, and whether it is the one that the settings make."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import Path

from mmrag_video.archive import Archive
from mmrag_video.catalog.index_tally import IndexCounts, counts_by_index, sampled_recordings
from mmrag_video.catalog.reindexings import Reindexing
from mmrag_video.errors import MmragError
from mmrag_video.index.identity import IndexIdentity
from mmrag_video.source_rules import sampler_in, source_of
from mmrag_video.sources import all_sources


class Standing(StrEnum):
    """How the index in use and the settings stand to each other."""

    NOTHING_YET = "nothing-yet"
    """Nothing was ingested."""
    IN_STEP = "in-step"
    OTHER_SAMPLER = "other-sampler"
    """Searches are answered; nothing can be added to it."""
    OTHER_MODEL = "other-model"
    """Searches are refused: its vectors mean nothing to the model of the settings."""
    UNKNOWN = "unknown"
    """The model of the settings cannot be had."""


@dataclass(frozen=True)
class IndexState:
    """One index."""

    identity: IndexIdentity
    is_active: bool
    """Whether searches use it."""
    is_wanted: bool
    """Whether it is the one that the settings make."""
    counts: IndexCounts | None
    """None where nothing is found in it."""


@dataclass(frozen=True)
class IndexOverview:
    """All indexes at one moment."""

    standing: Standing
    indexes: Sequence[IndexState]
    """The one in use first, then those that lie aside."""
    wanted: IndexIdentity | None
    """What the settings make; None where the model cannot be had."""
    problem: str
    """Why it cannot; else empty."""
    outdated: int
    """Recordings of the index in use that were sampled with other settings than are in force for
    their camera; 0 where the sampler of all of them is another."""
    reindexing: Reindexing | None
    """The last wish about the index."""

    @property
    def others(self) -> Sequence[IndexState]:
        """Those that lie aside."""
        return [one for one in self.indexes if not one.is_active]


def index_overview(archive: Archive) -> IndexOverview:
    """As it is now. Loads the model of the settings. Raises CatalogError."""
    wanted, problem = _wanted(archive)
    active = archive.catalog.active_index()
    counts = counts_by_index(archive.catalog.database)
    indexes = [
        IndexState(one, one == active, one == wanted, counts.get(one.fingerprint))
        for one in archive.catalog.indexes()
    ]
    standing = _standing(active, wanted)
    return IndexOverview(
        standing=standing,
        indexes=sorted(indexes, key=lambda one: not one.is_active),
        wanted=wanted,
        problem=problem,
        outdated=_outdated(archive) if standing is Standing.IN_STEP else 0,
        reindexing=archive.catalog.reindexings.last(),
    )


def _wanted(archive: Archive) -> tuple[IndexIdentity | None, str]:
    try:
        return archive.identity, ""
    except MmragError as error:
        return None, str(error)


def _standing(active: IndexIdentity | None, wanted: IndexIdentity | None) -> Standing:
    if wanted is None:
        return Standing.UNKNOWN
    if active is None:
        return Standing.NOTHING_YET
    if active == wanted:
        return Standing.IN_STEP
    is_sampler_alone = active == replace(wanted, sampler=active.sampler)
    return Standing.OTHER_SAMPLER if is_sampler_alone else Standing.OTHER_MODEL


def _outdated(archive: Archive) -> int:
    settings = archive.settings_in_force
    sources = all_sources(settings, archive.catalog)

    @cache
    def in_force(folder: Path, camera: str) -> str:
        return sampler_in(source_of(folder, sources), camera, settings).fingerprint

    return sum(
        one.sampler != in_force(one.path.parent, one.camera)
        for one in sampled_recordings(archive.catalog.database)
    )
