"""The API's frames of a recording: when they are shown, what is seen in them, a picture of one."""

from typing import Annotated, Literal

from flask import Blueprint
from flask.typing import ResponseReturnValue
from pydantic import Field
from typing_extensions import TypedDict

from mmrag_video.catalog.users import Role
from mmrag_video.json_shapes import shape
from web import player_views
from web.api.operation import Fields, Media, operation
from web.api.problems import PREFIX
from web.api.recordings import ExactSeconds, Seconds
from web.search_form import MOST_CHARACTERS

blueprint = Blueprint(
    "api_frames", __name__, url_prefix=f"{PREFIX}/recordings/<sha256:recording_id>"
)

_Share = Annotated[float, Field(ge=0, le=1)]


class SpanQuery(Fields):
    """Which part."""

    start: Seconds
    """Seconds from the first frame, such as 12.480."""
    end: Seconds
    """At most 120 seconds later."""


class BoxQuery(SpanQuery):
    """Which part, and what is searched for."""

    q: str = Field("", max_length=MOST_CHARACTERS)
    """In words; without it, all that the model tells of."""


class StillQuery(Fields):
    """Which frame, and how."""

    time: ExactSeconds
    """Seconds from the first frame: 12.480, or exactly 312/25. The frame that is on screen then."""
    form: Literal["png", "jpg"] = Field("png", alias="as")
    """png: every pixel as it was decoded; jpg: a tenth of the size."""


@shape
class ShownTimes(TypedDict):
    """When frames are shown."""

    time_base: str
    """Seconds of a tick, exactly: 1/12800."""
    ticks: list[int]
    """From the recording's first frame, in order; with the frame before the part and the one after
    it, if there are any."""


@shape
class Thing(TypedDict):
    """Something in a frame."""

    label: str
    """What it is, in a word or two."""
    box: list[_Share]
    """Left, top, right and bottom, in shares of the picture."""


@shape
class FrameWithThings(TypedDict):
    """A kept frame in which something is pointed out."""

    start_s: float
    end_s: float
    """Until when it stands for what is shown."""
    things: list[Thing]


@shape
class Boxes(TypedDict):
    """What is pointed out, in order of time."""

    frames: list[FrameWithThings]


@blueprint.get("/times")
@operation(ShownTimes, errors=(410, 422, 503))
def times(recording_id: str, query: SpanQuery) -> ShownTimes:
    """When the frames of a part are shown, from the file itself."""
    found = player_views.times_asked(recording_id)
    return {"time_base": str(found.time_base), "ticks": list(found.ticks)}


@blueprint.get("/boxes")
@operation(Boxes, errors=(409, 422, 503))
def boxes(recording_id: str, query: BoxQuery) -> Boxes:
    """What the model points out in the kept frames of a part, if it can."""
    return {
        "frames": [
            {
                "start_s": float(frame.start),
                "end_s": float(frame.end),
                "things": [
                    {"label": thing.label, "box": list(thing.box)} for thing in frame.things
                ],
            }
            for frame in player_views.boxes_asked(recording_id)
        ]
    }


@blueprint.get("/still")
@operation(Media(("image/png", "image/jpeg")), role=Role.OPERATOR, errors=(410, 422, 503))
def still(recording_id: str, query: StillQuery) -> ResponseReturnValue:
    """A frame as a picture at full size."""
    return player_views.save_still(recording_id)
