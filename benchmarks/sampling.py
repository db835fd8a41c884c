"""How fast frames are chosen from a 1080p recording, beside other ways to do it.

    python -m benchmarks.sampling [--seconds 60] [--rounds 2]

Makes recordings (H.264, 25 frames a second, a keyframe every 50 frames), takes the ways in turn,
each in a process of its own, counts the best round of each, and writes
benchmarks/results/sampling.md. DVR-Scan and PySceneDetect are installed from PyPI into a virtual
environment that is thrown away.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2

from benchmarks.machine import machine, write_table
from benchmarks.recordings import GOP, HEIGHT, NOISE, RATE, WIDTH, Clip, recording
from mmrag_video.video.sampled import SamplerSettings
from mmrag_video.video.sampler import sample

MIXED = Clip("movement for a sixth of it", (0.42, 0.58), b_frames=3)
CLIPS = (
    MIXED,
    Clip("the same without B-frames", (0.42, 0.58), b_frames=0),
    Clip("nothing moves", (0.0, 0.0), b_frames=3),
    Clip("something always moves", (0.0, 1.0), b_frames=3),
)


@dataclass(frozen=True)
class Cost:
    """What one way took on one recording, without starting the program."""

    seconds: float
    cpu_seconds: float
    frames: int | None
    """How many come out; None where it finds times, not frames."""
    peak_megabytes: float


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    way: str
    clip: str
    cost: Cost


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--clip", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.way:
        print(json.dumps(asdict(taken_by(WAYS[arguments.way], arguments.clip))))
    else:
        compare(arguments.seconds, arguments.rounds)


def compare(seconds: int, rounds: int) -> None:
    recordings = {clip.name: recording(clip, seconds) for clip in CLIPS}
    with tempfile.TemporaryDirectory() as folder:
        programs, remarks = installed_programs(Path(folder))
        measured = [row for _ in range(rounds) for row in one_round(recordings, programs)]
    table = "\n".join(lines(best_of(measured), seconds, remarks))
    write_table("sampling.md", table)


def one_round(recordings: dict[str, Path], programs: dict[str, "Program"]) -> Iterator[Row]:
    for clip, path in recordings.items():
        yield Row(OURS, clip, cost_of_way(OURS, path))
    path = recordings[MIXED.name]
    for way in WAYS:
        if way != OURS:
            yield Row(way, MIXED.name, cost_of_way(way, path))
    for name, program in programs.items():
        yield Row(name, MIXED.name, program.cost(path))


def best_of(measured: list[Row]) -> list[Row]:
    """The quickest round of each way on each recording, in the order of their first."""
    best: dict[tuple[str, str], Row] = {}
    for row in measured:
        known = best.setdefault((row.way, row.clip), row)
        if row.cost.seconds < known.cost.seconds:
            best[row.way, row.clip] = row
    return list(best.values())


# The ways. Each goes over a recording and gives the number of frames it came to.


def with_our_sampler(path: Path) -> int:
    return sum(1 for _ in sample(path, SamplerSettings()))


def with_decord(path: Path) -> int:
    import decord  # so that its memory counts for this way alone

    reader = decord.VideoReader(str(path))
    wanted = range(0, len(reader), round(reader.get_avg_fps()))
    return sum(reader[index].asnumpy().size > 0 for index in wanted)


def with_opencv(path: Path) -> int:
    video = cv2.VideoCapture(str(path))
    frames = position = 0
    while video.grab():
        if position % RATE == 0:
            frames += video.retrieve()[0]
        position += 1
    return frames


OURS = "mmrag-video, motion gate"
WAYS: dict[str, Callable[[Path], int]] = {
    OURS: with_our_sampler,
    "decord, one frame a second": with_decord,
    "OpenCV grab and retrieve, one frame a second": with_opencv,
}


def taken_by(way: Callable[[Path], int], path: Path) -> Cost:
    started, cpu_started = time.perf_counter(), time.process_time()
    frames = way(path)
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu_started
    return Cost(seconds, cpu_seconds, frames, peak_megabytes=0.0)


def cost_of_way(way: str, path: Path) -> Cost:
    command = [sys.executable, "-m", "benchmarks.sampling", "--way", way, "--clip", str(path)]
    output, whole = run_to_end(command)
    inner = json.loads(output.splitlines()[-1])
    return Cost(**inner | {"peak_megabytes": whole.peak_megabytes})


# Programs from PyPI.


@dataclass(frozen=True)
class Program:
    """A command that goes over a recording."""

    executable: Path
    version_arguments: list[str]
    arguments: Callable[[Path], list[str]]

    def cost(self, path: Path) -> Cost:
        """Of a run, less that of asking for the version: without starting and importing."""
        _, start = run_to_end([str(self.executable), *self.version_arguments])
        _, whole = run_to_end([str(self.executable), *self.arguments(path)])
        return Cost(
            whole.seconds - start.seconds,
            whole.cpu_seconds - start.cpu_seconds,
            None,
            whole.peak_megabytes,
        )


def installed_programs(folder: Path) -> tuple[dict[str, Program], list[str]]:
    """The programs that could be installed, and why one could not."""
    venv.create(folder, with_pip=True)
    bin_folder = folder / ("Scripts" if os.name == "nt" else "bin")
    pip = [str(bin_folder / "python"), "-m", "pip", "--disable-pip-version-check"]
    install = subprocess.run(
        [*pip, "install", "dvr-scan", "scenedetect"], capture_output=True, text=True, check=False
    )
    if install.returncode != 0:
        reason = install.stderr.strip().splitlines()[-1]
        return {}, [f"DVR-Scan and PySceneDetect were left out, pip said: {reason}"]
    show = subprocess.run([*pip, "list", "--format=json"], capture_output=True, check=True)
    versions = {entry["name"]: entry["version"] for entry in json.loads(show.stdout)}
    return {
        f"DVR-Scan {versions['dvr-scan']}, scan only": Program(
            bin_folder / "dvr-scan",
            ["--version"],
            lambda path: ["--quiet", "--scan-only", "--input", str(path)],
        ),
        f"PySceneDetect {versions['scenedetect']}, detect-content": Program(
            bin_folder / "scenedetect",
            ["version"],
            lambda path: ["--quiet", "--input", str(path), "detect-content"],
        ),
    }, []


def run_to_end(command: list[str]) -> tuple[str, Cost]:
    """A command's output and what the process took as a whole."""
    started = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - started
        output.seek(0)
        text = output.read().decode(errors="replace")
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{text}")
    return text, Cost(seconds, usage.ru_utime + usage.ru_stime, None, usage.ru_maxrss / 1024)


# The table.


def lines(rows: list[Row], seconds: int, remarks: list[str]) -> Iterator[str]:
    yield "# Choosing frames from a recording\n"
    yield (
        f"{machine('av', 'decord', 'opencv-python-headless')}. {seconds} s of {WIDTH} x {HEIGHT} "
        f"H.264, {RATE} frames a "
        f"second, a keyframe every {GOP} frames, noise of {NOISE:.0f} grey levels. Seconds without "
        "the start of the program; CPU seconds hardly depend on what else runs.\n"
    )
    yield "| way | recording | seconds | times real time | to ours | CPU s | frames | peak MB |"
    yield "|---|---|---|---|---|---|---|---|"
    ours = next(row.cost.seconds for row in rows if row.clip == MIXED.name)
    for row in rows:
        cost = row.cost
        ratio = f"{cost.seconds / ours:.1f}" if row.clip == MIXED.name else ""
        yield (
            f"| {row.way} | {row.clip} | {cost.seconds:.2f} | {seconds / cost.seconds:.0f} | "
            f"{ratio} | {cost.cpu_seconds:.2f} | {'' if cost.frames is None else cost.frames} | "
            f"{cost.peak_megabytes:.0f} |"
        )
    yield from ("", *remarks) if remarks else ()


if __name__ == "__main__":
    main()
