"""A little more before and after a moment, as editors want it, within what was recorded."""

from dataclasses import replace
from fractions import Fraction

from mmrag_video.export.export_moment import ExportMoment
from mmrag_video.moments import Span


def with_handles(moment: ExportMoment, before: Fraction, after: Fraction) -> ExportMoment | None:
    """The moment from so many seconds earlier until so many later.

    It stays within its first and its last recording; parts that lie past a recording's end are
    left out, and where nothing remains there is no moment.
    """
    spans = list(moment.spans)
    spans[0] = replace(spans[0], start=spans[0].start - before)
    spans[-1] = replace(spans[-1], end=spans[-1].end + after)
    within = tuple(clipped for span in spans if (clipped := _clipped(span)) is not None)
    return replace(moment, spans=within) if within else None


def _clipped(span: Span) -> Span | None:
    start = max(span.start, Fraction(0))
    end = min(span.end, span.recording.duration)
    return replace(span, start=start, end=end) if start < end else None
