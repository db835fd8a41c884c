"""From a case to evidence: sources checked, files made, the manifest over all of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mmrag_video.archive import Archive
from mmrag_video.cases import Collected, collected, no_longer_known, sees
from mmrag_video.catalog.case_records import Case
from mmrag_video.catalog.records import Recording
from mmrag_video.counting import counted
from mmrag_video.errors import UsageError
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
from mmrag_video.evidence.sources import Sources, read_through
from mmrag_video.evidence.summary import REPORTS, summary_sheet
from mmrag_video.export.export_moment import ExportMoment
from mmrag_video.export.exporting import Document
from mmrag_video.export.from_case import export_moment
from mmrag_video.export.handles import past_end, with_handles


@dataclass(frozen=True)
class Made:
    """Evidence that is there."""

    path: Path
    sha256_of_zip: str
    """Empty for a folder."""
    sha256: str
    """Of the manifest."""
    missing: tuple[Missing, ...]
    moments: tuple[int, ...]
    """The ids of those in the case that it holds a clip, a still or a blurred copy of."""
    cameras: tuple[str, ...]
    """Whose pictures it may hold."""

    def about(self, case: Case) -> dict[str, Any]:
        """What the audit log is told of it."""
        return {
            "format": "evidence",
            "title": case.name,
            "case": case.name,
            "case_id": case.id,
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
        written = making.write_all()
        path, digest = _put_in_place(order, folder, on_progress)
    return Made(
        path,
        digest,
        hash_line(written.manifest).split()[0].decode(),
        written.missing,
        written.moments,
        cameras=tuple({span.recording.camera: None for one in moments for span in one.spans}),
    )


def _put_in_place(
    order: EvidenceOrder, folder: PartialFolder, on_progress: Progress
) -> tuple[Path, str]:
    """Where it is, and the hash of the zip; empty for a folder."""
    if order.is_zip:
        packed = pack(folder, order.target, on_progress)
        folder.discard()
        return packed.path, packed.sha256
    folder.become(order.target)
    return order.target, ""


@dataclass(frozen=True)
class _Written:
    """What was made, before it has its name."""

    manifest: bytes
    missing: tuple[Missing, ...]
    moments: tuple[int, ...]
    """The ids of those that a file was made of."""


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

    def write_all(self) -> _Written:
        """Every file and the manifest."""
        provenance = provenance_of(self.archive, self.order)
        recordings = self._recordings()
        sources = read_through(recordings, self.on_progress)
        pieces, not_made = self._pieces(sources)
        sources = sources.looked_at_again(recordings)
        usable, missing = self._usable(sources.unusable)
        missing += [*not_made, *_of_changed(pieces, sources), *self._hidden()]
        pieces = [one for one in pieces if one.about["recording"] not in sources.unusable]
        with_pieces = {one.about["moment"] for one in pieces}
        pieces += self._about(provenance, usable, pieces, missing)
        self.folder.keep_only(pieces)
        described = [source_to_json(one, sources.unusable.get(one.id, "")) for one in recordings]
        key = self.order.key
        signed_by = None if key is None else fingerprint(key.public_key())
        manifest = manifest_of(provenance, pieces, described, missing, signed_by)
        self.folder.anew(MANIFEST, manifest)
        self.folder.anew(HASH, hash_line(manifest))
        if key is not None:
            self.folder.anew(SIGNATURE, key.sign(manifest))
            self.folder.anew(PUBLIC_KEY, pem_of(key.public_key()))
        moments = [one for number, one in enumerate(self.moments, 1) if number in with_pieces]
        return _Written(manifest, tuple(missing), tuple(one.moment.id for one in moments))

    def _recordings(self) -> list[Recording]:
        """Those that the moments lie in, each once."""
        spans = [span for one in self.moments for span in (*one.spans, one.best) if span]
        return list({span.recording.id: span.recording for span in spans}.values())

    def _pieces(self, sources: Sources) -> tuple[list[Piece], list[Missing]]:
        """Clips, stills and blurred copies, and what could not be made."""
        pieces: list[Piece] = []
        missing: list[Missing] = []
        usable, _ = self._usable(sources.unusable)
        for done, (number, moment) in enumerate(usable.items()):
            self.on_progress(f"moment {number}", done, len(usable))
            for made in MomentFiles(self.folder, self.order, number, moment, sources).make():
                if isinstance(made, Missing):
                    missing.append(made)
                else:
                    pieces.append(made)
        return pieces, missing

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


def _of_changed(pieces: Sequence[Piece], sources: Sources) -> Iterator[Missing]:
    """What was made of recordings that changed meanwhile, and is none now."""
    for piece in pieces:
        recording = piece.about["recording"]
        if recording in sources.unusable:
            yield Missing(piece.path, recording, sources.unusable[recording])
