"""Recordings for the benchmarks: a noisy 1080p place in which a figure walks for a while."""

import multiprocessing
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT, RATE, GOP = 1920, 1080, 25, 50
NOISE = 3.0
"""Grey levels, standard deviation: a camera by daylight."""


@dataclass(frozen=True)
class Clip:
    """A recording that is made for the purpose."""

    name: str
    moving: tuple[float, float]
    """The part in which something moves, as shares of its length."""
    b_frames: int
    """x264's own choice is up to 3; most cameras write none."""


def recording(clip: Clip, seconds: int) -> Path:
    """Made once and kept in the system's folder for temporary files."""
    first, last = (round(share * seconds * RATE) for share in clip.moving)
    name = f"{WIDTH}x{HEIGHT}-{seconds}s-moving-{first}-{last}-b{clip.b_frames}.mp4"
    path = Path(tempfile.gettempdir()) / "mmrag-video-benchmark" / name
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        print(f"making a recording: {clip.name} ...", file=sys.stderr)
        unfinished = path.with_suffix(".part.mp4")
        # In a process of its own: one that is started counts its starter's memory as its peak.
        arguments = unfinished, seconds * RATE, range(first, last), clip.b_frames
        maker = multiprocessing.get_context("spawn").Process(target=write, args=arguments)
        maker.start()
        maker.join()
        unfinished.replace(path)
    return path


def write(path: Path, frames: int, moving: range, b_frames: int) -> None:
    with av.open(str(path), "w") as container:
        options = {"preset": "veryfast", "sc_threshold": "0", "bf": str(b_frames)}
        stream = container.add_stream("libx264", rate=RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.gop_size = GOP
        for number, picture in enumerate(pictures(frames, moving)):
            frame = av.VideoFrame.from_ndarray(picture, format="gray").reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def pictures(frames: int, moving: range) -> Iterator[NDArray[np.uint8]]:
    """A textured place with noise; while something moves, a figure walks to and fro in it."""
    random = np.random.default_rng(1)
    coarse = random.integers(40, 200, (HEIGHT // 120, WIDTH // 120), dtype=np.uint8)
    place = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC).astype(np.int16)
    figure = cv2.resize(random.integers(10, 250, (9, 4), dtype=np.uint8), (140, 360))
    grain = random.normal(0, NOISE, (2 * HEIGHT, 2 * WIDTH)).astype(np.int16)
    for number in range(frames):
        view = place.copy()
        if number in moving:
            left = abs((number * 7) % (2 * (WIDTH - 140)) - (WIDTH - 140))
            view[400:760, left : left + 140] = figure
        down, right = random.integers(0, HEIGHT), random.integers(0, WIDTH)
        view += grain[down : down + HEIGHT, right : right + WIDTH]
        yield np.clip(view, 0, 255).astype(np.uint8)
