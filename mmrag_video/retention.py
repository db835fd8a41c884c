"""What is let go of by age and by size, for each camera. Recordings' files are never touched.

The decision is `choose`, a plain function; `due` gathers what it needs.
"""

import os
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import groupby
from pathlib import Path

from mmrag_video.archive import Archive
from mmrag_video.catalog.holdings import HeldRecording, HeldRun
from mmrag_video.catalog.records import Recording
from mmrag_video.index.identity import IndexIdentity
from mmrag_video.letting_go import LetGo, let_go
from mmrag_video.settings import CameraSettings, Settings

LEAP = timedelta(days=30)
"""A longer time in which nothing was recorded by any camera is doubted: a clock may have leapt."""
_BYTES_OF_A_NUMBER = 4
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

    With `trust_clock` no age is doubtful. Raises CatalogError if the catalog cannot be used.
    """
    settings = archive.settings
    held = archive.catalog.holdings.recordings()
    if not any(limits_of(settings, one.recording.camera) != Limits(None, None) for one in held):
        return []
    sizes = _bytes_of(archive, held)
    items = [_item(one, sizes.get(one.recording.id, 0)) for one in held]
    since = datetime.min.replace(tzinfo=UTC) if trust_clock else unbroken_since(items, now)
    chosen = choose(items, lambda camera: limits_of(settings, camera), now, since)
    recordings = {one.recording.id: one.recording for one in held}
    return [Due(recordings[item.id], reason, item.ended) for item, reason in chosen]


def apply(archive: Archive, those: Iterable[Due]) -> LetGo:
    """Let them go, but for those whose age is doubtful. The caller holds the writer's lock."""
    sure = [one.recording.id for one in those if one.reason is not Reason.DOUBTFUL_AGE]
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


def unbroken_since(items: Collection[Item], now: datetime) -> datetime:
    """The earliest moment from which on there is no time longer than LEAP without a recording.

    A machine that starts with a clock of 2060 finds that nothing was recorded for decades.
    """
    reached = now
    for ended in sorted((item.ended for item in items), reverse=True):
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


def _item(held: HeldRecording, size: int) -> Item:
    """A recording ended when it was ingested, at the latest, whatever its camera's clock says."""
    recording = held.recording
    ended = recording.span[1] if recording.span else recording.modified
    return Item(recording.id, recording.camera, min(ended, held.seen), size, recording.kept)


def _bytes_of(archive: Archive, held: Sequence[HeldRecording]) -> dict[str, int]:
    """Bytes in all indexes, of the recordings whose camera has a limit of bytes."""
    limited = {
        one.recording.id
        for one in held
        if limits_of(archive.settings, one.recording.camera).bytes is not None
    }
    sizes = dict.fromkeys(limited, 0)
    identities = {one.fingerprint: one for one in archive.catalog.indexes()}
    for run in archive.catalog.holdings.runs() if limited else ():
        if run.is_findable and run.run.recording in limited and run.run.index in identities:
            sizes[run.run.recording] += _bytes_of_run(archive, run, identities[run.run.index])
    return sizes


def _bytes_of_run(archive: Archive, run: HeldRun, identity: IndexIdentity) -> int:
    numbers = identity.dimensions + (identity.recall_dimensions or 0)
    folder = archive.directory.pictures(identity.collection, run.run.recording or "")
    return run.run.frames * numbers * _BYTES_OF_A_NUMBER + _bytes_in(folder)


def _bytes_in(folder: Path) -> int:
    with suppress(OSError), os.scandir(folder) as entries:
        return sum(entry.stat().st_size for entry in entries)
    return 0
