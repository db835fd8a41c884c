"""What the player asks for while somebody looks: times, marks, boxes, other cameras, a frame."""

import io
import re
from fractions import Fraction

from flask import Blueprint, Response, jsonify, render_template, request, send_file
from werkzeug.exceptions import NotFound

from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.records import Recording
from mmrag_video.catalog.users import Role
from mmrag_video.errors import UsageError
from mmrag_video.video.frame_times import FrameTimes, frame_times
from mmrag_video.video.still import StillFormat, still
from mmrag_video.video.timecode import Timecode
from web import access
from web.asked_time import span_asked
from web.frame_queries import time_within
from web.player_marks import BoxedFrame, boxes_between, kept_frame_at, marks_of
from web.present_file import present_file
from web.same_time import other_cameras
from web.search_form import SearchForm
from web.security import for_own_links
from web.services import services

blueprint = Blueprint("player", __name__, url_prefix="/recordings/<sha256:recording_id>")

LONGEST_SPAN = Fraction(120)
"""Seconds for which times or boxes are given at once."""
_MEDIA_TYPES = {StillFormat.PNG: "image/png", StillFormat.JPEG: "image/jpeg"}
_NO_FILE_NAME = re.compile(r"[^\w.-]+")
_LONGEST_CAMERA_NAME = 60
"""Characters in the name of a saved frame."""


@blueprint.get("/times")
def times(recording_id: str) -> Response:
    """When the frames from `start` to `end` are shown, with the one before and the one after."""
    found = times_asked(recording_id)
    base = found.time_base
    return jsonify(time_base=[base.numerator, base.denominator], ticks=found.ticks)


@blueprint.get("/marks")
def marks(recording_id: str) -> Response:
    """Where something moves in the recording, and frames of which there are small pictures."""
    found = marks_of(access.recording(recording_id))
    return jsonify(
        movement=[[float(start), float(end)] for start, end in found.movement],
        frames=[[str(time.numerator), str(time.denominator)] for time in found.frames],
    )


@blueprint.get("/boxes")
def boxes(recording_id: str) -> Response:
    """What the model points out in the kept frames from `start` to `end`, for the search asked."""
    return jsonify(
        frames=[
            {
                "start": float(frame.start),
                "end": float(frame.end),
                "things": [{"label": thing.label, "box": thing.box} for thing in frame.things],
            }
            for frame in boxes_asked(recording_id)
        ]
    )


@blueprint.get("/same-time")
def same_time(recording_id: str) -> str:
    """The other cameras at `time`, as a part of the player."""
    recording = access.recording(recording_id)
    time = _time_within(recording)
    return render_template(
        "same_time.html",
        recording=recording,
        time=time,
        others=other_cameras(recording, time),
        search=SearchForm.read(request.args).arguments(),
    )


@blueprint.get("/glimpse.jpg")
def glimpse(recording_id: str) -> Response:
    """The small picture of the kept frame that stands for `time`."""
    recording = access.recording(recording_id)
    frame = kept_frame_at(recording, _time_within(recording))
    path = services().archive.thumbnail(recording.id, frame) if frame is not None else None
    if path is None or not path.is_file():
        raise NotFound("There is no picture of this time.")
    return send_file(path, mimetype="image/jpeg", conditional=True)


@blueprint.get("/still")
@for_own_links
@access.needs(Role.OPERATOR)
def save_still(recording_id: str) -> Response:
    """The frame on screen at `time`, at full size, to be saved; `as` is png or jpg."""
    recording = access.recording(recording_id)
    time, form = _time_within(recording), _form_asked()
    path = present_file(recording)
    with services().short_work.turn():
        frame = still(path, time, form)
    access.note(
        Action.EXPORT,
        what="frame",
        recording=recording.id,
        camera=recording.camera,
        time=str(frame.time),
    )
    return send_file(
        io.BytesIO(frame.content),
        mimetype=_MEDIA_TYPES[form],
        as_attachment=True,
        download_name=_file_name(recording, frame.time, form),
    )


def times_asked(recording_id: str) -> FrameTimes:
    """The times of the frames from `start` to `end`, and of one before and one after."""
    recording = access.recording(recording_id)
    span = span_asked(recording, request.args, LONGEST_SPAN)
    path = present_file(recording)
    with services().short_work.turn():
        return frame_times(path, span.start, span.end)


def boxes_asked(recording_id: str) -> list[BoxedFrame]:
    """What is pointed out in the kept frames from `start` to `end`, for the words in `q`."""
    recording = access.recording(recording_id)
    span = span_asked(recording, request.args, LONGEST_SPAN)
    return boxes_between(span, SearchForm.read(request.args).words)


def _time_within(recording: Recording) -> Fraction:
    return time_within(recording, "time", request.args.get("time", ""))


def _form_asked() -> StillFormat:
    asked = request.args.get("as", StillFormat.PNG.value)
    try:
        return StillFormat(asked)
    except ValueError:
        raise UsageError(f"as: {asked[:40]!r} is neither png nor jpg.") from None


def _file_name(recording: Recording, time: Fraction, form: StillFormat) -> str:
    """`Gate_2025-03-04_14-03-25.480_00-00-03.480.png`: camera, clock if known, timecode."""
    camera = _NO_FILE_NAME.sub("_", recording.camera).strip("._")[:_LONGEST_CAMERA_NAME]
    wall = recording.clock.at(time)
    clock = f"{wall:%Y-%m-%d_%H-%M-%S}.{wall.microsecond // 1000:03d}" if wall else ""
    timecode = str(Timecode(time)).replace(":", "-")
    return "_".join(filter(None, (camera or "frame", clock, timecode))) + f".{form.value}"
