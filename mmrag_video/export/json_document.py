"""JSON: all that is known of each moment, for programs. Described by `moments.schema.json`."""

import json
from typing import Any, TextIO

from mmrag_video.as_json import span_to_json, time_to_json
from mmrag_video.export.export_moment import ExportMoment
from mmrag_video.export.sheet import ExportSheet, Format, FormatName, Scope, as_text

VERSION = 1
"""Of the schema: it grows when what is there changes its meaning or goes."""


def write(sheet: ExportSheet, to: TextIO) -> None:
    """Write one object, on many lines."""
    document = {
        "format": "mmrag-video/moments",
        "version": VERSION,
        "title": sheet.title,
        "moments": [_moment(number, moment) for number, moment in sheet.numbered()],
    }
    json.dump(document, to, indent=2, ensure_ascii=False)
    to.write("\n")


def _moment(number: int, moment: ExportMoment) -> dict[str, Any]:
    clock = moment.spans[0].recording.clock
    return {
        "number": number,
        "camera": moment.camera,
        "query": moment.query,
        "score": None if moment.score is None else round(moment.score, 4),
        "confidence": moment.confidence.value if moment.confidence else None,
        "why": moment.why,
        "note": moment.note,
        "tags": list(moment.tags),
        "duration_s": float(moment.duration),
        "wall_start": time_to_json(moment.wall_start),
        "wall_end": time_to_json(moment.wall_end),
        "zone": clock.zone,
        "clock_origin": clock.origin.value,
        "clock_note": clock.note,
        "spans": [span_to_json(span) for span in moment.spans],
        "best": span_to_json(moment.best),
    }


FORMAT = Format(
    name=FormatName.JSON,
    title="JSON",
    ending=".json",
    media_type="application/json",
    scope=Scope.ALL,
    counts_frames=False,
    write=as_text(write),
)
