"""Final Cut Pro 7 XML (xmeml), which Premiere and DaVinci Resolve import."""

from typing import Any, TextIO

import opentimelineio as otio
from opentimelineio.opentime import RationalTime, TimeRange

from mmrag_video.export.cut import cut_rate, events_of
from mmrag_video.export.sheet import ExportSheet, Format, FormatName, Scope, as_text
from mmrag_video.export.timeline import timeline_of
from mmrag_video.video.frame_rate import FrameRate


def write(sheet: ExportSheet, to: TextIO) -> None:
    """Write the timeline by OpenTimelineIO's adapter, with what it would leave to chance."""
    timeline, events = timeline_of(sheet), events_of(sheet)
    timeline.metadata["fcp_xml"] = _display(FrameRate.usual(cut_rate(events)))
    for clip, event in zip(timeline.find_clips(), events, strict=True):
        clip.media_reference.metadata["fcp_xml"] = _display(event.source.rate)
        for marker in clip.markers:
            # xmeml counts from the media's first frame, and the adapter writes what it is given.
            first = RationalTime(event.source.first, marker.marked_range.start_time.rate)
            start = marker.marked_range.start_time - first
            marker.marked_range = TimeRange(start, marker.marked_range.duration)
    to.write(otio.adapters.write_to_string(timeline, "fcp_xml"))


def _display(rate: FrameRate) -> dict[str, Any]:
    """How the adapter is told which way a timecode is counted."""
    return {"timecode": {"displayformat": "DF" if rate.is_drop_frame else "NDF"}}


FORMAT = Format(
    name=FormatName.FCPXML,
    title="Final Cut Pro 7 XML",
    ending=".xml",
    media_type="application/xml",
    scope=Scope.ALL,
    counts_frames=True,
    write=as_text(write),
)
