"""Kept frames of a camera: its newest one, and some to draw on, by day and by night."""

from collections.abc import Sequence
from dataclasses import dataclass

from mmrag_video.catalog.records import Recording
from mmrag_video.moments import Span
from web import access
from web.player_marks import thinned
from web.services import services

_MOST = 8
"""Frames to choose from: as many as stand in two rows on a telephone."""
_LOOKED_AT = 300
"""Recordings among which day and night are looked for: of five minutes those of a day."""
_HOURS = 24 // _MOST


@dataclass(frozen=True)
class CameraFrame:
    """A kept frame, whose picture is there."""

    at: Span
    """From its time on; it has no length."""

    @property
    def like(self) -> str:
        """What the address of its picture at full size says."""
        return f"{self.at.recording.id},{self.at.start}"


def newest_frame(camera: str) -> CameraFrame | None:
    """The last kept frame of the camera's newest recording; None if it has no picture."""
    frames = [
        frame
        for recording in access.latest_recordings(camera, 1)
        for frame in _frames_of(recording)
    ]
    return frames[-1] if frames else None


def frames_by_day_and_night(camera: str) -> list[CameraFrame]:
    """At most eight frames: of as many times of day as there are, then of the newest recordings."""
    latest = access.latest_recordings(camera, _LOOKED_AT)
    chosen = _of_each_time_of_day(latest)
    each = _MOST // max(1, len(chosen))
    frames = [frame for recording in chosen for frame in thinned(_frames_of(recording), each)]
    others = (recording for recording in latest if recording not in chosen)
    while len(frames) < _MOST and (recording := next(others, None)):
        frames += thinned(_frames_of(recording), _MOST - len(frames))
    return frames


def _of_each_time_of_day(newest_first: Sequence[Recording]) -> list[Recording]:
    """The newest recording that starts in each part of the day, by the camera's clock."""
    found: dict[int, Recording] = {}
    for recording in newest_first:
        start = recording.clock.start
        if start is not None:
            found.setdefault(start.hour // _HOURS, recording)
    return [found[part] for part in sorted(found)]


def _frames_of(recording: Recording) -> list[CameraFrame]:
    archive = services().archive
    index = archive.catalog.active_index()
    if index is None:
        return []
    times = archive.directory.pictured(index.collection, recording.id)
    return [CameraFrame(Span(recording, time, time)) for time in times]
