"""A frame that is searched with: its picture, and the page on which a part of it is drawn."""

from fractions import Fraction

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mmrag_video.catalog.audit import Action
from mmrag_video.moments import Span
from web import access
from web.frame_queries import FrameQuery, time_within
from web.search_form import SearchForm

blueprint = Blueprint("frames", __name__)

_SIDES = ("left", "top", "right", "bottom")


@blueprint.get("/like.jpg")
def picture() -> Response:
    """The picture that `like` and `box` of an address mean."""
    asked = FrameQuery.parse(request.args.get("like", ""), request.args.get("box", ""))
    response = Response(asked.jpeg(), mimetype="image/jpeg")
    # A recording's frames never change: another content is another recording.
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


@blueprint.get("/recordings/<sha256:recording_id>/frame")
def draw(recording_id: str) -> str:
    """The frame on screen at `time`, to draw a box on."""
    recording = access.recording(recording_id)
    time = time_within(recording, "time", request.args.get("time", "0"))
    access.note(
        Action.VIEW,
        what="frame",
        recording=recording.id,
        camera=recording.camera,
        time=str(time),
    )
    return render_template(
        "frame.html",
        recording=recording,
        shown=Span(recording, time, max(time, min(time + Fraction(5), recording.duration))),
        form=SearchForm.read(request.args).with_frame(recording.id, time),
        sides=_SIDES,
    )


@blueprint.get("/similar")
def similar() -> ResponseReturnValue:
    """On to the search for what looks like a frame, or like the box drawn on it."""
    form = SearchForm.read(request.args)
    sides = [request.args.get(side, "").strip() for side in _SIDES]
    box = ",".join(sides) if any(sides) else ""
    FrameQuery.parse(form.like, box)
    return redirect(url_for("search.page", **form.arguments() | ({"box": box} if box else {})))
