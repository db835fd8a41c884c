"""A little more before and after a moment, as editors want it, within what was recorded."""

import re
from dataclasses import replace
from fractions import Fraction

from mmrag_video.errors import UsageError
from mmrag_video.export.export_moment import ExportMoment
from mmrag_video.moments import Span

_SECONDS = re.compile(r"\d{1,4}(\.\d{1,9})?", re.ASCII)
_LONGEST = Fraction(3600)
"""Seconds."""


def parse_handle(name: str, text: str) -> Fraction:
    """Seconds to add to a moment, exactly as typed: 0.2 is 1/5, of which a float is only near.

    Raises UsageError, which names the field, for what is no number from 0 to 3600.
    """
    if not _SECONDS.fullmatch(text) or Fraction(text) > _LONGEST:
        raise UsageError(
            f"{name}: {text[:40]!r} is not a number of seconds such as 2.5, at most {_LONGEST}."
        )
    return Fraction(text)


def with_handles(
    moment: ExportMoment, before: Fraction, after: Fraction
) -> tuple[ExportMoment | None, list[Span]]:
    """The moment from so many seconds earlier until so many later, and its parts that are lost.

    It stays within its first and its last recording; parts that lie past a recording's end are
    left out, and where nothing remains there is no moment.
    """
    spans = list(moment.spans)
    spans[0] = replace(spans[0], start=spans[0].start - before)
    spans[-1] = replace(spans[-1], end=spans[-1].end + after)
    within = list(map(_clipped, spans))
    kept = tuple(span for span in within if span is not None)
    lost = [part for part, span in zip(moment.spans, within, strict=True) if span is None]
    return replace(moment, spans=kept) if kept else None, lost


def past_end(part: Span) -> str:
    """What to say of a part that is left out because its recording ends before it."""
    recording = part.recording
    return (
        f"A moment of {recording.path} begins at {float(part.start):.3f} s, "
        f"after its end at {float(recording.duration):.3f} s; it was left out."
    )


def _clipped(span: Span) -> Span | None:
    start = max(span.start, Fraction(0))
    end = min(span.end, span.recording.duration)
    return replace(span, start=start, end=end) if start < end else None
