"""The API's timeline: when each camera recorded, and how much was going on."""

from flask import Blueprint
from pydantic import Field
from typing_extensions import TypedDict

from mmrag_video.json_shapes import shape
from mmrag_video.timeline import CameraTimeline, Timeline, timeline
from web import access
from web.api.operation import Fields, operation
from web.api.problems import PREFIX
from web.api.search import TIME, CameraNames
from web.search_form import SearchForm
from web.services import services
from web.timeline_views import window_asked

blueprint = Blueprint("api_timeline", __name__, url_prefix=PREFIX)


class TimelineQuery(Fields):
    """Which cameras, and from when to when; without times, the last day of what was recorded."""

    camera: CameraNames = ()
    start: str = Field("", alias="from", pattern=TIME)
    """Date, or date and time; without an offset in the zone of the settings."""
    end: str = Field("", alias="to", pattern=TIME)
    """Likewise; a date is meant whole."""


@shape
class Recorded(TypedDict):
    """A stretch without a gap."""

    start: str
    end: str


@shape
class CameraOverTime(TypedDict):
    """One camera."""

    camera: str
    recorded_s: float
    recorded: list[Recorded]
    """Between them are gaps."""
    movement: list[float]
    """For each of as many equal parts of the window, the share of its footage in which something
    moved, 0 to 1."""


@shape
class CamerasOverTime(TypedDict):
    """Cameras from a time to another."""

    start: str | None
    """null where no recording's time of day is known."""
    end: str | None
    exact: bool
    """Whether movement lies where it was; else it is spread over each recording."""
    cameras: list[CameraOverTime]


@blueprint.get("/timeline")
@operation(CamerasOverTime, errors=(409, 422, 503))
def over_time(query: TimelineQuery) -> CamerasOverTime:
    """When each camera recorded, and where something moved."""
    names = access.camera_names()
    form = SearchForm(start=query.start, end=query.end, cameras=query.camera)
    window = window_asked(form, names)
    if window is None:
        return {"start": None, "end": None, "exact": True, "cameras": []}
    shown = [name for name in names if not query.camera or name in query.camera]
    return _told(timeline(services().archive, window, shown))


def _told(found: Timeline) -> CamerasOverTime:
    return {
        "start": found.window.start.isoformat(),
        "end": found.window.end.isoformat(),
        "exact": found.is_exact,
        "cameras": [_camera(one, found) for one in found.cameras],
    }


def _camera(one: CameraTimeline, found: Timeline) -> CameraOverTime:
    window = found.window
    return {
        "camera": one.camera,
        "recorded_s": one.seconds,
        "recorded": [
            {
                "start": window.at(stretch.start).isoformat(),
                "end": window.at(stretch.end).isoformat(),
            }
            for stretch in one.footage
        ],
        "movement": list(one.movement),
    }
