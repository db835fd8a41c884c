"""The parts of the settings, but for the models' (models.py)."""

from datetime import timedelta
from typing import Literal

from pydantic import ConfigDict, Field, model_validator

from mmrag_video.settings.checks import Area, StartTimecode, TimeFormat, TimePattern, Zone
from mmrag_video.settings.section import Section

_LONGEST_OFFSET = timedelta(days=36_525)
"""A hundred years: some clocks begin in 1970, and calendars have an end."""


class SamplerSection(Section):
    """Which frames are kept. A change makes a new index necessary (`ingest --reindex`)."""

    interval: float = Field(
        0.5, gt=0, le=60, description="Seconds between frames looked at while something moves."
    )
    heartbeat: float = Field(
        30.0, gt=0, description="Seconds after which a frame is kept although nothing changed."
    )
    sensitivity: float = Field(
        0.5, ge=0, le=1, description="0: only large movement is seen; 1: the slightest."
    )
    frame_width: int = Field(
        960, ge=64, le=3840, description="Pixels; wider frames are scaled down to this."
    )


class CameraSettings(Section):
    """What is particular about one camera. The table's name is the camera's."""

    model_config = ConfigDict(ser_json_timedelta="float")  # seconds, as they are typed

    zone: Zone | None = Field(
        None, description="IANA time zone of the camera's clock; unset: `clock.zone`."
    )
    clock_offset: timedelta = Field(
        timedelta(0),
        ge=-_LONGEST_OFFSET,
        le=_LONGEST_OFFSET,
        description="Added to the camera's clock to get the true time; seconds.",
    )
    folder: str | None = Field(
        None, description="Recordings under this folder are this camera's, whatever their name."
    )
    pattern: TimePattern | None = Field(
        None,
        description="Regular expression over the path with a group `time` (and perhaps `camera`).",
    )
    time_format: TimeFormat | None = Field(
        None, description="strptime format of the group `time`; required with `pattern`."
    )
    time_is: Literal["start", "end"] = Field(
        "start", description="Whether the name's time is the recording's start or its end."
    )
    region: Area | None = Field(
        None, description="Movement counts only inside this polygon; corners as [x, y], 0 to 1."
    )
    masks: tuple[Area, ...] = Field(
        (), description="Polygons in which movement is ignored, corners as [x, y], 0 to 1."
    )
    interval: float | None = Field(None, gt=0, description="This camera's `sampler.interval`.")
    heartbeat: float | None = Field(None, gt=0, description="This camera's `sampler.heartbeat`.")
    sensitivity: float | None = Field(
        None, ge=0, le=1, description="This camera's `sampler.sensitivity`."
    )
    start_timecode: StartTimecode | None = Field(
        None,
        description="SMPTE timecode of the first frame, for files that carry none: `01:00:00:00`, "
        "or `clock` for the time of day; unset: `00:00:00:00`.",
    )
    keep_days: float | None = Field(
        None, gt=0, le=1_000_000, description="This camera's `retention.days`."
    )
    keep_gigabytes: float | None = Field(
        None, gt=0, description="This camera's `retention.gigabytes`."
    )

    @model_validator(mode="after")
    def _pattern_has_its_format(self) -> "CameraSettings":
        if (self.pattern is None) != (self.time_format is None):
            raise ValueError("pattern and time_format go together: set both or neither")
        return self

    def over(self, others: "CameraSettings") -> "CameraSettings":
        """These, and of other settings the fields that are not set here."""
        own = {name: getattr(self, name) for name in self.model_fields_set}
        return others.model_copy(update=own)


class ClockSettings(Section):
    """How recorders' clocks are read."""

    zone: Zone = Field("UTC", description="IANA time zone of cameras that have none of their own.")
    trust_file_time: bool = Field(
        False,
        description="Take a file's modification time as its end when nothing better is known.",
    )


class StoreSettings(Section):
    """Where vectors are kept."""

    uri: str | None = Field(
        None,
        description="A Milvus server such as http://localhost:19530; unset: one is started here.",
    )
    token: str | None = Field(None, description="`user:password` or API key of that server.")
    linger: float = Field(
        10.0, ge=0, description="Seconds the started server stays after its last user has gone."
    )


class DecodeSettings(Section):
    """The decoding process."""

    queue: int = Field(16, ge=1, description="Frames decoded ahead of the model, at most.")
    time_limit: float = Field(
        60.0, gt=0, description="Seconds without a sign of life after which decoding is stopped."
    )


class SearchSettings(Section):
    """How answers are found."""

    limit: int = Field(20, ge=1, le=1000, description="Moments in an answer.")
    recall: int = Field(200, ge=1, le=16384, description="Frames recalled by vector.")
    rerank: int = Field(50, ge=1, le=1000, description="Recalled frames read closely.")
    join_gap: float = Field(
        2.0, ge=0, description="Seconds between matching frames that still are one moment."
    )
