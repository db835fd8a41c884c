"""The catalog's tables. A change needs a file in migrations/versions and a new VERSION."""

import os
from datetime import UTC, datetime
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
    exists,
    or_,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, mapped_column

VERSION = "0006"
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


class CaseSpanRow(Table):
    """A part of one recording in a case: what its moment consists of."""

    __tablename__ = "case_span"
    __table_args__ = (Index("ix_case_span_recording", "recording"),)

    moment: Mapped[int] = mapped_column(
        ForeignKey("case_moment.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    recording: Mapped[str] = mapped_column(String(64))
    """It stays while it is here, whatever the retention says."""
    start: Mapped[Fraction]
    end: Mapped[Fraction]
    found_start: Mapped[Fraction]
    """Before anybody trimmed it."""
    found_end: Mapped[Fraction]
    best: Mapped[Fraction | None]
    """Time of the frame that shows the moment, in one of its spans."""
    best_end: Mapped[Fraction | None]
    """Until when that frame is valid."""


class ExportedSpanRow(Table):
    """A part of a recording that was in an export, whatever it was exported from."""

    __tablename__ = "exported_span"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    recording: Mapped[str] = mapped_column(
        ForeignKey("recording.id", ondelete="CASCADE"), index=True
    )
    start: Mapped[Fraction]
    end: Mapped[Fraction]
    at: Mapped[datetime]
    """When it last was."""


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
    kept: Mapped[bool] = mapped_column()
    """Somebody said that it stays, whatever the retention says."""
    stays: Mapped[bool] = column_property(
        or_(kept, exists(CaseSpanRow).where(CaseSpanRow.recording == id))
    )
    """Somebody said so, or a part of it is in a case."""
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
    # Both, because SQLite otherwise looks for a recording's runs among all of its index: listing
    # 20,000 recordings took 25 s.
    __table_args__ = (
        Index("ix_ingest_run_recording", "recording", "index"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    path: Mapped[Path] = mapped_column(index=True)
    recording: Mapped[str | None] = mapped_column(String(64))
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
