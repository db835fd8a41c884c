"""The API's timeline: when each camera recorded, how much was going on, what a search finds."""

from flask import Blueprint
from typing_extensions import TypedDict

from mmrag_video.json_shapes import shape
from mmrag_video.timeline import CameraTimeline, Timeline, timeline
from web.api.links import FoundMoment, found_moment
from web.api.operation import operation
from web.api.problems import PREFIX
from web.api.search import SEARCHING, SearchQuery
from web.form_page import open_form_page
from web.services import services
from web.timeline_views import found_within, window_asked

blueprint = Blueprint("api_timeline", __name__, url_prefix=PREFIX)


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
    matches: list[FoundMoment]
    """What the search finds in it, best first; of pairs, both moments one after the other. Empty
    where nothing is searched for."""


@blueprint.get("/timeline")
@operation(CamerasOverTime, errors=SEARCHING)
def over_time(query: SearchQuery) -> CamerasOverTime:
    """When each camera recorded, where something moved, and where a search finds something.

    Without times, the last day of what was recorded.
    """
    opened = open_form_page("timeline.html")
    window = window_asked(opened.form, opened.cameras)
    if window is None:
        return {"start": None, "end": None, "exact": True, "cameras": [], "matches": []}
    shown = [name for name in opened.cameras if not query.camera or name in query.camera]
    found = timeline(services().archive, window, shown)
    return {
        "start": found.window.start.isoformat(),
        "end": found.window.end.isoformat(),
        "exact": found.is_exact,
        "cameras": [_camera(one, found) for one in found.cameras],
        "matches": [found_moment(one, opened.form.words) for one in found_within(opened, window)],
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
