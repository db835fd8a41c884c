"""What is let go of by age and by size, for each camera. Recordings' files are never touched.

The decision is `choose`, a plain function; `decide` gathers what it needs.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import groupby

from mmrag_video.archive import Archive
from mmrag_video.catalog import ages
from mmrag_video.catalog.records import Recording
from mmrag_video.data_directory import DataDirectory
from mmrag_video.letting_go import LetGo, let_go
from mmrag_video.settings import CameraSettings, Settings

LEAP = timedelta(days=30)
"""A longer time in which nothing was recorded by any camera is doubted: a clock may have leapt."""
_EVER = datetime.min.replace(tzinfo=UTC)
_BYTES_OF_A_NUMBER = 4
_REMEMBERED = 2**18
"""Recordings the size of whose pictures is: the worker asks every ten minutes."""
_GIGABYTE = 10**9


class Reason(StrEnum):
    """Why a recording is to go, or would be."""

    AGE = "age"
    SIZE = "size"
    DOUBTFUL_AGE = "doubtful age"
    """Older than allowed, but only if the clock is right: it stays until somebody says so."""


@dataclass(frozen=True)
class Limits:
    """How much of one camera stays. None: no limit."""

    age: timedelta | None
    bytes: int | None


@dataclass(frozen=True)
class Item:
    """A recording as the decision sees it."""

    id: str
    camera: str
    ended: datetime
    """Aware."""
    bytes: int
    """Of pictures and vectors, in all indexes."""
    kept: bool


@dataclass(frozen=True)
class Due:
    """A recording that is to go, and why."""

    recording: Recording
    reason: Reason
    ended: datetime


def due(archive: Archive, now: datetime, *, trust_clock: bool = False) -> list[Due]:
    """The recordings that the settings let go of; those of doubtful age among them stay.

    Arguments and errors are those of `decide`.
    """
    decided = decide(archive, now, trust_clock=trust_clock)
    held = archive.catalog.holdings.named([item.id for item, _ in decided])
    recordings = {recording.id: recording for recording in held}
    return [
        Due(recordings[item.id], reason, item.ended)
        for item, reason in decided
        if item.id in recordings
    ]


def decide(
    archive: Archive, now: datetime, *, trust_clock: bool = False
) -> list[tuple[Item, Reason]]:
    """What goes as the settings have it, and why.

    With `trust_clock` no age is doubtful. Raises CatalogError if the catalog cannot be used.
    """
    database = archive.catalog.database
    settings = archive.settings_in_force
    limits = {camera: limits_of(settings, camera) for camera in ages.cameras(database)}
    items = [
        item
        for camera, limit in limits.items()
        if limit != Limits(None, None)
        for item in _items(archive, camera, limit, now)
    ]
    if not items:
        return []
    is_certain = trust_clock or all(limit.age is None for limit in limits.values())
    since = _EVER if is_certain else unbroken_since(ages.endings(database), now)
    return choose(items, limits.__getitem__, now, since)


def apply(archive: Archive, decided: Iterable[tuple[Item, Reason]]) -> LetGo:
    """Let them go, but for those whose age is doubtful. The caller holds the writer's lock."""
    sure = [item.id for item, reason in decided if reason is not Reason.DOUBTFUL_AGE]
    return let_go(archive, sure)


def limits_of(settings: Settings, camera: str) -> Limits:
    """A camera's own limits, else those of all."""
    own = settings.cameras.get(camera, CameraSettings())
    days = own.keep_days or settings.retention.days
    gigabytes = own.keep_gigabytes or settings.retention.gigabytes
    return Limits(
        None if days is None else timedelta(days=days),
        None if gigabytes is None else int(gigabytes * _GIGABYTE),
    )


def unbroken_since(newest_first: Iterable[datetime], now: datetime) -> datetime:
    """The earliest moment from which on there is no time longer than LEAP without a recording.

    `newest_first`: when all recordings ended. A machine that starts with a clock of 2060 finds
    that nothing was recorded for decades.
    """
    reached = now
    for ended in newest_first:
        if reached - ended > LEAP:
            break
        reached = min(reached, ended)
    return reached


def choose(
    items: Collection[Item],
    limits: Callable[[str], Limits],
    now: datetime,
    since: datetime,
) -> list[tuple[Item, Reason]]:
    """What goes and why, by camera, the oldest first: by age, then by size until the rest fits.

    What is kept never goes, though its bytes count. Ages of what ended before `since` are
    doubtful: that stays, unless it goes by size.
    """
    chosen = []
    ordered = sorted(items, key=lambda item: (item.camera, item.ended, item.id))
    for camera, group in groupby(ordered, key=lambda item: item.camera):
        chosen += _choose_of_one(list(group), limits(camera), now, since)
    return chosen


def _choose_of_one(
    items: Sequence[Item], limits: Limits, now: datetime, since: datetime
) -> list[tuple[Item, Reason]]:
    """The same of one camera, whose items are there oldest first."""
    chosen = []
    old = {
        item.id
        for item in items
        if limits.age is not None and not item.kept and now - item.ended > limits.age
    }
    certain = {item.id for item in items if item.id in old and item.ended >= since}
    rest = sum(item.bytes for item in items if item.id not in certain)
    for item in items:
        if item.id in certain:
            chosen.append((item, Reason.AGE))
        elif limits.bytes is not None and rest > limits.bytes and not item.kept and item.bytes:
            rest -= item.bytes
            chosen.append((item, Reason.SIZE))
        elif item.id in old:
            chosen.append((item, Reason.DOUBTFUL_AGE))
    return chosen


def _items(archive: Archive, camera: str, limits: Limits, now: datetime) -> list[Item]:
    """What has to be known of a camera: of one without a limit of bytes, what is too old."""
    database = archive.catalog.database
    if limits.bytes is None:
        found, sizes = ages.ended(database, camera, before=_before(now, limits.age)), {}
    else:
        found, sizes = ages.ended(database, camera), _bytes_of(archive, camera)
    return [
        Item(one.recording, camera, one.at, sizes.get(one.recording, 0), one.kept) for one in found
    ]


def _before(now: datetime, age: timedelta | None) -> datetime:
    """The moment before which something is older; a calendar has a first year."""
    try:
        return _EVER if age is None else now - age
    except OverflowError:
        return _EVER


def _bytes_of(archive: Archive, camera: str) -> dict[str, int]:
    """Bytes of each recording of a camera, in all indexes."""
    sizes: dict[str, int] = defaultdict(int)
    indexes = {
        one.fingerprint: (one.collection, one.dimensions + (one.recall_dimensions or 0))
        for one in archive.catalog.indexes()
    }
    for extent in ages.extents(archive.catalog.database, camera):
        if extent.index in indexes:
            collection, numbers = indexes[extent.index]
            vectors = extent.frames * numbers * _BYTES_OF_A_NUMBER
            pictures = _bytes_of_pictures(
                archive.directory, collection, extent.recording, extent.last_run
            )
            sizes[extent.recording] += vectors + pictures
    return sizes


@lru_cache(maxsize=_REMEMBERED)
def _bytes_of_pictures(
    directory: DataDirectory, collection: str, recording: str, _last_run: int
) -> int:
    """On disk, remembered until another run has written them."""
    with suppress(OSError), os.scandir(directory.pictures(collection, recording)) as entries:
        return sum(entry.stat().st_size for entry in entries)
    return 0
