"""The moments as a timeline of OpenTimelineIO: one track, one clip for each part of a moment."""

from typing import Any

from opentimelineio import schema
from opentimelineio.opentime import RationalTime, TimeRange

from mmrag_video.as_json import time_to_json
from mmrag_video.export.cut import EditEvent, cut_rate, events_of, first_count
from mmrag_video.export.one_line import one_line, title_of
from mmrag_video.export.sheet import ExportSheet
from mmrag_video.video.frame_rate import FrameRate

_METADATA = "mmrag_video"


def timeline_of(sheet: ExportSheet) -> schema.Timeline:
    """Each clip at its recording's own rate, its media beginning at the start timecode.

    A marker stands on the frame that shows the moment best.
    """
    events = events_of(sheet)
    rate = FrameRate.usual(cut_rate(events))
    timeline = schema.Timeline(one_line(sheet.title))
    timeline.global_start_time = RationalTime(first_count(rate), float(rate.rate))
    track = schema.Track("Moments", kind=schema.TrackKind.Video)
    track.extend([_clip(event) for event in events])
    timeline.tracks.append(track)
    return timeline


def _clip(event: EditEvent) -> schema.Clip:
    clip = schema.Clip(
        name=f"{one_line(event.moment.camera)}: {title_of(event.moment)}",
        media_reference=_media(event),
        source_range=_range(event, event.start, event.end),
        metadata={_METADATA: _facts(event)},
    )
    if event.best is not None:
        marked = _range(event, event.best, event.best + 1)
        clip.markers.append(schema.Marker(one_line(event.moment.why) or "best frame", marked))
    return clip


def _media(event: EditEvent) -> schema.ExternalReference:
    path = event.span.recording.path
    media = schema.ExternalReference(
        target_url=path.absolute().as_uri(),
        available_range=_range(event, event.source.first, event.source.end),
    )
    media.name = one_line(path.name)
    return media


def _range(event: EditEvent, start: int, end: int) -> TimeRange:
    rate = float(event.source.rate.rate)
    return TimeRange(RationalTime(start, rate), RationalTime(end - start, rate))


def _facts(event: EditEvent) -> dict[str, Any]:
    """What no field of OpenTimelineIO holds."""
    moment, recording = event.moment, event.span.recording
    start = recording.clock.at(event.span.start)
    return {
        "camera": one_line(recording.camera),
        "query": one_line(moment.query),
        "score": moment.score,
        "note": one_line(moment.note),
        "tags": [one_line(tag) for tag in moment.tags],
        "sha256": recording.id,
        "media_start_s": str(event.span.start),
        "media_end_s": str(event.span.end),
        "wall_start": time_to_json(start),
        "clock_origin": recording.clock.origin.value,
        "timecode": event.source.text(event.start),
        "timecode_origin": event.source.origin.value,
        "constant_rate": event.source.numbers.is_constant,
    }
