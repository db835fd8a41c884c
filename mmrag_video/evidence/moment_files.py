"""The files of one moment: its clips as they are stored, its still, blurred copies."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from mmrag_video.errors import MmragError
from mmrag_video.evidence.manifest import Missing, Piece, cut_to_json, range_to_json
from mmrag_video.evidence.order import EvidenceOrder
from mmrag_video.evidence.partial import PartialFolder
from mmrag_video.evidence.sources import Sources
from mmrag_video.export.clips import time_limit_of
from mmrag_video.export.export_moment import ExportMoment
from mmrag_video.export.naming import DEFAULT_NAMES, facts_of, safe_name
from mmrag_video.moments import Span
from mmrag_video.video.blurring import Region
from mmrag_video.video.exact_clip import encode_cut
from mmrag_video.video.still import StillFormat, still
from mmrag_video.video.stream_copy import WrittenCut, copy_cut


@dataclass(frozen=True)
class MomentFiles:
    """Makes what belongs to one moment, as far as it can be made."""

    folder: PartialFolder
    order: EvidenceOrder
    number: int
    """Of the moment in the case, from 1."""
    moment: ExportMoment
    """Handles included, and without recordings that are gone or changed."""
    sources: Sources
    """The recordings as they were read through."""

    def make(self) -> Iterator[Piece | Missing]:
        """The pieces, as soon as each is there, and what cannot be made."""
        for part, span in enumerate(self.moment.spans, 1):
            name = self._name(part)
            original: Piece | None = None
            for made in self._clip(f"clips/{name}.mp4", span):
                yield made
                original = made if isinstance(made, Piece) else None
            if regions := self._regions(span.recording.camera):
                yield from self._blurred(f"blurred/{name}.mp4", span, regions, original)
        yield from self._still(f"stills/{self._name(0)}.png")

    def _name(self, part: int) -> str:
        """Without ending; `part` from 1, and 0 for the moment as a whole."""
        spans = (self.moment.spans[part - 1],) if part else self.moment.spans
        own = DEFAULT_NAMES.name(facts_of(replace(self.moment, spans=spans), self.number), ".x")
        number = f"{self.number:03d}" + (f"-{part}" if len(self.moment.spans) > 1 and part else "")
        return Path(safe_name(f"{number} {own.removesuffix('.x')}", ".x")).stem

    def _clip(self, path: str, span: Span) -> Iterator[Piece | Missing]:
        recording = span.recording
        made_of = f"copy {recording.id} {span.start} {span.end}"
        cut = partial(self._copy, span)
        try:
            piece, written = self.folder.clip(path, made_of, cut)
        except MmragError as error:
            yield Missing(path, recording.id, str(error))
            return
        about = {"kind": "clip", "moment": self.number, **range_to_json(span)}
        yield replace(piece, about={**about, **cut_to_json(written, span.start)})

    def _blurred(
        self, path: str, span: Span, regions: tuple[Region, ...], original: Piece | None
    ) -> Iterator[Piece | Missing]:
        recording = span.recording
        told = [str(region) for region in regions]
        made_of = f"blurred {recording.id} {span.start} {span.end} {told}"
        cut = partial(self._blur, span, regions)
        try:
            piece, written = self.folder.clip(path, made_of, cut)
        except MmragError as error:
            yield Missing(path, recording.id, str(error))
            return
        about = {
            "kind": "blurred copy",
            "moment": self.number,
            "altered": "encoded anew; what lies in the regions was made unrecognizable",
            "regions": told,
            "original": None
            if original is None
            else {"path": original.path, "sha256": original.sha256},
            **range_to_json(span),
        }
        yield replace(piece, about={**about, **cut_to_json(written, span.start)})

    def _still(self, path: str) -> Iterator[Piece | Missing]:
        best = self.moment.best
        recording = best.recording
        if recording.id in self.sources.unusable:
            yield Missing(path, recording.id, self.sources.unusable[recording.id])
            return

        def picture() -> bytes:
            content = still(recording.path, best.start, StillFormat.PNG).content
            self.sources.check(recording)
            return content

        try:
            piece = self.folder.file(path, f"still {recording.id} {best.start}", picture)
        except MmragError as error:
            yield Missing(path, recording.id, str(error))
            return
        at = Span(recording, best.start, best.start)
        yield replace(piece, about={"kind": "still", "moment": self.number, **range_to_json(at)})

    def _regions(self, camera: str) -> tuple[Region, ...]:
        return tuple(one.region for one in self.order.blur if one.camera in ("", camera))

    # A piece is checked before it is noted as made: what the next run goes on with is of the
    # recording that was read through, whatever became of that since.

    def _copy(self, span: Span, target: Path) -> WrittenCut:
        path = span.recording.path
        cut = copy_cut(path, span.start, span.end, target, time_limit=time_limit_of(span))
        self.sources.check(span.recording)
        return cut

    def _blur(self, span: Span, regions: tuple[Region, ...], target: Path) -> WrittenCut:
        path, limit = span.recording.path, time_limit_of(span)
        cut = encode_cut(path, span.start, span.end, target, regions, time_limit=limit)
        self.sources.check(span.recording)
        return cut
