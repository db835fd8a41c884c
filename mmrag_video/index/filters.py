"""Which frames a search may find, as a boolean expression of Milvus.

Milvus Lite has no filter templates, so values are written into the expression: strings as literals
whose quotes, backslashes and line ends are escaped, all else as numbers.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from fractions import Fraction
from math import ceil, floor

from mmrag_video.errors import UsageError
from mmrag_video.index.frames import FrameFilter
from mmrag_video.index.rows import microseconds_since_epoch
from mmrag_video.index.times_of_day import Span, spans_of

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})
"""All that both Milvus (Go's strconv.Unquote) and Milvus Lite read within double quotes."""

MOST_SPANS = 1_500
"""Times of day in one search: four years of nights. A year of them costs little beside the scan,
four years more than the scan itself (docs/architecture.md has the figures)."""


def quoted(text: str) -> str:
    """The text as a string literal. Raises UsageError for text that is not valid Unicode."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"{text!r} holds bytes that are not valid text.") from error
    return f'"{text.translate(_ESCAPES)}"'


def filter_expression(where: FrameFilter, without_runs: Sequence[int] = ()) -> str:
    """Frames that the filter lets through and none of these runs wrote; empty for all frames.

    Raises UsageError for a time without a zone, and for times of day in no range or one too long.
    """
    conditions = []
    if where.cameras:
        conditions.append(f"camera in [{_listed(where.cameras)}]")
    if where.recordings:
        conditions.append(f"recording in [{_listed(where.recordings)}]")
    # Frames of unknown time start at the end of all time and end at its beginning (rows.py), so
    # that either comparison alone leaves them out.
    if where.start is not None:
        conditions.append(f"wall_end_us > {_microseconds(where.start)}")
    if where.end is not None:
        conditions.append(f"wall_start_us < {_microseconds(where.end)}")
    if where.daily is not None:
        conditions.append(_any_of(_spans(where)))
    if without_runs:
        conditions.append(f"run not in [{', '.join(str(int(run)) for run in without_runs)}]")
    return " and ".join(conditions)


def span_expression(recording: str, start: Fraction, end: Fraction) -> str:
    """Frames that stand for some part of start <= time < end, with a microsecond to spare."""
    return (
        f"recording == {quoted(recording)} and time_us < {ceil(end * 1_000_000)}"
        f" and valid_until_us >= {floor(start * 1_000_000)}"
    )


def _spans(where: FrameFilter) -> list[str]:
    if where.daily is None or where.start is None or where.end is None:
        raise UsageError("A time of day can only be searched for from one time to another.")
    spans = spans_of(where.daily, where.start, where.end)
    if len(spans) > MOST_SPANS:
        raise UsageError(
            f"The time of day comes {len(spans)} times between {where.start:%Y-%m-%d} and"
            f" {where.end:%Y-%m-%d}, and at most {MOST_SPANS} times are looked at; give a shorter"
            " time range."
        )
    return [_overlapping(span) for span in spans]


def _overlapping(span: Span) -> str:
    start, end = map(microseconds_since_epoch, span)
    return f"(wall_end_us > {start} and wall_start_us < {end})"


def _any_of(conditions: Sequence[str]) -> str:
    """Nested by halves: a long chain of `or` would be nested as deep as it is long."""
    if not conditions:
        return "run < 0"  # no frame: a run has a number
    if len(conditions) == 1:
        return conditions[0]
    half = len(conditions) // 2
    return f"({_any_of(conditions[:half])} or {_any_of(conditions[half:])})"


def _listed(values: Iterable[str]) -> str:
    return ", ".join(quoted(value) for value in values)


def _microseconds(time: datetime) -> int:
    if time.tzinfo is None:
        raise UsageError(f"{time.isoformat()} has no time zone; write it with one, such as +00:00.")
    return microseconds_since_epoch(time)
