"""What the index knows of a recording, for the player: movement, kept frames, boxes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from mmrag_video.catalog.records import Recording
from mmrag_video.index.frames import StoredFrame
from mmrag_video.models.base import PointedOut, PointsOut, Query
from mmrag_video.moments import Span
from mmrag_video.search import LONGEST_QUERY
from web.services import services

T = TypeVar("T")
MOST_FRAMES = 300
"""Small pictures named to a player: one for each few pixels of its seek bar."""
MOST_STRETCHES = 500
"""Stretches of movement marked on it."""
_STEP = Fraction(1, 1000)
"""Seconds: a span that holds one moment."""


@dataclass(frozen=True)
class Marks:
    """What is marked on a recording's seek bar, in seconds from its first frame."""

    movement: Sequence[tuple[Fraction, Fraction]]
    """Stretches in order that do not touch."""
    frames: Sequence[Fraction]
    """Times of kept frames, evenly thinned."""


@dataclass(frozen=True)
class BoxedFrame:
    """What is pointed out in a kept frame, from its time until it is no longer valid."""

    start: Fraction
    end: Fraction
    things: Sequence[PointedOut]


def marks_of(recording: Recording) -> Marks:
    """Raises StoreError if the store cannot be reached."""
    frames = _frames(recording, Fraction(0), recording.duration + _STEP)
    moving = ((f.time, f.valid_until) for f in frames if f.reason.is_movement)
    finest = recording.duration / MOST_STRETCHES
    return Marks(merged(moving, finest), thinned([frame.time for frame in frames], MOST_FRAMES))


def kept_frame_at(recording: Recording, time: Fraction) -> Fraction | None:
    """The time of the kept frame that stands for a time; None where none does."""
    frames = _frames(recording, time, time + _STEP)
    standing = [frame.time for frame in frames if frame.time <= time]
    return standing[-1] if standing else None


def boxes_between(span: Span, words: str) -> list[BoxedFrame]:
    """What the model points out in a span for a query's words, or without; empty if it cannot.

    Raises ModelError and IndexMismatchError as a search does.
    """
    reranker = services().archive.model.reranker
    if not isinstance(reranker, PointsOut):
        return []
    query = Query(text=words[:LONGEST_QUERY]) if words else None
    return [
        BoxedFrame(frame.time, frame.valid_until, things)
        for frame in _frames(span.recording, span.start, span.end)
        if (things := reranker.point_out(query, frame.facts))
    ]


def merged(
    stretches: Iterable[tuple[Fraction, Fraction]], gap: Fraction
) -> list[tuple[Fraction, Fraction]]:
    """Stretches in order of their start, those put together that are not more than `gap` apart."""
    whole: list[tuple[Fraction, Fraction]] = []
    for start, end in stretches:
        if whole and start - whole[-1][1] <= gap:
            whole[-1] = whole[-1][0], max(end, whole[-1][1])
        else:
            whole.append((start, end))
    return whole


def thinned(times: Sequence[T], most: int) -> Sequence[T]:
    """At most so many, evenly from all."""
    if len(times) <= most:
        return times
    return [times[number * len(times) // most] for number in range(most)]


def _frames(recording: Recording, start: Fraction, end: Fraction) -> list[StoredFrame]:
    """The active index's kept frames that stand for some part of a span, by time."""
    archive = services().archive
    identity = archive.active_identity
    if identity is None:
        return []
    hidden = archive.hidden_runs(identity)
    return archive.store(identity).frames_between(recording.id, start, end, hidden)
