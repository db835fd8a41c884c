"""Every setting, typed, in one place: defaults, then a TOML file, then `MMRAG_...` variables.

The file is `MMRAG_SETTINGS` or `--settings`; a nested setting such as `search.limit` is the key
`limit` under `[search]` there, and the variable `MMRAG_SEARCH__LIMIT`.
"""

import os
import re
import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import platformdirs
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings import (
    SettingsError as UnreadableVariable,
)

from mmrag_video.errors import SettingsError
from mmrag_video.video.sampled import Polygon, SamplerSettings


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(
            f"{name!r} is not an IANA time zone such as Europe/Lisbon or UTC"
        ) from error
    return name


def _inside_the_picture(polygon: Polygon) -> Polygon:
    if len(polygon) < 3:
        raise ValueError("a polygon needs at least three corners")
    if any(not 0 <= share <= 1 for corner in polygon for share in corner):
        raise ValueError("corners are shares of the picture's width and height, from 0 to 1")
    return polygon


def _pattern_with_time(pattern: str) -> str:
    try:
        groups = re.compile(pattern).groupindex
    except re.error as error:
        raise ValueError(f"{pattern!r} is not a regular expression: {error}") from error
    if "time" not in groups:
        raise ValueError(f"{pattern!r} has no group (?P<time>...)")
    return pattern


def _format_of_day_and_time(time_format: str) -> str:
    """A format that loses the day or the hour would place recordings in the year 1900."""
    probe = datetime(2024, 10, 31, 16, 45, tzinfo=UTC)
    try:
        kept = datetime.strptime(probe.strftime(time_format), time_format)
    except ValueError as error:
        raise ValueError(f"{time_format!r} is not a strptime format: {error}") from error
    if kept.replace(tzinfo=UTC) != probe:
        raise ValueError(f"{time_format!r} must give the whole date and the time of day")
    return time_format


Zone = Annotated[str, AfterValidator(_known_zone)]
Area = Annotated[Polygon, AfterValidator(_inside_the_picture)]
TimePattern = Annotated[str, AfterValidator(_pattern_with_time)]
TimeFormat = Annotated[str, AfterValidator(_format_of_day_and_time)]


class Section(BaseModel):
    """A part of the settings: unknown keys are refused, so that a typing error is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelSettings(Section):
    """Which model, and how it is run."""

    name: str = Field("basic", description="A model of `docs/models.md`: basic, dual-encoder.")
    path: str | None = Field(
        None, description="Local folder or hub name of the weights, for models that need one."
    )
    threads: int = Field(0, ge=0, description="CPU threads; 0 lets the library choose.")
    batch: int = Field(8, ge=1, description="Frames embedded at a time.")


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

    zone: Zone | None = Field(
        None, description="IANA time zone of the camera's clock; unset: `clock.zone`."
    )
    clock_offset: timedelta = Field(
        timedelta(0), description="Added to the camera's clock to get the true time; seconds."
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

    @model_validator(mode="after")
    def _pattern_has_its_format(self) -> "CameraSettings":
        if (self.pattern is None) != (self.time_format is None):
            raise ValueError("pattern and time_format go together: set both or neither")
        return self


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


class WebSettings(Section):
    """The search page."""

    host: str = Field("127.0.0.1", description="Address the page listens on.")
    port: int = Field(8642, ge=0, le=65535, description="Port; 0 takes a free one.")


class Settings(BaseSettings):
    """All settings. Build with `load_settings`, which puts errors in words."""

    model_config = SettingsConfigDict(
        env_prefix="MMRAG_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
    )

    data_dir: Annotated[Path, AfterValidator(Path.expanduser)] = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("mmrag-video")),
        description="Everything the program writes lies under this folder.",
    )
    model: ModelSettings = ModelSettings()
    sampler: SamplerSection = SamplerSection()
    clock: ClockSettings = ClockSettings()
    store: StoreSettings = StoreSettings()
    decode: DecodeSettings = DecodeSettings()
    search: SearchSettings = SearchSettings()
    web: WebSettings = WebSettings()
    cameras: dict[str, CameraSettings] = Field(
        default_factory=dict, description="One table per camera, `[cameras.NAME]`."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Variables outrank the file, whose values arrive as the initial ones."""
        return env_settings, init_settings

    def sampler_for(self, camera: str) -> SamplerSettings:
        """The sampler settings in force for one camera."""
        own = self.cameras.get(camera, CameraSettings())
        return SamplerSettings(
            interval=own.interval or self.sampler.interval,
            heartbeat=own.heartbeat or self.sampler.heartbeat,
            sensitivity=(self.sampler.sensitivity if own.sensitivity is None else own.sensitivity),
            frame_width=self.sampler.frame_width,
            region=own.region,
            masks=own.masks,
        )


def load_settings(file: Path | None = None) -> Settings:
    """Settings from `file` (or the one named by MMRAG_SETTINGS) and the environment.

    Raises SettingsError naming the file, the key and what it should be.
    """
    if file is None and os.environ.get("MMRAG_SETTINGS"):
        file = Path(os.environ["MMRAG_SETTINGS"])
    values = _read_toml(file) if file is not None else {}
    try:
        return Settings(**values)
    except UnreadableVariable as error:
        raise SettingsError(f"An MMRAG_ variable must hold JSON: {error}.") from error
    except ValidationError as error:
        raise SettingsError(_in_words(error.errors(), file)) from error


def _in_words(problems: Sequence[ErrorDetails], file: Path | None) -> str:
    origins = dict.fromkeys(_origin(problem["loc"], file) for problem in problems)
    sentences = "; ".join(
        f"{'.'.join(map(str, problem['loc']))}: {_complaint(problem)}" for problem in problems
    )
    return f"A setting in {' and '.join(origins)} cannot be used: {sentences}."


def _complaint(problem: ErrorDetails) -> str:
    if problem["type"] == "extra_forbidden":
        return "there is no such setting"
    return problem["msg"].removeprefix("Value error, ")


def _origin(location: tuple[int | str, ...], file: Path | None) -> str:
    """The variable that holds the setting or the table around it; else the file."""
    variables = {name.upper(): name for name in os.environ}
    for length in range(len(location), 0, -1):
        variable = "MMRAG_" + "__".join(map(str, location[:length])).upper()
        if variable in variables:
            return variables[variable]
    return str(file) if file is not None else "an MMRAG_ variable"


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"The settings file {file} cannot be read: {error.strerror}."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The settings file {file} is not valid TOML: {error}.") from error
