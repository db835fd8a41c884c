"""The form with which a camera's settings are made: the fields as they were filled in."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from werkzeug.datastructures import MultiDict

from mmrag_video.camera_settings import SETTABLE
from mmrag_video.settings import CameraSettings
from mmrag_video.video.sampled import Polygon


@dataclass(frozen=True)
class CameraForm:
    """What somebody typed, or what holds; nothing is checked yet."""

    fields: Mapping[str, str]
    """Of CameraSettings, by name; polygons as JSON; empty: not set."""

    @classmethod
    def of(cls, settings: CameraSettings) -> "CameraForm":
        """The form that stands for settings."""
        return cls(
            {
                name: _typed(getattr(settings, name)) if name in settings.model_fields_set else ""
                for name in SETTABLE
            }
        )

    @classmethod
    def read(cls, posted: MultiDict[str, str]) -> "CameraForm":
        """The form as it was sent; fields that cannot be changed here are not."""
        return cls({name: posted[name].strip() for name in SETTABLE if name in posted})


def _typed(value: object) -> str:
    if isinstance(value, timedelta):
        return f"{value.total_seconds():g}"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple):
        return _areas(value)
    return "" if value is None else str(value)


def _areas(value: Polygon | tuple[Polygon, ...]) -> str:
    """JSON with a polygon on each line."""
    if not value:
        return ""
    is_one = isinstance(value[0][0], float | int)
    if is_one:
        return json.dumps(value)
    return "[\n" + ",\n".join(f"  {json.dumps(area)}" for area in value) + "\n]"
