"""A recording as the page shows it: its kept frames, its video, and the player around it.

The address names a recording by its content hash; the path comes from the catalog alone.
"""

from fractions import Fraction
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Response, render_template, request, send_file, url_for
from werkzeug.exceptions import NotFound, ServiceUnavailable

from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.records import Recording
from mmrag_video.moments import Span
from mmrag_video.video.clips import may_play_in_browser, start_in_browser
from mmrag_video.video.timecode import address_seconds
from web import access
from web.asked_time import parse_seconds, span_asked
from web.byte_ranges import send_video
from web.present_file import present_file
from web.same_time import NeighbourRecordings, other_cameras
from web.search_form import SearchForm
from web.services import services

blueprint = Blueprint("recordings", __name__)

LONGEST_CLIP = Fraction(120)
"""Seconds re-encoded for one request."""
_BEFORE, _AFTER = Fraction(3), Fraction(5)
"""Seconds of a re-encoded clip around the moment."""
_TYPES = {".mp4": "video/mp4", ".m4v": "video/mp4", ".webm": "video/webm"}


@blueprint.get("/frames/<sha256:recording_id>/<ticks:numerator>-<ticks:denominator>.jpg")
def frame(recording_id: str, numerator: int, denominator: int) -> Response:
    """The thumbnail of a kept frame; its time is the fraction in the address."""
    if denominator == 0:
        raise NotFound("There is no such frame.")
    recording = access.recording(recording_id)
    path = services().archive.thumbnail(recording.id, Fraction(numerator, denominator))
    if not path.is_file():
        raise NotFound("There is no such frame.")
    response = send_file(path, mimetype="image/jpeg", conditional=True)
    # A recording's frames never change: another content is another recording.
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return response


@blueprint.get("/recordings/<sha256:recording_id>/play")
def play(recording_id: str) -> str:
    """The player at a moment: `t` is its start, or its start and end, in seconds."""
    recording = access.recording(recording_id)
    asked = _moment_asked(recording)
    present_file(recording)
    access.note(
        Action.VIEW,
        recording=recording.id,
        camera=recording.camera,
        start=address_seconds(asked.start),
        end=address_seconds(asked.end),
    )
    first_frame = (
        _start_in_browser(recording.id, recording.path, recording.codec)
        if may_play_in_browser(recording.path, recording.codec)
        else None
    )
    is_cut = first_frame is None
    shown = _clip_around(asked) if is_cut else Span(recording, Fraction(0), recording.duration)
    starts = shown.start if first_frame is None else -first_frame
    clock_start = recording.clock.start
    form = SearchForm.read(request.args)
    return render_template(
        "play.html",
        recording=recording,
        asked=asked,
        shown=shown,
        starts=starts,
        is_cut=is_cut,
        source=_clip_address(shown) if is_cut else _video_address(recording),
        earlier=max(Fraction(0), shown.start - LONGEST_CLIP / 2) if shown.start > 0 else None,
        later=shown.end if shown.end < recording.duration else None,
        wall_epoch=None if clock_start is None else clock_start.timestamp(),
        search=form.arguments() if not form.asks_nothing else {},
        others=other_cameras(recording, asked.start),
        neighbours=NeighbourRecordings.of(recording),
    )


@blueprint.get("/recordings/<sha256:recording_id>/video")
def video(recording_id: str) -> Response:
    """The recording's own file, byte for byte, in ranges."""
    recording = access.recording(recording_id)
    path = present_file(recording)
    media_type = _TYPES.get(path.suffix.lower(), "application/octet-stream")
    return send_video(path, media_type, recording.id)


@blueprint.get("/recordings/<sha256:recording_id>/clip")
def clip(recording_id: str) -> Response:
    """The span from `start` to `end`, in seconds, re-encoded to H.264 in MP4."""
    recording = access.recording(recording_id)
    span = span_asked(recording, request.args, LONGEST_CLIP)
    path = services().clips.clip(span, present_file(recording))
    try:
        return send_video(path, "video/mp4", path.stem)
    except FileNotFoundError as error:
        raise ServiceUnavailable(
            "The copy for the browser was deleted just now; load it again.", retry_after=1
        ) from error


@lru_cache(maxsize=1024)
def _start_in_browser(recording_id: str, path: Path, codec: str) -> Fraction | None:
    """Found out once for each recording: it takes a process, 0.4 s. Another at the same path is
    another recording.
    """
    with services().short_work.turn():
        return start_in_browser(path, codec)


def _moment_asked(recording: Recording) -> Span:
    """The span to play. One that was rounded to nothing, or over the end, is brought inside."""
    first, _, last = request.args.get("t", "0").partition(",")
    start = min(parse_seconds("t", first), recording.duration)
    end = min(parse_seconds("t", last), recording.duration) if last else recording.duration
    return Span(recording, start, max(start, end))


def _clip_around(moment: Span) -> Span:
    start = max(Fraction(0), moment.start - _BEFORE)
    end = min(moment.end + _AFTER, moment.recording.duration, start + LONGEST_CLIP)
    return Span(moment.recording, start, end)


def _video_address(recording: Recording) -> str:
    return url_for("recordings.video", recording_id=recording.id)


def _clip_address(span: Span) -> str:
    start, end = address_seconds(span.start), address_seconds(span.end)
    return url_for("recordings.clip", recording_id=span.recording.id, start=start, end=end)
