"""Moments as clips: one MP4 for each part of each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from mmrag_video.errors import RecordingError
from mmrag_video.export.export_moment import ExportMoment
from mmrag_video.export.handles import past_end, with_handles
from mmrag_video.export.naming import DEFAULT_NAMES, NameTemplate, facts_of
from mmrag_video.export.writing import put_in_place, unfinished_file
from mmrag_video.moments import Span
from mmrag_video.recording_file import read_file_problem
from mmrag_video.video.clips import LONGEST_CUT
from mmrag_video.video.exact_clip import encode_cut
from mmrag_video.video.stream_copy import WrittenCut, copy_cut

ENDING = ".mp4"
_PATIENCE = 20
"""Seconds that a second of a clip may take to make, beyond what each clip may."""


class ClipKind(StrEnum):
    """How a clip is made."""

    COPY = "clip"
    """As it is stored, from the keyframe before."""
    EXACT = "clip-exact"
    """Encoded anew, from its first frame."""


class Cut(Protocol):
    """Writes a part of a recording to a file: `copy_cut` and `encode_cut`."""

    def __call__(
        self, path: Path, start: Fraction, end: Fraction, target: Path, *, time_limit: float
    ) -> WrittenCut:
        """Raises RecordingError where the recording cannot be read, or not be cut like this."""


CUTS: Mapping[ClipKind, Cut] = {ClipKind.COPY: copy_cut, ClipKind.EXACT: encode_cut}


@dataclass(frozen=True)
class ClipOrder:
    """What is to become of the moments."""

    kind: ClipKind
    template: NameTemplate = DEFAULT_NAMES
    before: Fraction = Fraction(0)
    """Seconds added before each moment."""
    after: Fraction = Fraction(0)
    """Seconds added after it."""
    case: int | None = None
    """Number of the case that they are of; None where they are of none."""


@dataclass(frozen=True)
class WantedClip:
    """A part of a moment that a clip is to be made of."""

    name: str
    """Safe; whoever writes it numbers it where it is taken."""
    span: Span
    part: Span
    """The same without what was added before and after."""
    kind: ClipKind


@dataclass(frozen=True)
class WrittenClip:
    """A clip that is there."""

    path: Path
    span: Span
    cut: WrittenCut

    @property
    def remarks(self) -> list[str]:
        """What is to be known of it, in words: an early beginning, sound that is not in it."""
        return remarks(self.span, self.cut)


def remarks(span: Span, cut: WrittenCut) -> list[str]:
    """What is to be known of a clip of this part, in words."""
    told = []
    if cut.start < span.start:
        earlier = float(span.start - cut.start)
        told.append(f"begins {earlier:.3f} s earlier, with the keyframe before")
    if cut.sound_left_out:
        told.append(f"without its sound ({cut.sound_left_out}), which an MP4 cannot hold")
    return told


def wanted_clips(moments: Sequence[ExportMoment], order: ClipOrder) -> Iterator[WantedClip | str]:
    """The clips to make of moments, in their order; for a part past its end, a sentence."""
    for number, moment in enumerate(moments, 1):
        longer, past = with_handles(moment, order.before, order.after)
        yield from map(past_end, past)
        if longer is None:
            continue
        parts = {span.recording.id: span for span in moment.spans}
        for span in longer.spans:
            facts = facts_of(replace(longer, spans=(span,)), number)
            name = order.template.name(facts, ENDING)
            yield WantedClip(name, span, parts[span.recording.id], order.kind)


def write_clip(wanted: WantedClip, folder: Path) -> WrittenClip:
    """Make one, under its name or the next number of it that is free.

    Nobody sees it before it is whole. Raises RecordingError where the recording is gone, has
    changed, or cannot be cut like this, ExportError where the system refuses to write.
    """
    with unfinished_file(folder) as unfinished:
        cut = cut_clip(wanted, unfinished)
        return WrittenClip(put_in_place(unfinished, folder / wanted.name), wanted.span, cut)


def cut_clip(wanted: WantedClip, target: Path) -> WrittenCut:
    """Make one under another name. Raises as `write_clip`, and OSError."""
    span = wanted.span
    if problem := read_file_problem(span.recording):
        raise RecordingError(problem)
    cut = CUTS[wanted.kind]
    return cut(span.recording.path, span.start, span.end, target, time_limit=time_limit_of(span))


def time_limit_of(span: Span) -> float:
    """Seconds that a clip of this may take to make."""
    return LONGEST_CUT + _PATIENCE * float(span.end - span.start)
