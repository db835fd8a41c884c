"""What is particular about each camera: by the settings, and by what was set while it runs.

A field that the settings set (the file, or a variable) is theirs; any other may be set on the page,
by a command or through the API, and is kept in the catalog.
"""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from mmrag_video.catalog.catalog import Catalog
from mmrag_video.errors import FieldProblemsError
from mmrag_video.settings import CameraSettings, Settings

SETTABLE = (
    "zone",
    "clock_offset",
    "region",
    "masks",
    "sensitivity",
    "interval",
    "heartbeat",
    "start_timecode",
    "keep_days",
    "keep_gigabytes",
)
"""Fields of CameraSettings that can be set while it runs. The others say how files' names are read,
and stand in the settings."""
AREAS = ("region", "masks")
"""Those that are polygons, which are typed as JSON."""
_NUMBERS = frozenset(SETTABLE) - {*AREAS, "zone", "start_timecode"}
_LONGEST_TEXT = 50_000
"""Characters of JSON: some thousand corners."""


class CameraError(FieldProblemsError):
    """A camera cannot be as it was asked for: fields of CameraSettings, or its `name`."""


@dataclass(frozen=True)
class CameraInForce:
    """A camera's settings as they hold, and who set them."""

    settings: CameraSettings
    fixed: frozenset[str]
    """Fields that the settings set: they can be changed there alone."""

    def is_set(self, field: str) -> bool:
        """Whether anybody set this field of the camera."""
        return field in self.settings.model_fields_set


def in_force(settings: Settings, catalog: Catalog) -> Settings:
    """The settings with those of the cameras that the catalog holds.

    Read anew each time, so that what somebody sets is seen without a restart. Raises CatalogError.
    """
    set_here = catalog.camera_settings.all()
    if not set_here:
        return settings
    cameras = dict(settings.cameras)
    for camera, own in set_here.items():
        cameras[camera] = cameras.get(camera, CameraSettings()).over(own)
    return settings.model_copy(update={"cameras": cameras})


def camera_in_force(settings: Settings, catalog: Catalog, camera: str) -> CameraInForce:
    """One camera's settings, whether or not it has any. Raises CatalogError."""
    fixed = settings.cameras.get(camera, CameraSettings()).model_fields_set
    cameras = in_force(settings, catalog).cameras
    return CameraInForce(cameras.get(camera, CameraSettings()), frozenset(fixed))


def change_camera(
    settings: Settings, catalog: Catalog, camera: str, values: Mapping[str, object]
) -> CameraSettings:
    """Set these fields of a camera; an empty text or None takes one back. What holds now.

    `values` are fields of CameraSettings as somebody typed them, texts or what they stand for:
    polygons are lists of corners or their JSON, and the clock's offset is in seconds.

    Raises CameraError with everything that is wrong, and then nothing is changed.
    """
    fixed = camera_in_force(settings, catalog, camera).fixed
    problems = {
        name: _not_here(name, name in fixed, camera)
        for name in values
        if name not in SETTABLE or name in fixed
    }
    if camera not in known_cameras(settings, catalog):
        problems["name"] = (
            f"There is no camera named {camera!r}; `mmrag-video cameras` lists those there are."
        )
    typed: dict[str, object] = {}
    for name, value in values.items():
        if name in problems or _is_none(name, value):
            continue
        try:
            typed[name] = _typed(name, value)
        except ValueError as error:
            problems[name] = f"{name}: {error}."
    problems |= _problems(typed)
    if problems:
        raise CameraError(problems)
    checked = CameraSettings.model_validate(typed).model_dump(mode="json", exclude_unset=True)
    catalog.camera_settings.change(camera, {name: checked.get(name) for name in values})
    return camera_in_force(settings, catalog, camera).settings


def noted_change(
    camera: str, before: CameraSettings, after: CameraSettings, fields: Iterable[str]
) -> dict[str, Any] | None:
    """What the audit log is told of it, as plain JSON; None where nothing has changed."""
    was, now = (one.model_dump(mode="json", exclude_unset=True) for one in (before, after))
    changed = [field for field in fields if now.get(field) != was.get(field)]
    if not changed:
        return None
    return {
        "what": "camera set",
        "camera": camera,
        "set": {field: now.get(field) for field in changed},
        "was": {field: was.get(field) for field in changed},
    }


def known_cameras(settings: Settings, catalog: Catalog) -> set[str]:
    """Cameras that have recordings, or that the settings or a setting made here name."""
    return {
        *catalog.camera_names(),
        *settings.cameras,
        *catalog.camera_settings.all(),
    }


def _not_here(name: str, is_fixed: bool, camera: str) -> str:
    if is_fixed:
        return f"{name}: the settings set it; change [cameras.{toml_key(camera)}] there."
    if name in CameraSettings.model_fields:
        return f"{name}: it is set in the settings file alone, under [cameras.{toml_key(camera)}]."
    return f"{name}: there is no such setting of a camera."


def toml_key(camera: str) -> str:
    """The camera's name as TOML has it in the name of a table."""
    is_bare = camera.replace("-", "").replace("_", "").isalnum() and camera.isascii()
    return camera if is_bare else json.dumps(camera, ensure_ascii=False)


def _is_none(name: str, value: object) -> bool:
    if isinstance(value, str):
        return not value.strip()
    return value is None or (name == "masks" and value in ([], ()))


def _typed(name: str, value: object) -> object:
    """A text as what it stands for. Raises ValueError with what it should be."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if name in AREAS:
        return _corners(text)
    if name in _NUMBERS:
        try:
            return float(text)
        except ValueError:
            raise ValueError(f"{text[:40]!r} is not a number") from None
    return text


def _corners(text: str) -> Any:
    if len(text) > _LONGEST_TEXT:
        raise ValueError(f"it has {len(text)} characters, and at most {_LONGEST_TEXT} are read")
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        raise ValueError("it is no JSON such as [[0, 0], [0.5, 0], [0.5, 0.1]]") from None


def _problems(typed: Mapping[str, object]) -> dict[str, str]:
    """A sentence for each field that is wrong."""
    problems = {
        name: f"{name}: Input should be a finite number."
        for name, value in typed.items()
        if isinstance(value, float) and not math.isfinite(value)
    }
    try:
        CameraSettings.model_validate(
            {name: value for name, value in typed.items() if name not in problems}
        )
    except ValidationError as error:
        for problem in error.errors():
            field = str(problem["loc"][0])
            complaint = problem["msg"].removeprefix("Value error, ")
            problems.setdefault(field, f"{field}: {complaint}.")
    return problems
