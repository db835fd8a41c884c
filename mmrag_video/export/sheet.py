"""One exported document: what a format writes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from io import TextIOWrapper
from typing import BinaryIO, TextIO

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
    pictures: Mapping[int, bytes] = field(default_factory=dict)
    """JPEGs of the moments' best frames, by the moments' numbers; empty for a format that shows
    none, and without those that could not be read."""
    facts: Sequence[tuple[str, str]] = ()
    """What a report says at its head: names and values."""
    facts_of: Mapping[int, Sequence[tuple[str, str]]] = field(default_factory=dict)
    """What it says of single moments besides, by their numbers."""
    problems: Sequence[str] = ()
    """What had to be left out: sentences."""
    numbers: Sequence[int] = ()
    """Of the moments, in the same order: those that they have in their case, of which some may be
    missing here. Empty: from 1."""

    def numbered(self) -> Iterator[tuple[int, ExportMoment]]:
        """Each moment with its number."""
        numbers = self.numbers or range(1, len(self.moments) + 1)
        return zip(numbers, self.moments, strict=True)

    def parts(self) -> Iterator[tuple[int, int, ExportMoment, Span]]:
        """Each part of each moment, with the moment's number, and the part's from 1."""
        for number, moment in self.numbered():
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
    REPORT = "report"
    PDF = "pdf"
    CONTACT_SHEET = "contact-sheet"


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
    write: Callable[[ExportSheet, BinaryIO], None]
    shows_pictures: bool = False
    """Whether it needs the moments' pictures, and so the recordings' files."""


def as_text(
    write: Callable[[ExportSheet, TextIO], None],
) -> Callable[[ExportSheet, BinaryIO], None]:
    """A format that writes text, in UTF-8, line ends as they are written."""

    def write_bytes(sheet: ExportSheet, to: BinaryIO) -> None:
        text = TextIOWrapper(to, encoding="utf-8", errors="backslashreplace", newline="")
        write(sheet, text)
        text.detach()

    return write_bytes
