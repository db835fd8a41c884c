"""The moments in one recording as chapters of it, for the three formats that hold chapters."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from mmrag_video.export.one_line import title_of
from mmrag_video.export.sheet import ExportSheet
from mmrag_video.video.timecode import Timecode

_SHORTEST = Fraction(1, 1000)
"""Seconds: what the formats can tell apart."""


@dataclass(frozen=True)
class Chapter:
    """A part of a recording with a title, in whole milliseconds."""

    start: Timecode
    end: Timecode
    title: str
    """One line, not empty."""


def chapters_of(sheet: ExportSheet) -> Iterator[Chapter]:
    """In the order of the recording."""
    for _, _, moment, span in sorted(sheet.parts(), key=lambda part: (part[3].start, part[3].end)):
        start, end = Timecode(span.start).from_here_on(), Timecode(span.end).from_here_on()
        yield Chapter(start, max(end, Timecode(start.seconds + _SHORTEST)), title_of(moment))
