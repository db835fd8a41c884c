"""Clips of moments: one file, or a zip of several."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mmrag_video.archive import Archive
from mmrag_video.cases import case_span, known_parts, no_longer_known
from mmrag_video.errors import MmragError, UsageError
from mmrag_video.evidence.manifest import Piece
from mmrag_video.evidence.order import Progress
from mmrag_video.evidence.packing import PackedFile, pack
from mmrag_video.evidence.partial import PartialFolder
from mmrag_video.export.clips import (
    ClipKind,
    ClipOrder,
    WantedClip,
    cut_clip,
    remarks,
    wanted_clips,
)
from mmrag_video.export.export_moment import ExportMoment, stored
from mmrag_video.export.exporting import audit_entry
from mmrag_video.export.naming import NameTemplate, different_names, safe_name
from mmrag_video.export.writing import sync_folder
from mmrag_video.moments import Span
from web.making.job import JobOrder
from web.making.outcome import Outcome

_PROBLEMS = "problems.txt"


def make_clips(archive: Archive, order: JobOrder, folder: Path, on_progress: Progress) -> Outcome:
    """Make the clips of an order in a folder; what cannot be made is said, and the rest goes on.

    Raises UsageError where nothing can be made, ExportError where the system refuses to write.
    """
    problems: list[str] = []
    moments = list(_moments(archive, order, problems))
    kind = ClipKind(order.kind.value)
    asked = ClipOrder(kind, NameTemplate(order.names), order.before, order.after)
    wanted = list(wanted_clips(moments, asked))
    problems += [one for one in wanted if isinstance(one, str)]
    clips = [one for one in wanted if isinstance(one, WantedClip)]
    with PartialFolder(folder / safe_name(f"{order.title} clips", ".zip")) as parts:
        making = _Making(parts, on_progress)
        pieces = list(making.make(clips))
        problems = list(dict.fromkeys([*problems, *making.problems]))
        if not pieces:
            raise UsageError(" ".join(problems))
        file = _put_in_place(parts, folder, pieces, problems, on_progress)
    made = set(map(case_span, making.made))
    return Outcome(
        file.path,
        file.sha256,
        about=audit_entry(order.kind.value, order.title, order.case, moments),
        moments=tuple(
            one.collected
            for one in order.moments
            if one.collected is not None and not made.isdisjoint(one.spans)
        ),
        cameras=tuple({span.recording.camera: None for one in moments for span in one.spans}),
        spans=tuple(making.made),
        remarks=tuple(making.remarks),
        left_out=tuple(problems),
    )


def _moments(archive: Archive, order: JobOrder, problems: list[str]) -> Iterator[ExportMoment]:
    """Those of which the collection still knows a recording; the others are added to problems."""
    ids = {span.recording for one in order.moments for span in (*one.spans, one.best)}
    known = {one: found for one in ids if (found := archive.catalog.recording(one))}
    for one in order.moments:
        gone = (span.recording for span in one.spans if span.recording not in known)
        problems += map(no_longer_known, gone)
        if spans := known_parts(one.spans, known):
            best = next(iter(known_parts([one.best], known)), None)
            yield stored(one.found, spans, best, one.note)


@dataclass
class _Making:
    """Clips on their way; a second run makes again only what is not there as it was made."""

    parts: PartialFolder
    on_progress: Progress

    def __post_init__(self) -> None:
        self.problems: list[str] = []
        self.remarks: list[str] = []
        self.made: list[Span] = []

    def make(self, clips: list[WantedClip]) -> Iterator[Piece]:
        names = different_names([clip.name for clip in clips])
        for done, (name, clip) in enumerate(zip(names, clips, strict=True)):
            self.on_progress(f"clip {done + 1} of {len(clips)}", done, len(clips))
            span = clip.span
            made_of = f"{clip.kind.value} {span.recording.id} {span.start} {span.end}"
            try:
                piece, cut = self.parts.clip(name, made_of, partial(cut_clip, clip))
            except MmragError as error:
                self.problems.append(str(error))
                continue
            self.made.append(clip.part)
            if told := remarks(span, cut):
                self.remarks.append(f"{name} {'; '.join(told)}.")
            yield piece


def _put_in_place(
    parts: PartialFolder,
    folder: Path,
    pieces: list[Piece],
    problems: list[str],
    on_progress: Progress,
) -> PackedFile:
    """One clip alone under its own name, else a zip with what was left out."""
    if problems:
        text = "\n".join(problems).encode(errors="backslashreplace")
        pieces = [*pieces, parts.anew(_PROBLEMS, text)]
    parts.keep_only(pieces)
    if len(pieces) == 1:
        path = (parts.path / pieces[0].path).rename(folder / pieces[0].path)
        sync_folder(folder)
        file = PackedFile(path, pieces[0].sha256)
    else:
        file = pack(parts, parts.path.with_suffix(""), on_progress)
    parts.discard()
    return file
