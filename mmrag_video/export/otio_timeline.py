"""OpenTimelineIO's own file: JSON that DaVinci Resolve, Kdenlive, Premiere and others read."""

from typing import TextIO

import opentimelineio as otio

from mmrag_video.export.sheet import ExportSheet, Format, FormatName, Scope, as_text
from mmrag_video.export.timeline import timeline_of


def write(sheet: ExportSheet, to: TextIO) -> None:
    """Write the timeline."""
    to.write(otio.adapters.write_to_string(timeline_of(sheet), "otio_json"))


FORMAT = Format(
    name=FormatName.OTIO,
    title="OpenTimelineIO",
    ending=".otio",
    media_type="application/json",
    scope=Scope.ALL,
    counts_frames=True,
    write=as_text(write),
)
