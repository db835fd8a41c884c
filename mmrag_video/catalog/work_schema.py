"""The catalog's tables of what goes on by itself: sources, the queue, saved searches, hits."""

from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from mmrag_video.catalog.schema import Table


class SourceRow(Table):
    """A folder of recordings that was added on the page or by a command; others are settings."""

    __tablename__ = "source"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    settings: Mapped[dict[str, Any]]


class CameraSettingRow(Table):
    """What was set for a camera on the page or by a command; the settings have the last word."""

    __tablename__ = "camera_setting"

    camera: Mapped[str] = mapped_column(Text, primary_key=True)
    settings: Mapped[dict[str, Any]]
    """The fields of CameraSettings that were set, and no others."""


class CameraNameRow(Table):
    """A camera that was given another name than its recordings' names say."""

    __tablename__ = "camera_name"

    was: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    carried_out: Mapped[bool]
    """Every known recording and frame has the new name; until then the worker has to see to it."""


class ReindexingRow(Table):
    """A wish about the index, mostly that it be made anew, and how far the worker is with it."""

    __tablename__ = "reindexing"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    asked: Mapped[datetime]
    asked_by: Mapped[str] = mapped_column(Text)
    wish: Mapped[str] = mapped_column(String(16))
    """What is wished."""
    begun: Mapped[datetime | None]
    ended: Mapped[datetime | None]
    done: Mapped[int]
    """Recordings that are complete in the new index."""
    total: Mapped[int]
    missing: Mapped[int]
    """Recordings that could not be read again, for which the old index stayed in use."""
    problem: Mapped[str] = mapped_column(Text)
    """Why it ended without a new index in use; empty if all is well."""


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


class DoneJobRow(Table):
    """What was done of a job that ended well: it stays counted when its file goes or is another."""

    __tablename__ = "done_job"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    job: Mapped[int]
    """No key of another table's: that job may be gone."""
    begun: Mapped[datetime]
    ended: Mapped[datetime] = mapped_column(index=True)
    footage: Mapped[float]
    frames: Mapped[int]


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
    unreadable: Mapped[list[str]] = mapped_column(JSON)
    """Names of the sources of which not all could be read at the last look."""
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
    __table_args__ = (
        Index("ix_saved_score_camera", "search", "camera", "noted"),
        Index("ix_saved_score_noted", "search", "noted"),
    )

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
