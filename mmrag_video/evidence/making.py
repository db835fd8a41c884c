"""From a case to evidence: sources checked, files made, the manifest over all of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from mmrag_video.archive import Archive
from mmrag_video.cases import Collected, collected, no_longer_known, sees
from mmrag_video.catalog.case_records import Case
from mmrag_video.catalog.records import Recording
from mmrag_video.counting import counted
from mmrag_video.errors import RecordingError, UsageError
from mmrag_video.evidence.leading_searches import audit_lines, excerpt, searches
from mmrag_video.evidence.manifest import (
    HASH,
    MANIFEST,
    PUBLIC_KEY,
    SIGNATURE,
    Missing,
    Piece,
    Provenance,
    hash_line,
    manifest_of,
    source_to_json,
)
from mmrag_video.evidence.moment_files import MomentFiles
from mmrag_video.evidence.order import EvidenceOrder, Progress, provenance_of
from mmrag_video.evidence.packing import pack
from mmrag_video.evidence.partial import PartialFolder
from mmrag_video.evidence.signing import fingerprint, pem_of
from mmrag_video.evidence.summary import REPORTS, summary_sheet
from mmrag_video.export.export_moment import ExportMoment
from mmrag_video.export.exporting import Document
from mmrag_video.export.from_case import export_moment
from mmrag_video.export.handles import past_end, with_handles
from mmrag_video.export.writing import ExportError
from mmrag_video.recording_file import file_problem
from mmrag_video.video.content import content_of


@dataclass(frozen=True)
class Made:
    """Evidence that is there."""

    path: Path
    sha256: str
    """Of the manifest."""
    missing: tuple[Missing, ...]
    moments: tuple[int, ...]
    """The ids of those that it is of, in the case."""
    cameras: tuple[str, ...]
    """Whose pictures it may hold."""

    def about(self, case: Case) -> dict[str, Any]:
        """What the audit log is told of it."""
        return {
            "format": "evidence",
            "title": case.name,
            "case": case.name,
            "manifest": self.sha256,
            "missing": len(self.missing),
        }


def make_evidence(
    archive: Archive, order: EvidenceOrder, on_progress: Progress = lambda *_: None
) -> Made:
    """Write the evidence of a case; what cannot be in it is in the manifest as missing.

    Until all of it is there it is a folder NAME.partial, which the next run goes on with. Raises
    UsageError where there is something at the target already, or the case is empty, and
    ExportError where the system refuses to write.
    """
    if order.target.exists() or order.target.is_symlink():
        raise UsageError(f"{order.target} is there already; name another place.")
    every = collected(archive, archive.catalog.cases.moments(order.case.id))
    if not every:
        raise UsageError(f"The case {order.case.name!r} holds no moments yet.")
    moments = [one for one in every if sees(order.user, one)]
    if not moments:
        raise UsageError(f"The case {order.case.name!r} holds no moments of cameras of yours.")
    with PartialFolder(order.target) as folder:
        making = _Making(archive, order, folder, moments, len(every) - len(moments), on_progress)
        manifest, missing = making.write_all()
        folder.finish()
        path = _put_in_place(order, folder, on_progress)
    return Made(
        path,
        hash_line(manifest).split()[0].decode(),
        tuple(missing),
        moments=tuple(one.moment.id for one in moments),
        cameras=tuple({span.recording.camera: None for one in moments for span in one.spans}),
    )


def _put_in_place(order: EvidenceOrder, folder: PartialFolder, on_progress: Progress) -> Path:
    if order.is_zip:
        path = pack(folder.path, order.target, on_progress)
        folder.discard()
        return path
    try:
        folder.path.rename(order.target)
    except OSError as error:
        raise ExportError(
            f"{folder.path} is whole, but cannot be named {order.target} ({error.strerror})."
        ) from error
    return order.target


@dataclass(frozen=True)
class _Making:
    archive: Archive
    order: EvidenceOrder
    folder: PartialFolder
    moments: Sequence[Collected]
    """Those that the one who makes it may see."""
    hidden: int
    """How many others the case holds."""
    on_progress: Progress

    def write_all(self) -> tuple[bytes, list[Missing]]:
        """Every file and the manifest, which is returned with what is missing."""
        provenance = provenance_of(self.archive, self.order)
        recordings = {
            span.recording.id: span.recording for one in self.moments for span in one.spans
        }
        unusable = self._unusable(list(recordings.values()))
        usable, missing = self._usable(unusable)
        missing += self._hidden()
        pieces: list[Piece] = []
        for done, (number, moment) in enumerate(usable.items()):
            self.on_progress(f"moment {number}", done, len(usable))
            for made in MomentFiles(self.folder, self.order, number, moment, unusable).make():
                if isinstance(made, Missing):
                    missing.append(made)
                else:
                    pieces.append(made)
        pieces += self._about(provenance, usable, pieces, missing)
        self.folder.keep_only(pieces)
        cameras = self.archive.settings_in_force.cameras
        offsets = {name: known.clock_offset.total_seconds() for name, known in cameras.items()}
        sources = [
            source_to_json(one, offsets.get(one.camera, 0.0), unusable.get(one.id, ""))
            for one in recordings.values()
        ]
        key = self.order.key
        signed_by = None if key is None else fingerprint(key.public_key())
        manifest = manifest_of(provenance, pieces, sources, missing, signed_by)
        self.folder.anew(MANIFEST, manifest)
        self.folder.anew(HASH, hash_line(manifest))
        if key is not None:
            self.folder.anew(SIGNATURE, key.sign(manifest))
            self.folder.anew(PUBLIC_KEY, pem_of(key.public_key()))
        return manifest, missing

    def _unusable(self, recordings: Sequence[Recording]) -> dict[str, str]:
        """Why recordings cannot be evidence, by their ids: all are read through and hashed."""
        found = {}
        total = sum(recording.size for recording in recordings)
        before = 0
        for recording in recordings:
            what = f"checking {recording.path.name}"
            problem = _source_problem(recording, partial(self._told_read, what, before, total))
            if problem:
                found[recording.id] = problem
            before += recording.size
        return found

    def _told_read(self, what: str, before: int, total: int, read: int) -> None:
        self.on_progress(what, before + read, total)

    def _usable(self, unusable: Mapping[str, str]) -> tuple[dict[int, ExportMoment], list[Missing]]:
        """The moments that something can be made of, by their numbers, and what is missing."""
        usable: dict[int, ExportMoment] = {}
        missing: list[Missing] = []
        for number, one in enumerate(self.moments, 1):
            known = {span.recording.id for span in one.spans}
            for span in one.moment.spans:
                if span.recording not in known:
                    why = no_longer_known(span.recording)
                    missing.append(Missing(f"moment {number}", span.recording, why))
                elif span.recording in unusable:
                    why = unusable[span.recording]
                    missing.append(Missing(f"moment {number}", span.recording, why))
            spans = [span for span in one.spans if span.recording.id not in unusable]
            if not spans:
                continue
            moment = export_moment(one, spans)
            longer, past = with_handles(moment, self.order.before, self.order.after)
            for part in past:
                missing.append(Missing(f"moment {number}", part.recording.id, past_end(part)))
            if longer is not None:
                usable[number] = longer
        return usable, missing

    def _hidden(self) -> list[Missing]:
        if not self.hidden:
            return []
        why = f"They are of cameras that {self.order.user.name} may not see."
        return [Missing(counted(self.hidden, "moment"), "", why)]

    def _about(
        self,
        provenance: Provenance,
        moments: Mapping[int, ExportMoment],
        pieces: Sequence[Piece],
        missing: Sequence[Missing],
    ) -> Iterator[Piece]:
        """The report, the moments as data, the searches and the audit excerpt."""
        self.on_progress("the report", 0, 1)
        sheet = summary_sheet(provenance, moments, pieces, missing, self.folder.path)
        for path, form in REPORTS.items():
            piece = self.folder.anew(path, Document(path, sheet, form).content())
            yield replace(piece, about={"kind": form.title})
        log = self.archive.catalog.audit.oldest_first()
        entries = excerpt(log, self.order.case, self.moments, self.order.user)
        led = self.folder.anew("searches.json", searches(self.moments, entries))
        yield replace(led, about={"kind": "searches that led there"})
        told = self.folder.anew("audit.jsonl", audit_lines(entries))
        yield replace(told, about={"kind": "excerpt of the audit log"})


def _source_problem(recording: Recording, on_read: Callable[[int], None]) -> str:
    """Why a recording cannot be evidence, as a sentence; empty if it can."""
    if recording.live:
        return (
            f"The recording {recording.path} still grew when it was ingested; ingest it again now "
            "that it is finished."
        )
    if problem := file_problem(recording):
        return problem
    try:
        content = content_of(recording.path, on_read)
    except RecordingError as error:
        return str(error)
    if content.sha256 != recording.id:
        return (
            f"The file {recording.path} has changed since it was ingested: its SHA-256 is another; "
            "it is not exported as evidence."
        )
    return ""
