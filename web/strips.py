"""The strip of small pictures on a result card."""

from collections.abc import Sequence
from dataclasses import dataclass

from mmrag_video.moments import Moment, Span

MOST_FRAMES = 5


@dataclass(frozen=True)
class StripFrame:
    """One picture of it."""

    frame: Span
    is_best: bool
    plays: Span
    """From the frame to where the moment ends in its recording."""


def strip_of(moment: Moment, most: int = MOST_FRAMES) -> Sequence[StripFrame]:
    """The best frame and others spread over the moment, by time; empty if there is but one.

    They are of the frames that the search recalled, so that a card costs no further search.
    """
    frames = moment.frames
    if len(frames) < 2 or moment.best not in frames:
        return ()
    best = frames.index(moment.best)
    chosen = spread_with(best, len(frames), most)
    return [
        StripFrame(frames[number], number == best, _played(frames[number], moment))
        for number in chosen
    ]


def _played(frame: Span, moment: Moment) -> Span:
    ends = [span.end for span in moment.spans if span.recording.id == frame.recording.id]
    return Span(frame.recording, frame.start, max([frame.end, *ends]))


def spread_with(wanted: int, count: int, most: int) -> list[int]:
    """At most `most` of the numbers below `count`, evenly spread, with `wanted` for its nearest."""
    if count <= most:
        return list(range(count))
    even = [number * (count - 1) // (most - 1) for number in range(most)]
    nearest = min(range(most), key=lambda place: abs(even[place] - wanted))
    even[nearest] = wanted
    return even
