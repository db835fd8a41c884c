"""One exported document: what a format writes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TextIO

from mmrag_video.export.export_moment import ExportMoment
from mmrag_video.moments import Span
from mmrag_video.video.source_timecode import SourceTimecode


@dataclass(frozen=True)
class ExportSheet:
    """Moments under one title, handles included."""

    title: str
    moments: Sequence[ExportMoment]
    """In the order in which they were found or collected."""
    sources: Mapping[str, SourceTimecode] = field(default_factory=dict)
    """Of each recording, by its id; empty for a format that counts no frames."""

    def parts(self) -> Iterator[tuple[int, int, ExportMoment, Span]]:
        """Each part of each moment, with the moment's number and the part's, from 1."""
        for number, moment in enumerate(self.moments, 1):
            for part, span in enumerate(moment.spans, 1):
                yield number, part, moment, span


class FormatName(StrEnum):
    """What moments can be exported as."""

    CSV = "csv"
    JSON = "json"
    EDL = "edl"
    OTIO = "otio"
    FCPXML = "fcp7"
    WEBVTT = "vtt"
    SRT = "srt"
    FFMETADATA = "ffmetadata"


class Scope(StrEnum):
    """What one document tells of."""

    ALL = "all"
    """All moments."""
    RECORDING = "recording"
    """The moments in one recording, in its order: a document lies beside its recording."""


@dataclass(frozen=True)
class Format:
    """A way to write moments."""

    name: FormatName
    title: str
    """In words."""
    ending: str
    """Of the file's name, with its dot."""
    media_type: str
    scope: Scope
    counts_frames: bool
    """Whether it needs to know the recordings' frames, and so their files."""
    write: Callable[[ExportSheet, TextIO], None]
