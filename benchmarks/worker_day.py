"""Simulated hours of a worker: python -m benchmarks.worker_day [--hours 24] [--cameras 16].

Cameras write files of five minutes, played at the speed that the worker keeps up with: the next
round of files is put into the folders when the last is nearly worked off. A real `mmrag-video
work`, small generated footage, files of their own content. Looks at memory, handles and processes
of the worker, its decoders and the store, at the queue, and at how long files took from their
arrival until they could be found. `--tiny` has a dual encoder of random weights in place of
`basic`, which takes two seconds of CPU for such a file. Writes benchmarks/results/worker_day.md,
or worker_day_tiny.md.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import psutil

from benchmarks.machine import machine, write_table
from mmrag_video.catalog.catalog import Catalog
from mmrag_video.catalog.jobs import JobState
from mmrag_video.catalog.tally import counts_by_state
from tests.checkpoints import write_clip

WIDTH, HEIGHT, RATE, SECONDS = 160, 120, 2, 300
MOVES_FOR = 6
"""Seconds in which a block crosses the picture."""
EVERY = 5.0
"""Seconds between looks."""


@dataclass(frozen=True)
class Look:
    """The worker at one moment, with all that it started."""

    hours: float
    """Simulated, of each camera, that were put into the folders."""
    megabytes: float
    handles: int
    processes: int
    waiting: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--cameras", type=int, default=16)
    parser.add_argument("--tiny", action="store_true")
    arguments = parser.parse_args()
    rounds = round(arguments.hours * 3600 / SECONDS)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        model = tiny_model(place) if arguments.tiny else {}
        began = time.perf_counter()
        looks = play(place, rounds, arguments.cameras, model)
        took = time.perf_counter() - began
        waits = longest_waits(place, rounds)
    name = "dual encoder of random weights, 24 dimensions" if arguments.tiny else "`basic`"
    table = report(looks, waits, took, arguments.hours, arguments.cameras, name)
    write_table("worker_day_tiny.md" if arguments.tiny else "worker_day.md", table)


def tiny_model(place: Path) -> dict[str, str]:
    """Settings, as variables."""
    (place / "model").mkdir()
    path = write_clip(place / "model")
    return {"MMRAG_MODEL__NAME": "dual-encoder", "MMRAG_MODEL__PATH": str(path)}


def longest_waits(place: Path, rounds: int) -> list[float]:
    """In each quarter of the rounds, the most seconds from a file's arrival until it was done."""
    waits = [0.0] * 4
    with Catalog(place / "data" / "catalog.sqlite") as catalog:
        for job in catalog.jobs.jobs(JobState.DONE, limit=1_000_000):
            assert job.ended is not None
            quarter = int(job.file.path.stem) * 4 // rounds
            waits[quarter] = max(waits[quarter], (job.ended - job.found).total_seconds())
    return waits


def play(place: Path, rounds: int, cameras: int, model: dict[str, str]) -> list[Look]:
    templates = [make(place / f"template{number}.mp4", number) for number in range(4)]
    folders = [place / "nvr" / f"camera{number:02}" for number in range(cameras)]
    for folder in folders:
        folder.mkdir(parents=True)
    source = {"folder": str(place / "nvr"), "settle": 1, "order": "oldest", "every": 1}
    environment = {
        **os.environ,
        "MMRAG_DATA_DIR": str(place / "data"),
        "MMRAG_SOURCES": json.dumps({"nvr": source}),
        "MMRAG_SAMPLER__HEARTBEAT": "300",
        "MMRAG_WORKER__DECODERS": "2",
        **model,
    }
    worker = subprocess.Popen([sys.executable, "-m", "mmrag_video", "work"], env=environment)
    looks: list[Look] = []
    try:
        with Catalog(place / "data" / "catalog.sqlite") as catalog:
            for number in range(rounds):
                for camera, folder in enumerate(folders):
                    # What follows the last box of an mp4 is not looked at: content of its own.
                    content = templates[(number + camera) % len(templates)].read_bytes()
                    name = f"{number:05}.mp4"
                    (folder / name).write_bytes(content + f"{camera} {number}".encode())
                hours = (number + 1) * SECONDS / 3600
                follow(worker, catalog, (number + 1) * cameras - cameras // 2, hours, looks)
            follow(worker, catalog, rounds * cameras, rounds * SECONDS / 3600, looks)
            assert counts_by_state(catalog.database)[JobState.DONE] == rounds * cameras
            assert len(catalog.recordings()) == rounds * cameras
    finally:
        worker.terminate()
        worker.wait(timeout=30)
    return looks


def follow(
    worker: "subprocess.Popen[bytes]", catalog: Catalog, done: int, hours: float, looks: list[Look]
) -> None:
    """Look on until so many are done."""
    looked = float("-inf")
    while (counts := counts_by_state(catalog.database))[JobState.DONE] < done:
        assert worker.poll() is None, "the worker ended"
        assert counts[JobState.SET_ASIDE] == 0
        if time.monotonic() - looked >= EVERY:
            looked = time.monotonic()
            looks.append(look(worker.pid, hours, counts[JobState.WAITING]))
        time.sleep(0.2)


def look(pid: int, hours: float, waiting: int) -> Look:
    worker = psutil.Process(pid)
    megabytes, handles, processes = 0.0, 0, 0
    for process in [worker, *worker.children(recursive=True)]:
        try:
            megabytes += process.memory_info().rss / 1e6
            handles += process.num_fds()
            processes += 1
        except psutil.Error:  # it has just ended
            continue
    return Look(hours, megabytes, handles, processes, waiting)


def make(path: Path, number: int) -> Path:
    """Five minutes in which a block crosses once, at another time in each template."""
    ground = np.full((HEIGHT, WIDTH, 3), 90 + 20 * number, np.uint8)
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.gop_size = 2 * RATE
        for index in range(SECONDS * RATE):
            picture = ground.copy()
            progress = (index / RATE - 40 * (number + 1)) / MOVES_FOR
            if 0 <= progress < 1:
                left = int(progress * (WIDTH - 40))
                picture[40:80, left : left + 40] = (200, 30, 30)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def report(
    looks: list[Look], waits: list[float], took: float, hours: float, cameras: int, model: str
) -> str:
    files = round(hours * 3600 / SECONDS) * cameras
    lines = [
        "# A worker over simulated hours",
        "",
        f"{machine('av', 'sqlalchemy', 'milvus-lite')}. Model: {model}. {cameras} cameras,"
        f" {hours:g} h of each in"
        f" files of five minutes ({files} files, {WIDTH} x {HEIGHT}), in {took / 60:.0f} minutes:"
        f" {hours * cameras * 3600 / took:.0f} times real time, {hours * 3600 / took:.0f} times as"
        " fast as the cameras write. Worker, two decoders and store together; the most in each"
        " quarter. A wait is one from a file's arrival until it can be found.",
        "",
        "| quarter | MB | handles | processes | files waiting | longest wait, s |",
        "|---|---|---|---|---|---|",
    ]
    for quarter in range(4):
        first, last = len(looks) * quarter // 4, len(looks) * (quarter + 1) // 4
        some = looks[first:last]
        lines.append(
            f"| {quarter + 1} | {max(one.megabytes for one in some):.0f} |"
            f" {max(one.handles for one in some)} | {max(one.processes for one in some)} |"
            f" {max(one.waiting for one in some)} | {waits[quarter]:.0f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
