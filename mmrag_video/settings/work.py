"""Settings of what goes on by itself: sources, the worker, and how long things are kept."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from mmrag_video.settings.checks import QuietHours, Schedule
from mmrag_video.settings.section import Section


def _from_root(folder: Path) -> Path:
    """Files are known by their whole path."""
    return folder.expanduser().absolute()


class SourceSettings(Section):
    """A folder in which recordings arrive, `[sources.NAME]`."""

    folder: Annotated[Path, AfterValidator(_from_root)] = Field(
        description="Where the recordings arrive."
    )
    recursive: bool = Field(True, description="Whether folders below it count.")
    include: tuple[str, ...] = Field(
        (),
        description="Patterns of paths below the folder, such as `gate/*.mp4`; unset: all videos.",
    )
    ignore: tuple[str, ...] = Field((), description="Patterns of paths that are left alone.")
    camera: str | None = Field(
        None, min_length=1, description="Its recordings are this camera's, whatever their name."
    )
    camera_from: Literal["name", "folder"] = Field(
        "name", description="Where else the camera's name comes from first: `name` or `folder`."
    )
    every: float = Field(
        10.0,
        ge=0.05,
        le=60 * 24 * 7,
        description="Minutes from one look at the folder to the next.",
    )
    cron: Schedule | None = Field(
        None, description="When to look instead, as in a crontab: `*/15 * * * *`, in `clock.zone`."
    )
    watch: bool = Field(
        True, description="Whether to look at once when the system tells of a change."
    )
    settle: float = Field(
        10.0, ge=0, description="Seconds that a file must not have changed for before it is taken."
    )
    live: bool = Field(
        False, description="Take files that still grow, and go on past what was taken."
    )
    priority: int = Field(0, ge=-100, le=100, description="Sources with more of it come first.")
    order: Literal["newest", "oldest"] = Field(
        "newest", description="Which files come first: `newest` or `oldest`."
    )
    since: datetime | None = Field(
        None, description="Files that were last written to before this are left alone."
    )
    gone: Literal["mark", "forget"] = Field(
        "mark",
        description="What becomes of a deleted file's recording: `mark` or `forget`.",
    )
    interval: float | None = Field(None, gt=0, description="This source's `sampler.interval`.")
    heartbeat: float | None = Field(None, gt=0, description="This source's `sampler.heartbeat`.")
    sensitivity: float | None = Field(
        None, ge=0, le=1, description="This source's `sampler.sensitivity`."
    )


class WorkerSettings(Section):
    """How the worker goes about its queue."""

    decoders: int = Field(
        1, ge=1, le=16, description="Recordings worked on at a time; one model embeds for all."
    )
    speed: float | None = Field(
        None, gt=0, description="Times real time, at most, for each; unset: as fast as it goes."
    )
    quiet: QuietHours = Field(
        (), description="Hours without work, such as `08:00-18:00`, in `clock.zone`; one or a list."
    )
    attempts: int = Field(
        5, ge=1, description="Times that a recording is tried before it is set aside."
    )
    retry: float = Field(
        60.0,
        gt=0,
        description="Seconds before the second try; four times as many before each next.",
    )
    log: Literal["text", "json"] = Field(
        "text", description="How lines are logged: `text` or `json`."
    )


class RetentionSettings(Section):
    """What goes by age and size: vectors, pictures, catalog rows and hits, never recordings."""

    days: float | None = Field(
        None,
        gt=0,
        le=1_000_000,
        description="Recordings older than this are let go of; unset: never.",
    )
    gigabytes: float | None = Field(
        None, gt=0, description="Of pictures and vectors for each camera; the oldest go first."
    )
    hits_days: float = Field(
        365.0, gt=0, le=36500, description="Hits of saved searches older than this are forgotten."
    )
