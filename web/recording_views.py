"""A recording as the page shows it: its kept frames, its video, and the player around it.

The address names a recording by its content hash; the path comes from the catalog alone.
"""

import re
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Response, render_template, request, send_file, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import NotFound, ServiceUnavailable

from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.records import Recording
from mmrag_video.errors import UsageError
from mmrag_video.moments import Span
from mmrag_video.recording_file import file_problem
from mmrag_video.video.clips import plays_in_browser
from mmrag_video.video.timecode import address_seconds
from web import access
from web.byte_ranges import send_video
from web.errors import RecordingGoneError
from web.services import services

blueprint = Blueprint("recordings", __name__)

LONGEST_CLIP = Fraction(120)
"""Seconds re-encoded for one request."""
_BEFORE, _AFTER = Fraction(3), Fraction(5)
"""Seconds of a re-encoded clip around the moment."""
_SECONDS = re.compile(r"\d{1,8}(\.\d{1,9})?", re.ASCII)
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
    _present_file(recording)
    is_cut = not _plays_in_browser(recording.path, recording.codec)
    shown = _clip_around(asked) if is_cut else Span(recording, Fraction(0), recording.duration)
    start = recording.clock.start
    access.note(
        Action.VIEW,
        recording=recording.id,
        camera=recording.camera,
        start=address_seconds(asked.start),
        end=address_seconds(asked.end),
    )
    return render_template(
        "play.html",
        recording=recording,
        asked=asked,
        shown=shown,
        is_cut=is_cut,
        source=_clip_address(shown) if is_cut else _video_address(recording),
        earlier=max(Fraction(0), shown.start - LONGEST_CLIP / 2) if shown.start > 0 else None,
        later=shown.end if shown.end < recording.duration else None,
        wall_epoch=None if start is None else start.timestamp(),
    )


@blueprint.get("/recordings/<sha256:recording_id>/video")
def video(recording_id: str) -> Response:
    """The recording's own file, byte for byte, in ranges."""
    recording = access.recording(recording_id)
    path = _present_file(recording)
    media_type = _TYPES.get(path.suffix.lower(), "application/octet-stream")
    return send_video(path, media_type, recording.id)


@blueprint.get("/recordings/<sha256:recording_id>/clip")
def clip(recording_id: str) -> Response:
    """The span from `start` to `end`, in seconds, re-encoded to H.264 in MP4."""
    recording = access.recording(recording_id)
    span = _within(recording, _seconds("start", request.args), _seconds("end", request.args))
    if span.end - span.start > LONGEST_CLIP:
        raise UsageError(f"A clip is at most {LONGEST_CLIP} seconds long; ask for a shorter span.")
    path = services().clips.clip(span, _present_file(recording))
    try:
        return send_video(path, "video/mp4", path.stem)
    except FileNotFoundError as error:
        raise ServiceUnavailable(
            "The copy for the browser was deleted just now; load it again.", retry_after=1
        ) from error


@lru_cache(maxsize=1024)
def _plays_in_browser(path: Path, codec: str) -> bool:
    """Found out once for each recording: it takes a process, 0.4 s."""
    return plays_in_browser(path, codec)


def _present_file(recording: Recording) -> Path:
    """The recording's path, while the file there still is the one that was ingested."""
    problem = file_problem(recording)
    if problem:
        raise RecordingGoneError(problem)
    return recording.path


def _moment_asked(recording: Recording) -> Span:
    """The span to play. One that was rounded to nothing, or over the end, is brought inside."""
    first, _, last = request.args.get("t", "0").partition(",")
    start = min(_parse_seconds("t", first), recording.duration)
    end = min(_parse_seconds("t", last), recording.duration) if last else recording.duration
    return Span(recording, start, max(start, end))


def _within(recording: Recording, start: Fraction, end: Fraction) -> Span:
    """The span, its end cut to the recording's. Raises UsageError if nothing is left of it."""
    end = min(end, recording.duration)
    if start >= end:
        raise UsageError(
            f"The time {float(start):.3f} s lies not before the end, {float(end):.3f} s."
        )
    return Span(recording, start, end)


def _clip_around(moment: Span) -> Span:
    start = max(Fraction(0), moment.start - _BEFORE)
    end = min(moment.end + _AFTER, moment.recording.duration, start + LONGEST_CLIP)
    return Span(moment.recording, start, end)


def _seconds(name: str, fields: MultiDict[str, str]) -> Fraction:
    return _parse_seconds(name, fields.get(name, ""))


def _parse_seconds(name: str, text: str) -> Fraction:
    if not _SECONDS.fullmatch(text):
        raise UsageError(f"{name}: {text[:40]!r} is not a number of seconds such as 12.480.")
    return Fraction(text)


def _video_address(recording: Recording) -> str:
    return url_for("recordings.video", recording_id=recording.id)


def _clip_address(span: Span) -> str:
    start, end = address_seconds(span.start), address_seconds(span.end)
    return url_for("recordings.clip", recording_id=span.recording.id, start=start, end=end)
