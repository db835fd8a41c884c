"""Where a part of a recording is played: the address that leads to the player."""

from typing import Any

from flask import url_for

from mmrag_video.moments import Span
from mmrag_video.video.timecode import address_seconds


def play_address(span: Span, **search: Any) -> str:
    """That of a span; the arguments of the search that found it give the player its moments."""
    start, end = address_seconds(span.start), address_seconds(span.end)
    return url_for("recordings.play", recording_id=span.recording.id, t=f"{start},{end}", **search)
