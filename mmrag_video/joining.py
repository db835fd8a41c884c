"""From judged frames to events: neighbouring frames that match are one event, told once."""

import bisect
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction

from mmrag_video.catalog.records import Recording
from mmrag_video.index.frames import StoredFrame
from mmrag_video.moments import Span

_BELONGS = 0.7
"""A neighbour belongs to an event if it scores at least this share of the event's best frame."""
_SOMETHING = 0.01
"""Frames that score less have nothing in common, not even with each other."""
_TIE = 0.02
"""Events whose scores differ by less are shown in turns from different recordings."""


@dataclass(frozen=True)
class JudgedFrame:
    """A frame and how well it answers."""

    frame: StoredFrame
    score: float
    """0 to 1; 0 where a reranker that looks at pictures has not looked at this one."""
    why: str
    likeness: float
    """At least 0, comparable between all frames of a query, looked at or not: the score of a
    reranker that reads facts, else how far the vector stands out (`Background.standing`)."""


@dataclass(frozen=True)
class Event:
    """Frames of one recording that follow each other and match; `best` answers best."""

    best: JudgedFrame
    start: Fraction
    end: Fraction
    frames: tuple[StoredFrame, ...] = ()
    """The recalled frames that lie in it, the best among them, in order of time."""


Judge = Callable[[Sequence[StoredFrame]], list[JudgedFrame]]


def find_events(
    seeds: Iterable[JudgedFrame], frames: Iterable[StoredFrame], judge: Judge, gap: Fraction
) -> Iterator[Event]:
    """Events around the seeds, best seed first; each frame belongs to one event at most.

    `frames` are the recalled frames among which neighbours are sought: a frame that was not even
    recalled does not match. `gap` is how many seconds may lie between two frames of one event.
    """
    lines = _lines(frames)
    taken: set[str] = set()
    for seed in sorted(seeds, key=lambda judged: -judged.score):
        if seed.frame.key in taken:
            continue
        event = _grow(seed, lines[seed.frame.recording], judge, gap, taken)
        taken.update(frame.key for frame in event.frames)
        yield event


def _lines(frames: Iterable[StoredFrame]) -> Mapping[str, list[StoredFrame]]:
    """The frames of each recording in order of time."""
    lines: dict[str, list[StoredFrame]] = defaultdict(list)
    for frame in frames:
        lines[frame.recording].append(frame)
    for line in lines.values():
        line.sort(key=lambda frame: frame.time)
    return lines


def _grow(
    seed: JudgedFrame,
    line: Sequence[StoredFrame],
    judge: Judge,
    gap: Fraction,
    taken: set[str],
) -> Event:
    """Take in neighbours before and after the seed until they no longer match."""
    best, start, end = seed, seed.frame.time, seed.frame.valid_until
    members = [seed.frame]
    position = bisect.bisect_left(line, seed.frame.time, key=lambda frame: frame.time)
    needed = max(seed.likeness * _BELONGS, _SOMETHING)
    for neighbours in (reversed(line[:position]), iter(line[position + 1 :])):
        passed: list[StoredFrame] = []
        for frame in neighbours:
            far = frame.time - end > gap or start - frame.valid_until > gap
            if far or frame.key in taken:
                break
            passed.append(frame)
            [judged] = judge([frame])
            if judged.likeness < needed:
                continue
            start, end = min(start, frame.time), max(end, frame.valid_until)
            members += passed
            passed = []
            best = max(best, judged, key=lambda one: one.score)
    return Event(best, start, end, tuple(sorted(members, key=lambda frame: frame.time)))


def in_turns(events: Iterable[Event]) -> Iterator[Event]:
    """Best first, but of events that score alike first those of recordings not shown yet."""
    waiting = sorted(events, key=lambda event: -event.best.score)
    shown: Counter[str] = Counter()
    while waiting:
        alike = [e for e in waiting if e.best.score > waiting[0].best.score - _TIE]
        turn = min(alike, key=lambda event: shown[event.best.frame.recording])
        shown[turn.best.frame.recording] += 1
        waiting.remove(turn)
        yield turn


def join_recordings(
    events: Sequence[Event], recordings: Mapping[str, Recording], gap: Fraction
) -> Iterator[tuple[Event, tuple[Span, ...]]]:
    """Each event with its spans; one that runs on into the camera's next recording has several.

    The better event of those joined speaks for all of them, and has the frames of all.
    """
    spans = {id(event): _span(event, recordings) for event in events}
    told: set[int] = set()
    for event in events:
        if id(event) in told:
            continue
        told.add(id(event))
        chain = [event]
        growing = True
        while growing:
            growing = False
            for other in events:
                other_span = spans[id(other)]
                if id(other) in told or other.best.score < event.best.score * _BELONGS:
                    continue
                if _follows(spans[id(chain[-1])], other_span, gap):
                    chain.append(other)
                elif _follows(other_span, spans[id(chain[0])], gap):
                    chain.insert(0, other)
                else:
                    continue
                told.add(id(other))
                growing = True
        whole = replace(event, frames=tuple(frame for one in chain for frame in one.frames))
        yield whole, tuple(spans[id(one)] for one in chain)


def _span(event: Event, recordings: Mapping[str, Recording]) -> Span:
    return Span(recordings[event.best.frame.recording], event.start, event.end)


def _follows(earlier: Span, later: Span, gap: Fraction) -> bool:
    """Whether `later` begins on the same camera's next recording just where `earlier` ends."""
    if (
        earlier.recording.camera != later.recording.camera
        or earlier.recording.id == later.recording.id
        or earlier.recording.duration - earlier.end > gap
        or later.start > gap
    ):
        return False
    left = earlier.recording.clock.at(earlier.end)
    right = later.recording.clock.at(later.start)
    if left is None or right is None:
        return False
    return abs(right - left) <= timedelta(seconds=float(gap))
