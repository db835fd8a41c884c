"""The moments as events of a cut, in frames: what the formats for editors are written from."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from mmrag_video.export.export_moment import ExportMoment
from mmrag_video.export.sheet import ExportSheet
from mmrag_video.moments import Span
from mmrag_video.video.frame_rate import FrameRate
from mmrag_video.video.source_timecode import SourceTimecode


@dataclass(frozen=True)
class EditEvent:
    """A part of a recording, in the recording's own frame count."""

    moment: ExportMoment
    span: Span
    source: SourceTimecode

    @property
    def start(self) -> int:
        """Count of the first frame: that on screen at the span's start."""
        return self.source.at(self.span.start)

    @property
    def end(self) -> int:
        """Count of the first frame that is not in it."""
        return max(self.source.up_to(self.span.end), self.start + 1)

    @property
    def best(self) -> int | None:
        """Count of the frame that shows the moment best; None where it lies elsewhere."""
        if self.moment.best.recording.id != self.span.recording.id:
            return None
        count = self.source.at(self.moment.best.start)
        return count if self.start <= count < self.end else None


def events_of(sheet: ExportSheet) -> list[EditEvent]:
    """One for each part of a moment, in the sheet's order."""
    return [
        EditEvent(moment, span, sheet.sources[span.recording.id])
        for _, _, moment, span in sheet.parts()
    ]


def cut_rate(events: Sequence[EditEvent]) -> Fraction:
    """Frames per second of a cut from these: the highest, so that each frame keeps its place."""
    return max((event.source.rate.rate for event in events), default=Fraction(25))


def first_count(rate: FrameRate) -> int:
    """Where a cut's own timecode begins: at one hour, by custom."""
    return rate.frame("01:00:00;00" if rate.is_drop_frame else "01:00:00:00")
