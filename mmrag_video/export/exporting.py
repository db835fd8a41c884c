"""From moments to documents: handles, recordings' frames, names, and what has to be left out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from io import BytesIO
from typing import Any, BinaryIO

from mmrag_video.archive import Archive
from mmrag_video.cases import case_span
from mmrag_video.catalog.records import Recording
from mmrag_video.errors import RecordingError
from mmrag_video.export.export_moment import ExportMoment
from mmrag_video.export.handles import past_end, with_handles
from mmrag_video.export.naming import DEFAULT_NAMES, NameTemplate, facts_of_all
from mmrag_video.export.pictures import pictures_of
from mmrag_video.export.sheet import ExportSheet, Format, Scope
from mmrag_video.moments import Span
from mmrag_video.recording_file import file_problem, read_file_problem
from mmrag_video.settings import CameraSettings, Settings
from mmrag_video.video.source_timecode import SourceTimecode, read_source_frames, source_timecode


@dataclass(frozen=True)
class ExportOrder:
    """What is to become of the moments."""

    format: Format
    title: str
    template: NameTemplate = DEFAULT_NAMES
    before: Fraction = Fraction(0)
    """Seconds added before each moment."""
    after: Fraction = Fraction(0)
    """Seconds added after it."""
    case: int | None = None
    """Number of the case that they are of; None where they are of none."""


@dataclass(frozen=True)
class Document:
    """One file to write."""

    name: str
    """Safe, and another's too perhaps: whoever writes it numbers it."""
    sheet: ExportSheet
    format: Format

    def write(self, to: BinaryIO) -> None:
        """Write all of it. Raises UsageError for what the format cannot hold."""
        self.format.write(self.sheet, to)

    def content(self) -> bytes:
        """The whole of it. Raises UsageError for what the format cannot hold."""
        written = BytesIO()
        self.write(written)
        return written.getvalue()


@dataclass(frozen=True)
class Export:
    """Documents, and what was wrong."""

    documents: tuple[Document, ...]
    problems: tuple[str, ...]
    """A sentence for each recording that is gone or changed or whose start timecode does not fit,
    and for each moment past the end."""
    spans: tuple[Span, ...]
    """What they are of, without what was added before and after."""


def prepare(
    moments: Sequence[ExportMoment],
    order: ExportOrder,
    settings: Settings,
    missing: Sequence[str] = (),
) -> Export:
    """Make documents of moments. For a format that counts frames, reads through the recordings.

    `settings`: those in force, for the timecodes that cameras begin with; `missing`: sentences on
    what should be among the moments. Where a recording is gone
    or has changed, a sentence says so. A format that counts frames leaves its parts out; the others
    tell of them all the same, as the search does.
    """
    problems = _file_problems(moments, order.format)
    sources: dict[str, SourceTimecode] = {}
    kept = list(moments)
    if order.format.counts_frames:
        sources, unreadable = _sources(moments, settings, without=problems)
        problems = {**problems, **unreadable}
        kept = list(_only_in(moments, sources))
    within: list[ExportMoment] = []
    spans: list[Span] = []
    lost: list[str] = []
    for moment in kept:
        longer, past = with_handles(moment, order.before, order.after)
        lost += map(past_end, past)
        spans += (span for span in moment.spans if span not in past)
        if longer is not None:
            within.append(longer)
    pictures = pictures_of(within) if order.format.shows_pictures else {}
    problems_found = (*missing, *problems.values(), *lost)
    documents = tuple(_documents(within, sources, pictures, order, problems_found))
    return Export(documents, problems_found, tuple(spans))


def _recordings(moments: Sequence[ExportMoment]) -> dict[str, Recording]:
    return {span.recording.id: span.recording for moment in moments for span in moment.spans}


def _file_problems(moments: Sequence[ExportMoment], form: Format) -> dict[str, str]:
    """By recording. A format whose making looks into the files has to know that they are those."""
    looks = form.counts_frames or form.shows_pictures
    problem_of = read_file_problem if looks else file_problem
    return {
        id: problem
        for id, recording in _recordings(moments).items()
        if (problem := problem_of(recording))
    }


def _sources(
    moments: Sequence[ExportMoment], settings: Settings, without: Mapping[str, str]
) -> tuple[dict[str, SourceTimecode], dict[str, str]]:
    """The frames of each recording that can be read, and by recording what is wrong with them."""
    sources: dict[str, SourceTimecode] = {}
    problems: dict[str, str] = {}
    for id, recording in _recordings(moments).items():
        if id in without:
            continue
        camera = settings.cameras.get(recording.camera, CameraSettings())
        try:
            frames = read_source_frames(recording.path)
        except RecordingError as error:
            problems[id] = str(error)
        else:
            source = source_timecode(frames, camera.start_timecode, recording.clock.start)
            sources[id] = source
            if source.unfit:
                problems[id] = (
                    f"{recording.path}: {' and '.join(source.unfit)}; its frames are counted from "
                    f"{source.text(source.first)}."
                )
    return sources, problems


def _only_in(
    moments: Sequence[ExportMoment], recordings: Mapping[str, object]
) -> Iterator[ExportMoment]:
    """The moments' parts in these recordings."""
    for moment in moments:
        spans = tuple(span for span in moment.spans if span.recording.id in recordings)
        if spans:
            yield replace(moment, spans=spans)


def _documents(
    moments: Sequence[ExportMoment],
    sources: Mapping[str, SourceTimecode],
    pictures: Mapping[int, bytes],
    order: ExportOrder,
    problems: Sequence[str],
) -> Iterator[Document]:
    for number, together in enumerate(_sheets(moments, order.format.scope), 1):
        facts = facts_of_all(together, number, order.title)
        name = order.template.name(facts, order.format.ending)
        sheet = ExportSheet(order.title, together, sources, pictures, problems=problems)
        yield Document(name, sheet, order.format)


def _sheets(moments: Sequence[ExportMoment], scope: Scope) -> Iterator[Sequence[ExportMoment]]:
    if scope is Scope.RECORDING:
        for id in _recordings(moments):
            yield tuple(_only_in(moments, {id: None}))
    elif moments:
        yield moments


def note_exported(archive: Archive, spans: Iterable[Span]) -> None:
    """Let whoever finds these parts of recordings again see that they were exported."""
    archive.catalog.exported.note(map(case_span, spans), datetime.now(UTC))


def audit_entry(
    name: str, title: str, case: int | None, moments: Sequence[ExportMoment]
) -> dict[str, Any]:
    """What the audit log is told of an export; `name`: of the format, `case`: its number."""
    return {
        "format": name,
        "title": title,
        "case_id": case,
        "moments": len(moments),
        "recordings": sorted(_recordings(moments)),
    }
