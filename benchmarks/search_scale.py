"""How long a search of the frame store takes, beside a NumPy scan of the same vectors.

    python -m benchmarks.search_scale [--frames 10000 100000] [--repeat 15]

Fills a new store with random unit vectors and rows of the size that `basic` writes, on a server
of its own, and writes benchmarks/results/search_scale.md.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray

from benchmarks.machine import machine, write_table
from mmrag_video.index.frames import FrameFilter, StoredFrame, TimesOfDay
from mmrag_video.index.identity import IndexIdentity
from mmrag_video.index.server import lease_server
from mmrag_video.index.store import FrameStore
from mmrag_video.models.base import Vector
from mmrag_video.video.sampled import KeepReason

IDENTITY = IndexIdentity("random", dimensions=384, details={}, sampler="none")
CAMERAS = 10
FRAMES_PER_RECORDING = 1_000
START = datetime(2024, 1, 1, tzinfo=UTC)
RECORDING_LENGTH = timedelta(minutes=10)
FACTS = {
    "objects": [
        {
            "name": "person",
            "confidence": 0.91,
            "box": [0.125, 0.25, 0.3125, 0.75],
            "colours": {"upper": "red", "lower": "black"},
            "moving": True,
        }
    ]
    * 4,
    "tags": {"street": 0.4, "shop": 0.2},
    "brightness": 0.43,
}


@dataclass(frozen=True)
class Timing:
    """Milliseconds a search."""

    median: float
    p95: float
    cpu: float
    """Of this process and the server together: hardly changes when the machine is busy."""


@dataclass(frozen=True)
class Scale:
    """What was measured at one size."""

    frames: int
    fill_seconds: float
    timings: dict[str, Timing]
    numpy: Timing
    server_megabytes: float
    disk_megabytes: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--repeat", type=int, default=15)
    arguments = parser.parse_args()
    text = report([measure(frames, arguments.repeat) for frames in arguments.frames])
    write_table("search_scale.md", text)


def measure(frames: int, repeat: int) -> Scale:
    random = np.random.default_rng(frames)
    vectors = random.normal(size=(frames, IDENTITY.dimensions)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    queries = [one + 0.1 for one in vectors[random.integers(0, frames, repeat)]]
    with (
        tempfile.TemporaryDirectory() as folder,
        lease_server(Path(folder), linger=0) as lease,
    ):
        keeper = psutil.Process(json.loads((Path(folder) / "server.json").read_text())["pid"])
        store = FrameStore(lease.uri, None, IDENTITY)
        started = time.perf_counter()
        fill(store, vectors)
        fill_seconds = time.perf_counter() - started
        timings = {
            name: timed(search, queries, keeper) for name, search in searches(store, frames).items()
        }
        return Scale(
            frames=frames,
            fill_seconds=fill_seconds,
            timings=timings,
            numpy=timed(lambda query: scan(vectors, query), queries, keeper),
            server_megabytes=keeper.memory_info().rss / 1e6,
            disk_megabytes=sum(file.stat().st_size for file in Path(folder).rglob("*")) / 1e6,
        )


def fill(store: FrameStore, vectors: NDArray[np.float32]) -> None:
    """As an ingest does: a recording at a time, with a flush after each."""
    for number, first in enumerate(range(0, len(vectors), FRAMES_PER_RECORDING)):
        own = vectors[first : first + FRAMES_PER_RECORDING]
        store.insert(list(zip(frames_of(number, len(own)), own, strict=True)))
        store.flush()


def frames_of(number: int, count: int) -> Iterator[StoredFrame]:
    """The recordings of ten cameras in turn, each camera's following each other in time."""
    begin = START + (number // CAMERAS) * RECORDING_LENGTH
    step = Fraction(int(RECORDING_LENGTH.total_seconds()), count)
    for index in range(count):
        yield StoredFrame(
            recording=f"{number:064x}",
            camera=f"camera {number % CAMERAS}",
            time=index * step,
            valid_until=(index + 1) * step,
            reason=KeepReason.MOVEMENT,
            wall_start=begin + timedelta(seconds=float(index * step)),
            wall_end=begin + timedelta(seconds=float((index + 1) * step)),
            run=number + 1,
            facts=FACTS,
        )


def searches(store: FrameStore, frames: int) -> dict[str, Callable[[Vector], object]]:
    """What is measured, by the name it has in the table."""
    one_camera = FrameFilter(cameras=("camera 3",))
    recordings_each = max(1, frames // FRAMES_PER_RECORDING // CAMERAS)
    one_tenth = FrameFilter(start=START, end=START + RECORDING_LENGTH * recordings_each / 10)
    return {
        "400 best": lambda query: store.search(query, limit=400),
        "100 best": lambda query: store.search(query, limit=100),
        "400 best of one camera in ten": lambda query: store.search(query, one_camera, 400),
        "100 best of one camera in ten": lambda query: store.search(query, one_camera, 100),
        "400 best of a tenth of the time": lambda query: store.search(query, one_tenth, 400),
        "400 best of 31 nights": lambda query: store.search(query, nights(31), 400),
        "400 best of 366 nights": lambda query: store.search(query, nights(366), 400),
        "400 best of 1,464 nights": lambda query: store.search(query, nights(1464), 400),
        "400 best, 3 runs left out": lambda query: store.search(
            query, limit=400, without_runs=[2, 3, 4]
        ),
        "frames of 10 s of a recording": lambda _: store.frames_between(
            f"{3:064x}", Fraction(10), Fraction(20)
        ),
    }


def nights(days: int) -> FrameFilter:
    """So many nights, the last of which has all the footage."""
    night = TimesOfDay("UTC", 22 * 60, 6 * 60)
    end = START + timedelta(days=1)
    return FrameFilter(start=end - timedelta(days=days), end=end, daily=night)


def scan(vectors: NDArray[np.float32], query: Vector) -> NDArray[np.intp]:
    """The 400 best, by the plainest means there are."""
    similarities = vectors @ (query / np.linalg.norm(query))
    best = np.argpartition(-similarities, 400)[:400]
    return best[np.argsort(-similarities[best])]


def timed(
    search: Callable[[Vector], object], queries: list[Vector], server: psutil.Process
) -> Timing:
    search(queries[0])  # the first one pays for caches
    milliseconds = []
    cpu_before = cpu_seconds(server)
    for query in queries:
        started = time.perf_counter()
        search(query)
        milliseconds.append(1000 * (time.perf_counter() - started))
    return Timing(
        median=float(np.median(milliseconds)),
        p95=float(np.percentile(milliseconds, 95)),
        cpu=1000 * (cpu_seconds(server) - cpu_before) / len(queries),
    )


def cpu_seconds(server: psutil.Process) -> float:
    times = server.cpu_times()
    return time.process_time() + float(times.user) + float(times.system)


def report(scales: list[Scale]) -> str:
    lines = [
        "# Search in the frame store, by size",
        "",
        f"{machine('milvus-lite', 'pymilvus')}; 384-d vectors, FLAT, cosine; facts of "
        f"{len(json.dumps(FACTS))} bytes a frame. Milliseconds a search: median (95th percentile), "
        "and CPU time of client and server together, which hardly depends on what else runs.",
        "",
        "| | " + " | ".join(f"{scale.frames:,} frames" for scale in scales) + " |",
        "|---|" + "---|" * len(scales),
    ]
    for name in scales[0].timings:
        lines.append(row(name, [cell(scale.timings[name]) for scale in scales]))
    lines += [
        row("NumPy scan of the same vectors, 400 best", [cell(scale.numpy) for scale in scales]),
        row("filling it, frames a second", [f"{s.frames / s.fill_seconds:,.0f}" for s in scales]),
        row("server's resident memory, MB", [f"{s.server_megabytes:,.0f}" for s in scales]),
        row("on disk, MB", [f"{s.disk_megabytes:,.0f}" for s in scales]),
    ]
    return "\n".join(lines) + "\n"


def cell(timing: Timing) -> str:
    return f"{timing.median:.1f} ({timing.p95:.1f}), CPU {timing.cpu:.1f}"


def row(name: str, cells: list[str]) -> str:
    return f"| {name} | {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
