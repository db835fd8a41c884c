"""The catalog's tables. A change needs a file in migrations/versions and a new VERSION."""

import os
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

VERSION = "0003"
"""Revision of the last migration. Revisions are numbers, so that a newer catalog is known."""


class FractionText(TypeDecorator[Fraction]):
    """An exact fraction as `n/d`."""

    impl = String(64)
    cache_ok = True

    def process_bind_param(self, value: Fraction | None, dialect: Dialect) -> str | None:
        """To the database."""
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Fraction | None:
        """From the database."""
        return None if value is None else Fraction(value)


class UtcTime(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC, because SQLite has no time zones."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database."""
        return None if value is None else value.replace(tzinfo=UTC)


class PathBytes(TypeDecorator[Path]):
    """A path as the bytes it is: a name on Linux need not be valid text."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Path | None, dialect: Dialect) -> bytes | None:
        """To the database."""
        return None if value is None else os.fsencode(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Path | None:
        """From the database."""
        return None if value is None else Path(os.fsdecode(value))


class Table(DeclarativeBase):
    """Base of every table."""

    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it as it is
        Fraction: FractionText,
        datetime: UtcTime,
        Path: PathBytes,
        dict[str, Any]: JSON,
    }


class AboutRow(Table):
    """The one row that says which catalog this is."""

    __tablename__ = "about"

    id: Mapped[str] = mapped_column(String(12), primary_key=True)


class CameraRow(Table):
    """A camera, made when its first recording is complete."""

    __tablename__ = "camera"

    name: Mapped[str] = mapped_column(Text, primary_key=True)


class RecordingRow(Table):
    """A file's content, and where it was last seen."""

    __tablename__ = "recording"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    path: Mapped[Path] = mapped_column(index=True)
    seen: Mapped[datetime]
    camera: Mapped[str] = mapped_column(ForeignKey("camera.name"), index=True)
    size: Mapped[int] = mapped_column(BigInteger)
    container: Mapped[str] = mapped_column(Text)
    codec: Mapped[str] = mapped_column(Text)
    width: Mapped[int]
    height: Mapped[int]
    rotation: Mapped[int]
    duration: Mapped[Fraction]
    average_rate: Mapped[Fraction | None]
    created: Mapped[datetime | None]
    modified: Mapped[datetime]
    clock_start: Mapped[datetime | None]
    clock_origin: Mapped[str] = mapped_column(String(32))
    clock_note: Mapped[str] = mapped_column(Text)
    zone: Mapped[str] = mapped_column(Text)
    damage: Mapped[str] = mapped_column(Text)
    duration_us: Mapped[int] = mapped_column(BigInteger)
    """The duration in microseconds, rounded: fractions in text cannot be added up by SQL."""
    clock_end: Mapped[datetime | None]
    """Likewise."""
    kept: Mapped[bool]
    """It stays, whatever the retention says."""
    live: Mapped[bool]
    """Its file still grew when it was last taken: the id is a provisional one."""


class IndexRow(Table):
    """An index that was or is in use; one of them is active."""

    __tablename__ = "vector_index"

    fingerprint: Mapped[str] = mapped_column(String(16), primary_key=True)
    model: Mapped[str] = mapped_column(Text)
    dimensions: Mapped[int]
    details: Mapped[dict[str, Any]]
    sampler: Mapped[str] = mapped_column(Text)
    active: Mapped[bool]


class RunRow(Table):
    """An attempt to ingest one file. Ids are never used twice: the frame store knows them too."""

    __tablename__ = "ingest_run"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy reads it as it is

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    path: Mapped[Path] = mapped_column(index=True)
    recording: Mapped[str | None] = mapped_column(String(64), index=True)
    index: Mapped[str] = mapped_column(String(16), index=True)
    sampler: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16))
    frames: Mapped[int]
    error: Mapped[str] = mapped_column(Text)
    started: Mapped[datetime]
    ended: Mapped[datetime | None]
    superseded: Mapped[bool]
    """A later run of the same recording or path is complete: the frames are no longer wanted."""
    cleared: Mapped[bool]
    """The frames are gone from the store."""


class SourceRow(Table):
    """A folder of recordings that was added on the page or by a command; others are settings."""

    __tablename__ = "source"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    settings: Mapped[dict[str, Any]]


class JobRow(Table):
    """A file of a source as it was last seen, and what is to be done with it or was."""

    __tablename__ = "job"
    __table_args__ = (Index("ix_job_turn", "state", "turn"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    path: Mapped[Path] = mapped_column(unique=True)
    source: Mapped[str] = mapped_column(Text, index=True)
    size: Mapped[int] = mapped_column(BigInteger)
    changed_ns: Mapped[int] = mapped_column(BigInteger)
    """Of content, permissions or name: `st_ctime_ns`, which copying does not carry over."""
    modified: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(16))
    growing: Mapped[bool]
    """The file is to be taken as far as it goes, though it is not finished."""
    turn: Mapped[float]
    """The lower, the sooner: worked out from the source's priority and order."""
    attempts: Mapped[int]
    due: Mapped[datetime]
    """Not before."""
    error: Mapped[str] = mapped_column(Text)
    kind: Mapped[str | None] = mapped_column(String(16))
    """What the failure was about."""
    worker: Mapped[str | None] = mapped_column(Text)
    """Who holds the lease."""
    heartbeat: Mapped[datetime | None]
    """When the holder last said that it is at it."""
    done_seconds: Mapped[float]
    total_seconds: Mapped[float]
    frames: Mapped[int]
    found: Mapped[datetime]
    let_go: Mapped[bool]
    """Its recording was let go of: the file is not taken again until it changes."""
    begun: Mapped[datetime | None]
    ended: Mapped[datetime | None] = mapped_column(index=True)


class WorkerRow(Table):
    """The one row in which page and commands ask the worker for things, and it says how it is."""

    __tablename__ = "worker"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    paused: Mapped[bool]
    name: Mapped[str] = mapped_column(Text)
    """Process and machine of the worker; empty before there was one."""
    heartbeat: Mapped[datetime | None]
    activity: Mapped[str] = mapped_column(Text)
    """What it is doing or waiting for, in words."""
    told: Mapped[date | None]
    """The last day of whose work the log has its line."""
    let_go: Mapped[int]
    """Recordings that the retention let go of since that line."""


class SavedSearchRow(Table):
    """A search that is put to every new recording."""

    __tablename__ = "saved_search"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    text: Mapped[str] = mapped_column(Text)
    cameras: Mapped[list[str]] = mapped_column(JSON)
    """Empty: all."""
    webhook: Mapped[str] = mapped_column(Text)
    secret: Mapped[str] = mapped_column(Text)
    command: Mapped[list[str]] = mapped_column(JSON)
    created: Mapped[datetime]


class SavedScoreRow(Table):
    """The best score of a saved search in one recording: a camera's history.

    A row without a score is of a recording that was there when the search was saved, and has not
    been looked at yet.
    """

    __tablename__ = "saved_score"

    search: Mapped[int] = mapped_column(
        ForeignKey("saved_search.id", ondelete="CASCADE"), primary_key=True
    )
    recording: Mapped[str] = mapped_column(String(64), primary_key=True)
    camera: Mapped[str] = mapped_column(Text)
    index: Mapped[str] = mapped_column(String(16))
    """Fingerprint of the index that was searched; scores of another one are no measure."""
    score: Mapped[float | None]
    noted: Mapped[datetime]


class HitRow(Table):
    """A moment of a new recording that a saved search rang for, and whether that was delivered.

    It holds all that is told of it: it outlives its recording.
    """

    __tablename__ = "hit"
    __table_args__ = (
        UniqueConstraint("search", "recording", "start"),
        # An id that was delivered is never given to another hit.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    search: Mapped[int] = mapped_column(ForeignKey("saved_search.id", ondelete="CASCADE"))
    recording: Mapped[str] = mapped_column(String(64))
    camera: Mapped[str] = mapped_column(Text)
    start: Mapped[Fraction]
    end: Mapped[Fraction]
    best: Mapped[Fraction]
    """Time of the frame that answers best."""
    wall_start: Mapped[datetime | None]
    wall_end: Mapped[datetime | None]
    zone: Mapped[str] = mapped_column(Text)
    clock_origin: Mapped[str] = mapped_column(String(32))
    score: Mapped[float]
    confidence: Mapped[str] = mapped_column(String(16))
    threshold: Mapped[float]
    why: Mapped[str] = mapped_column(Text)
    found: Mapped[datetime]
    continues: Mapped[int | None]
    """The hit of the same moment in the camera's neighbouring recording."""
    delivery: Mapped[str] = mapped_column(String(16), index=True)
    attempts: Mapped[int]
    due: Mapped[datetime]
    error: Mapped[str] = mapped_column(Text)
