"""The API's recordings and cameras: what there is, pictures, clips, videos, other cameras."""

from typing import Annotated

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from pydantic import Field
from typing_extensions import TypedDict

from mmrag_video import json_shapes as shapes
from mmrag_video.as_json import camera_to_json, recording_to_json
from mmrag_video.catalog.audit import Action
from mmrag_video.json_shapes import shape
from mmrag_video.video.timecode import address_seconds
from web import access, recording_views
from web.api.links import picture_address
from web.api.operation import Fields, Media, operation
from web.api.problems import PREFIX
from web.asked_time import parse_exact, span_asked
from web.fetch_notes import note_fetched
from web.player_marks import marks_of
from web.same_time import other_cameras

blueprint = Blueprint("api_recordings", __name__, url_prefix=PREFIX)

Seconds = Annotated[str, Field(pattern=r"^[0-9]{1,8}(\.[0-9]{1,9})?$")]
ExactSeconds = Annotated[
    str, Field(pattern=r"^([0-9]{1,8}(\.[0-9]{1,9})?|[0-9]{1,20}/[0-9]{1,20})$")
]


class ListQuery(Fields):
    """Which recordings."""

    camera: str | None = None
    limit: int = Field(100, ge=1, le=1000)
    offset: int = Field(0, ge=0, le=10**9)
    """Recordings to leave out at the beginning."""


class ClipQuery(Fields):
    """Which part."""

    start: Seconds
    """Seconds from the first frame, such as 12.480."""
    end: Seconds
    """At most 120 seconds later."""


class TimeQuery(Fields):
    """When."""

    time: ExactSeconds
    """Seconds from the first frame: 12.480, or exactly 312/25."""


@shape
class RecordingList(TypedDict):
    """Recordings, by camera and time."""

    recordings: list[shapes.Recording]
    all: int
    """How many there are, those left out included."""


@shape
class CameraList(TypedDict):
    """Cameras, by name."""

    cameras: list[shapes.Camera]


@shape
class KeptFrame(TypedDict):
    """A frame that can be found."""

    time_s: float
    time_exact: str
    picture: str
    """The address of its picture."""


@shape
class Movement(TypedDict):
    """A stretch in which something moved."""

    start_s: float
    end_s: float


@shape
class Marks(TypedDict):
    """What the index knows of a recording."""

    movement: list[Movement]
    frames: list[KeptFrame]
    """At most 300, evenly from all."""


@shape
class BesideOne(TypedDict):
    """What another camera saw at a time."""

    camera: str
    recording: str
    time_s: float
    time_exact: str


@shape
class BesideList(TypedDict):
    """What the other cameras saw at a time."""

    clock_known: bool
    """Whether the recording's time of day is known: without it nobody can say."""
    beside: list[BesideOne]


@blueprint.get("/cameras")
@operation(CameraList)
def cameras() -> CameraList:
    """The cameras."""
    return {"cameras": [camera_to_json(one) for one in access.cameras()]}


@blueprint.get("/recordings")
@operation(RecordingList)
def recordings(query: ListQuery) -> RecordingList:
    """The recordings that a search can find."""
    every = access.recordings(query.camera)
    shown = every[query.offset : query.offset + query.limit]
    return {"recordings": [recording_to_json(one) for one in shown], "all": len(every)}


@blueprint.get("/recordings/<sha256:recording_id>")
@operation(shapes.Recording)
def recording(recording_id: str) -> shapes.Recording:
    """One recording."""
    return recording_to_json(access.recording(recording_id))


@blueprint.get("/recordings/<sha256:recording_id>/frames")
@operation(Marks, errors=(409, 422, 503))
def marks(recording_id: str) -> Marks:
    """A recording's kept frames, and where something moves."""
    found = marks_of(access.recording(recording_id))
    return {
        "movement": [{"start_s": float(a), "end_s": float(b)} for a, b in found.movement],
        "frames": [
            {
                "time_s": float(time),
                "time_exact": str(time),
                "picture": picture_address(recording_id, time),
            }
            for time in found.frames
        ],
    }


@blueprint.get("/recordings/<sha256:recording_id>/frames/<ticks:numerator>-<ticks:denominator>.jpg")
@operation(Media(("image/jpeg",), in_parts=True))
def picture(recording_id: str, numerator: int, denominator: int) -> ResponseReturnValue:
    """The picture of a kept frame, whose time is the fraction."""
    return recording_views.frame(recording_id, numerator, denominator)


@blueprint.get("/recordings/<sha256:recording_id>/video")
@operation(
    Media(
        ("video/mp4", "video/webm", "application/octet-stream"),
        in_parts=True,
    ),
    errors=(410, 503),
)
def video(recording_id: str) -> ResponseReturnValue:
    """The recording's own file, byte for byte."""
    known = access.recording(recording_id)
    response = recording_views.video(recording_id)
    note_fetched(response, known.id, Action.VIEW, recording=known.id, camera=known.camera)
    return response


@blueprint.get("/recordings/<sha256:recording_id>/clip")
@operation(Media(("video/mp4",), in_parts=True), errors=(410, 422, 503))
def clip(recording_id: str, query: ClipQuery) -> ResponseReturnValue:
    """A part of a recording, re-encoded to H.264 in MP4."""
    known = access.recording(recording_id)
    span = span_asked(known, request.args, recording_views.LONGEST_CLIP)
    response = recording_views.clip(recording_id)
    note_fetched(
        response,
        f"{known.id} {span.start} {span.end}",
        Action.VIEW,
        recording=known.id,
        camera=known.camera,
        start=address_seconds(span.start),
        end=address_seconds(span.end),
    )
    return response


@blueprint.get("/recordings/<sha256:recording_id>/beside")
@operation(BesideList)
def beside(recording_id: str, query: TimeQuery) -> BesideList:
    """What the other cameras saw at a time of this recording."""
    known = access.recording(recording_id)
    found = other_cameras(known, min(parse_exact("time", query.time), known.duration))
    return {
        "clock_known": found is not None,
        "beside": [
            {
                "camera": one.recording.camera,
                "recording": one.recording.id,
                "time_s": float(one.time),
                "time_exact": str(one.time),
            }
            for one in found or ()
        ],
    }
