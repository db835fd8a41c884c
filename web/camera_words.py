"""A camera's settings in words and as a drawing: the templates' filters."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from mmrag_video.counting import counted
from mmrag_video.retention import Limits
from mmrag_video.settings import CameraSettings
from mmrag_video.video.sampled import Polygon


def offset(seconds: timedelta) -> str:
    """What is added to a clock: `+95 s`, or `nothing`."""
    return f"{seconds.total_seconds():+g} s" if seconds else "nothing"


def kept_for(limits: Limits) -> str:
    """How much of a camera stays: `30 days, 5 GB`, or `without limit`."""
    parts = []
    if limits.age is not None:
        days = limits.age / timedelta(days=1)
        parts.append(f"{days:g} day" + ("" if days == 1 else "s"))
    if limits.bytes is not None:
        parts.append(f"{limits.bytes / 10**9:g} GB")
    return ", ".join(parts) or "without limit"


def areas_in_words(settings: CameraSettings) -> str:
    """`everywhere`, or `in the region, outside of 2 masks`."""
    parts = ["in the region"] if settings.region else []
    if settings.masks:
        parts.append(f"outside of {counted(len(settings.masks), 'mask')}")
    return ", ".join(parts) or "everywhere"


def svg_path(area: Polygon) -> str:
    """A polygon as the path of a drawing of 100 by 100."""
    corners = (f"{100 * x:g} {100 * y:g}" for x, y in area)
    return f"M{' L'.join(corners)}Z"


FILTERS: Mapping[str, Callable[..., Any]] = {
    "offset": offset,
    "kept_for": kept_for,
    "areas_in_words": areas_in_words,
    "svg_path": svg_path,
}
