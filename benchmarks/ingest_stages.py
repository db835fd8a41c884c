"""What each stage of an ingest is busy for while a card embeds: python -m benchmarks.ingest_stages.

There is no card here, so one is played: it takes a set time for each frame, one batch after the
other, and needs no CPU. All else is real: a 1080p recording in which something always moves,
Qwen3-VL's preparing of pictures at 256 tokens a frame, the store. Writes
benchmarks/results/ingest_stages.md.
"""

import argparse
import itertools
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import psutil
import torch
from numpy.typing import NDArray

from benchmarks.machine import machine, write_table
from benchmarks.qwen3_vl_weights import SIZES, write_weights
from benchmarks.recordings import Clip, recording
from mmrag_video import recording_ingest
from mmrag_video.archive import Archive
from mmrag_video.catalog.writer_lock import writer_lock
from mmrag_video.ingest import ingest_paths
from mmrag_video.models.registry import load_model
from mmrag_video.settings import ModelSettings, Settings

SECONDS = 120
ALWAYS = Clip("always moving", (0.0, 1.0), b_frames=0)


class Stage:
    """Notes when at least one thread is at it."""

    def __init__(self) -> None:
        self.events: list[tuple[float, int]] = []

    @contextmanager
    def at_work(self) -> Iterator[None]:
        self.events.append((time.perf_counter(), 1))
        try:
            yield
        finally:
            self.events.append((time.perf_counter(), -1))

    def seconds(self) -> float:
        at_it, busy = 0, 0.0
        for (began, change), (following, _) in itertools.pairwise(sorted(self.events)):
            at_it += change
            busy += following - began if at_it else 0.0
        return busy


class Card:
    """Stands where Qwen3-VL's network is: as long for each frame, one batch after the other."""

    def __init__(self, seconds: float, dimensions: int) -> None:
        self.dimensions = dimensions
        self.kind, self.precision = "Card", "float32"
        self.stage = Stage()
        self._seconds = seconds
        self._lock = threading.Lock()
        self._random = np.random.default_rng(1)

    def last_states(self, readings: Sequence[Any]) -> NDArray[np.float32]:
        with self._lock, self.stage.at_work():
            time.sleep(self._seconds * len(readings))
            shape = len(readings), self.dimensions
            return self._random.normal(size=shape).astype(np.float32)


@dataclass(frozen=True)
class Row:
    """Shares of the time between the card's first batch and its last, 0 to 1."""

    milliseconds: float
    """That the card takes for a frame."""
    batches: int
    """Under way at a time."""
    frames: int
    decoding: float
    """CPU time of the decoder, which has a process of its own."""
    waiting: float
    """For the decoder to give a frame."""
    preparing: float
    """At least one batch is with the preparing or waits for the card."""
    card: float
    writing: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--card", type=float, nargs="+", default=[30, 60, 120], help="ms a frame")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 2, 3])
    arguments = parser.parse_args()
    path = recording(ALWAYS, SECONDS)
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder, "weights")
        weights.mkdir()
        write_weights(weights, SIZES["2b"], 1, 1000, torch.float32, "cpu")
        rows = [
            measure(path, weights, Path(folder, f"{card}-{batches}"), card, batches)
            for card in arguments.card
            for batches in arguments.batches
        ]
    write_table("ingest_stages.md", report(rows))


def measure(path: Path, weights: Path, data: Path, milliseconds: float, batches: int) -> Row:
    settings = Settings(
        data_dir=data, model=ModelSettings(name="qwen3-vl-2b", path=str(weights), device="cpu")
    )
    model = load_model(settings.model)
    card = Card(milliseconds / 1000, model.embedder.dimensions)
    model.embedder._network = card
    waiting, writing, embedding = Stage(), Stage(), Stage()
    take, store = recording_ingest._batches, recording_ingest.RecordingIngest._store

    def timed_batches(*arguments: Any) -> Iterator[Any]:
        batches = take(*arguments)
        while True:
            with waiting.at_work():
                batch = next(batches, None)
            if batch is None:
                return
            yield batch

    with (
        Archive(settings, model) as archive,
        writer_lock(data),
        patch.object(recording_ingest, "_batches", timed_batches),
        patch.object(recording_ingest, "_EMBEDDING_THREADS", batches),
        patch.object(recording_ingest.RecordingIngest, "_store", timed(store, writing)),
        patch.object(model.embedder, "embed_frames", timed(model.embedder.embed_frames, embedding)),
        decoder_seconds() as decoder,
    ):
        archive.store(archive.identity)
        [outcome] = ingest_paths(archive, [path])
    assert outcome.recording is not None, outcome.message
    whole = card.stage.events[-1][0] - card.stage.events[0][0]
    decoding = decoder[-1] / whole
    shares = (stage.seconds() / whole for stage in (waiting, embedding, card.stage, writing))
    return Row(milliseconds, batches, outcome.frames, decoding, *shares)


def timed(function: Callable[..., Any], stage: Stage) -> Callable[..., Any]:
    def measured(*arguments: Any) -> Any:
        with stage.at_work():
            return function(*arguments)

    return measured


@contextmanager
def decoder_seconds() -> Iterator[list[float]]:
    """CPU seconds of the decoding child so far, looked at ten times a second."""
    seen, done = [0.0], threading.Event()

    def look() -> None:
        while not done.wait(0.1):
            for child in psutil.Process().children():
                try:
                    if "mmrag_video.index.keeper" not in child.cmdline():
                        times = child.cpu_times()
                        seen.append(max(seen[-1], times.user + times.system))
                except psutil.Error:  # it has just ended
                    continue

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        done.set()
        watcher.join()


def report(rows: list[Row]) -> str:
    lines = [
        "# What each stage of an ingest is busy for",
        "",
        f"{machine('av', 'torch', 'pillow')}. A card is played: it takes a set time for each frame"
        f" and no CPU. {SECONDS} s of 1920 x 1080 H.264 with noise in which something always moves,"
        " Qwen3-VL's preparing at 256 tokens a frame, batches of 8. Shares of the time between the"
        " card's first batch and its last; decoding is the CPU time of its process. Where the card"
        " is quicker than two cores can decode, it waits for frames, whatever is under way.",
        "",
        "| card, ms a frame | batches at once | frames kept | decoding | waiting for a frame |"
        " a batch is prepared or waits for the card | card at work | writing |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.milliseconds:g} | {row.batches} | {row.frames} | {row.decoding:.0%} |"
        f" {row.waiting:.0%} | {row.preparing:.0%} | {row.card:.1%} | {row.writing:.0%} |"
        for row in rows
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
