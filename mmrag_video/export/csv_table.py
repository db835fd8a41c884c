"""CSV: a line for each part of a moment, for spreadsheets and scripts. RFC 4180."""

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TextIO

from mmrag_video.export.export_moment import ExportMoment
from mmrag_video.export.sheet import ExportSheet, Format, FormatName, Scope, as_text
from mmrag_video.moments import Span
from mmrag_video.recording_file import file_state
from mmrag_video.video.timecode import Timecode
from mmrag_video.video.wall_clock import iso_milliseconds

_BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel takes UTF-8 for the code page of the machine."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Spreadsheets compute what begins like this; OWASP, CSV injection."""


@dataclass(frozen=True)
class _Part:
    number: int
    part: int
    moment: ExportMoment
    span: Span


COLUMNS: Mapping[str, Callable[[_Part], object]] = {
    "moment": lambda row: row.number,
    "part": lambda row: row.part,
    "camera": lambda row: _words(row.moment.camera),
    "media_start": lambda row: Timecode(row.span.start),
    "media_end": lambda row: Timecode(row.span.end),
    "clock_start": lambda row: _clock(row.span.recording.clock.at(row.span.start)),
    "clock_end": lambda row: _clock(row.span.recording.clock.at(row.span.end)),
    "clock_zone": lambda row: row.span.recording.clock.zone,
    "clock_origin": lambda row: row.span.recording.clock.origin.value,
    "query": lambda row: _words(row.moment.query),
    "score": lambda row: "" if row.moment.score is None else f"{row.moment.score:.4f}",
    "confidence": lambda row: row.moment.confidence.value if row.moment.confidence else "",
    "why": lambda row: _words(row.moment.why),
    "note": lambda row: _words(row.moment.note),
    "tags": lambda row: _words(", ".join(row.moment.tags)),
    "file": lambda row: _words(str(row.span.recording.path)),
    "file_state": lambda row: file_state(row.span.recording).value,
    "sha256": lambda row: row.span.recording.id,
}
"""What each column holds."""


def write(sheet: ExportSheet, to: TextIO) -> None:
    """Write the table, with a line of headings."""
    to.write(_BYTE_ORDER_MARK)
    table = csv.writer(to)
    table.writerow(COLUMNS)
    for part in sheet.parts():
        row = _Part(*part)
        table.writerow([cell(row) for cell in COLUMNS.values()])


def _words(text: str) -> str:
    """Text that a spreadsheet shows and does not compute."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _clock(time: datetime | None) -> str:
    """ISO 8601 with the offset from UTC; empty where it is unknown."""
    return "" if time is None else iso_milliseconds(time)


FORMAT = Format(
    name=FormatName.CSV,
    title="CSV table",
    ending=".csv",
    media_type="text/csv",
    scope=Scope.ALL,
    counts_frames=False,
    write=as_text(write),
)
