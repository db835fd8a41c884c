"""What each camera recorded over a window of the clock, and how much was going on in it."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

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

    Movement is told by the frames that were kept, which needs no decoding: the sampler keeps one
    every `interval` seconds while something moves, and hardly any while nothing does.
    """
    by_camera: dict[str, list[RecordedSpan]] = defaultdict(list)
    spans = archive.catalog.footage.within(window.start, window.end, cameras)
    for span in spans:
        by_camera[span.camera].append(span)
    times = _times_of_kept(archive, spans) if len(spans) <= MOST_READ else None
    rows = []
    for name in cameras:
        kept = _kept(by_camera[name], window, times)
        interval = float(archive.settings.sampler_for(name).interval)
        rows.append(_camera(name, by_camera[name], window, [interval * rate for rate in kept]))
    return Timeline(window, tuple(rows), is_exact=times is not None)


def _times_of_kept(archive: Archive, spans: Iterable[RecordedSpan]) -> Mapping[str, list[datetime]]:
    """By recording, when its kept frames were."""
    identity = archive.active_identity
    if identity is None:
        return {}
    store, hidden = archive.store(identity), archive.hidden_runs(identity)
    return {
        span.recording: [
            span.start + timedelta(seconds=float(frame.time))
            for frame in store.frames_between(
                span.recording, Fraction(0), _seconds(span.end - span.start), hidden
            )
        ]
        for span in spans
    }


def _seconds(length: timedelta) -> Fraction:
    return Fraction(length // timedelta(microseconds=1) + 1, 1_000_000)


def _camera(
    name: str,
    spans: Sequence[RecordedSpan],
    window: ClockWindow,
    movement: Iterable[float],
) -> CameraTimeline:
    stretches = [Stretch(window.share(span.start), window.share(span.end)) for span in spans]
    seconds = window.length.total_seconds()
    return CameraTimeline(
        camera=name,
        footage=tuple(joined(stretches)),
        seconds=sum(one.end - one.start for one in stretches) * seconds,
        movement=tuple(min(share, 1.0) for share in movement),
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


def _kept(
    spans: Sequence[RecordedSpan],
    window: ClockWindow,
    times: Mapping[str, list[datetime]] | None,
) -> list[float]:
    """Frames kept a second of footage, in each of CELLS parts of the window."""
    cell = window.length / CELLS
    edges = [window.start + cell * number for number in range(CELLS + 1)]
    frames, seconds = [0.0] * CELLS, [0.0] * CELLS
    for span in spans:
        first = max(0, bisect_right(edges, span.start) - 1)
        for number in range(first, CELLS):
            covered = min(span.end, edges[number + 1]) - max(span.start, edges[number])
            if covered <= timedelta(0):
                break
            seconds[number] += covered.total_seconds()
            if times is None:
                frames[number] += span.frames * (covered / (span.end - span.start))
        for time in times.get(span.recording, ()) if times is not None else ():
            if window.start <= time < window.end:
                frames[min(bisect_right(edges, time) - 1, CELLS - 1)] += 1
    return [
        kept / within if within > 0 else 0.0 for kept, within in zip(frames, seconds, strict=True)
    ]
