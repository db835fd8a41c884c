"""What each camera recorded over a window of the clock, and how much was going on in it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import chain
from math import ceil

from mmrag_video.archive import Archive
from mmrag_video.catalog.footage import RecordedSpan
from mmrag_video.clock_window import ClockWindow

CELLS = 240
"""Parts of a window for which movement is told: some pixels each on a wide screen."""
MOST_READ = 40
"""Recordings of which the frames' own times are read (3 ms each); of more, only how many."""
_SMALLEST_GAP = 0.0005
"""Shares of the window: a gap below half a pixel is drawn over."""


@dataclass(frozen=True)
class Stretch:
    """A part of a window, in shares of it."""

    start: float
    end: float


@dataclass(frozen=True)
class CameraTimeline:
    """One camera in a window."""

    camera: str
    footage: tuple[Stretch, ...]
    """In order, without touching: between them nothing was recorded."""
    seconds: float
    """Of the window that were recorded; where recordings overlap, of each."""
    movement: tuple[float, ...]
    """For each of CELLS parts, the share of its footage in which something moved, 0 to 1."""


@dataclass(frozen=True)
class Timeline:
    """All cameras in a window."""

    window: ClockWindow
    cameras: tuple[CameraTimeline, ...]
    is_exact: bool
    """Whether movement lies where it was; else it is spread over each recording."""


def timeline(archive: Archive, window: ClockWindow, cameras: Sequence[str]) -> Timeline:
    """These cameras, in their order. Raises CatalogError, and StoreError from a store that fails.

    Movement needs no decoding: a kept frame says whether something moved, and until when. Of many
    recordings only the number of kept frames is known, one for every `interval` seconds in which
    something moved and hardly any beside them.
    """
    by_camera: dict[str, list[RecordedSpan]] = defaultdict(list)
    spans = archive.catalog.footage.within(window.start, window.end, cameras)
    for span in spans:
        by_camera[span.camera].append(span)
    is_exact = len(spans) <= MOST_READ
    settings = archive.settings_in_force
    rows = []
    moving: Iterable[_Moving]
    for name in cameras:
        if is_exact:
            moving = chain.from_iterable(_moving(archive, span) for span in by_camera[name])
        else:
            interval = settings.sampler_for(name).interval
            moving = (_spread(span, interval) for span in by_camera[name])
        rows.append(_camera(name, by_camera[name], window, moving))
    return Timeline(window, tuple(rows), is_exact)


@dataclass(frozen=True)
class _Moving:
    """From `start` to `end` something moves for this `share` of the time."""

    start: datetime
    end: datetime
    share: float


def _moving(archive: Archive, span: RecordedSpan) -> Iterator[_Moving]:
    """Where something moved in one recording."""
    identity = archive.active_identity
    if identity is None:
        return
    end = Fraction((span.end - span.start) // timedelta(microseconds=1) + 1, 1_000_000)
    hidden = archive.hidden_runs(identity)
    for frame in archive.store(identity).frames_between(span.recording, Fraction(0), end, hidden):
        if frame.reason.is_movement:
            start = span.start + timedelta(seconds=float(frame.time))
            yield _Moving(start, span.start + timedelta(seconds=float(frame.valid_until)), 1.0)


def _spread(span: RecordedSpan, interval: float) -> _Moving:
    """Evenly over a recording."""
    length = (span.end - span.start).total_seconds()
    return _Moving(span.start, span.end, min(1.0, span.frames * interval / max(length, interval)))


def _camera(
    name: str, spans: Sequence[RecordedSpan], window: ClockWindow, moving: Iterable[_Moving]
) -> CameraTimeline:
    stretches = [Stretch(window.share(span.start), window.share(span.end)) for span in spans]
    recorded = _in_cells(window, ((span.start, span.end, 1.0) for span in spans))
    moved = _in_cells(window, ((one.start, one.end, one.share) for one in moving))
    return CameraTimeline(
        camera=name,
        footage=tuple(joined(stretches)),
        seconds=sum(one.end - one.start for one in stretches) * window.length.total_seconds(),
        movement=tuple(
            min(1.0, some / whole) if whole > 0 else 0.0
            for some, whole in zip(moved, recorded, strict=True)
        ),
    )


def joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Stretches in order of their start, those put together between which no gap can be seen."""
    whole: list[Stretch] = []
    for stretch in stretches:
        if whole and stretch.start - whole[-1].end < _SMALLEST_GAP:
            whole[-1] = Stretch(whole[-1].start, max(whole[-1].end, stretch.end))
        else:
            whole.append(stretch)
    return whole


def _in_cells(
    window: ClockWindow, spans: Iterable[tuple[datetime, datetime, float]]
) -> list[float]:
    """How much of each of CELLS parts lies in the spans, each counted for its share."""
    cells = [0.0] * CELLS
    for start, end, share in spans:
        first, last = CELLS * window.share(start), CELLS * window.share(end)
        for number in range(int(first), min(ceil(last), CELLS)):
            cells[number] += share * (min(last, number + 1) - max(first, number))
    return cells
