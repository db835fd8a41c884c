"""Makes small real recordings: frames that say their own number, scenes with movement, damage.

Every maker writes a file with PyAV's encoders and returns what a test has to know about it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from math import prod
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream
from PIL import Image as Picture

from mmrag_video.video.frames import Image

MILLISECOND = Fraction(1, 1000)
"""The clock of all footage: the coarsest of any container here (Matroska's)."""
FAST_X264 = {"preset": "ultrafast", "sc_threshold": "0"}
"""Keyframes at the GOP's length and nowhere else."""
_LIGHT = np.array((235, 235, 235), dtype=np.uint8)
_DARK = np.array((20, 30, 90), dtype=np.uint8)
_CELLS = 4
_CORNERS = {(0, 0): True, (0, 3): False, (3, 0): False, (3, 3): False}


@dataclass(frozen=True)
class Encoding:
    """How pictures become a file; the container follows from the file's name."""

    codec: str = "libx264"
    rate: int = 25
    """Frames per second that the file declares, whatever is written."""
    gop: int = 12
    b_frames: int = 0
    pixel_format: str = "yuv420p"
    rotation: int = 0
    """Degrees clockwise that a player must turn the stored picture to show it upright."""
    with_sound: bool = False
    pixel_aspect: Fraction = Fraction(1)
    """Width over height of a stored pixel."""
    codec_options: dict[str, str] = field(default_factory=lambda: {"sc_threshold": "0"})
    container_options: dict[str, str] = field(default_factory=dict)


PLAIN = Encoding()
"""H.264 without B-frames, a keyframe every twelve frames."""


@dataclass(frozen=True)
class Scene:
    """A fixed camera's view. Times are seconds from the first frame."""

    seconds: float
    size: tuple[int, int] = (320, 180)
    """Width and height."""
    rate: int = 10
    """Frames per second."""
    movements: tuple[tuple[float, float], ...] = ()
    """In each start <= time < end a rectangle crosses the picture from left to right."""
    light: tuple[tuple[float, float], ...] = ()
    """From each time on everything is brighter by the factor."""
    noise: float = 0
    """Standard deviation of the sensor's noise, in grey levels."""


@dataclass(frozen=True)
class Numbered:
    """A recording whose frame number n shows the number n."""

    path: Path
    times: tuple[Fraction, ...]
    """When each is shown, in seconds from the first that is; below 0 for those that are not."""
    size: tuple[int, int]
    """Width and height as shown."""
    first: int = 0
    """The number of the first that is shown."""


def write_numbered(
    path: Path,
    milliseconds: Sequence[int],
    encoding: Encoding = PLAIN,
    size: tuple[int, int] = (160, 120),
) -> Numbered:
    """Writes frame n at `milliseconds[n]`, numbered by blocks that survive any encoder.

    What lies before 0 an MP4 hides by an edit list, as the cuts of editors and of recorders do.
    """
    pictures = ((at, numbered_picture(n, size)) for n, at in enumerate(milliseconds))
    write_pictures(path, pictures, encoding)
    first = next(n for n, at in enumerate(milliseconds) if at >= 0)
    times = tuple((at - milliseconds[first]) * MILLISECOND for at in milliseconds)
    return Numbered(path, times, size, first)


def steadily(frames: int, rate: int = 25, start: int = 0) -> list[int]:
    """Milliseconds of `frames` frames at `rate` a second."""
    return [start + frame * 1000 // rate for frame in range(frames)]


def numbered_picture(number: int, size: tuple[int, int]) -> Image:
    """A grid of 4 x 4 cells: light top left corner, dark other corners, twelve binary digits."""
    width, height = size
    cells = np.zeros((_CELLS, _CELLS), dtype=bool)
    for bit, cell in enumerate(_digit_cells()):
        cells[cell] = number >> bit & 1
    for corner, is_light in _CORNERS.items():
        cells[corner] = is_light
    rows = np.arange(height) * _CELLS // height
    columns = np.arange(width) * _CELLS // width
    light = cells[rows][:, columns, None]
    return np.where(light, _LIGHT, _DARK)


def number_in(image: Image) -> int:
    """The number a picture shows. Fails where the picture is not upright, or not RGB."""
    height, width, _ = image.shape
    cells = np.zeros((_CELLS, _CELLS), dtype=bool)
    for row, column in np.ndindex(_CELLS, _CELLS):
        top, left = (2 * row + 1) * height // 8, (2 * column + 1) * width // 8
        red, _, blue = image[top - 2 : top + 3, left - 2 : left + 3].mean(axis=(0, 1))
        cells[row, column] = red > 128
        assert blue > red - 10, "red and blue are exchanged"
    for corner, is_light in _CORNERS.items():
        assert cells[corner] == is_light, "the picture is not upright"
    return sum(int(cells[cell]) << bit for bit, cell in enumerate(_digit_cells()))


def _digit_cells() -> list[tuple[int, int]]:
    return [cell for cell in np.ndindex(_CELLS, _CELLS) if cell not in _CORNERS]


def write_scene(path: Path, scene: Scene, encoding: Encoding | None = None) -> None:
    """Writes a still, textured place through which a red rectangle moves at times.

    Unless told otherwise, as H.264 with a keyframe every two seconds.
    """
    encoding = encoding or Encoding(rate=scene.rate, gop=2 * scene.rate, codec_options=FAST_X264)
    pictures = (
        (frame * 1000 // scene.rate, scene_picture(scene, Fraction(frame, scene.rate)))
        for frame in range(int(scene.seconds * scene.rate))
    )
    write_pictures(path, pictures, encoding)


def scene_picture(scene: Scene, time: Fraction) -> Image:
    """What the scene looks like at a time, before it is encoded."""
    picture = _still_place(scene.size).copy()
    for start, end in scene.movements:
        if start <= time < end:
            _draw_mover(picture, float((time - Fraction(start)) / Fraction(end - start)))
    brightness = prod(factor for since, factor in scene.light if time >= since)
    if brightness == 1 and not scene.noise:
        return picture
    grain = np.random.default_rng(int(time * 1000)).normal(0, scene.noise, picture.shape)
    return (picture * brightness + grain).clip(0, 255).astype(np.uint8)


@cache
def _still_place(size: tuple[int, int]) -> Image:
    """Soft blotches of grey and green, the same on every run."""
    width, height = size
    coarse = np.random.default_rng(7).integers(60, 190, (6, 10, 3), dtype=np.uint8)
    coarse[..., 0] = coarse[..., 2]
    blotches = Picture.fromarray(coarse).resize((width, height), Picture.Resampling.BILINEAR)
    return np.asarray(blotches)


def _draw_mover(picture: Image, progress: float) -> None:
    height, width, _ = picture.shape
    left = round((width - width // 6) * progress)
    top = height // 3
    picture[top : top + height // 3, left : left + width // 6] = (200, 30, 30)


def write_pictures(
    path: Path, pictures: Iterable[tuple[int, Image]], encoding: Encoding = PLAIN
) -> None:
    """Encodes upright RGB pictures, each with the millisecond at which it is shown."""
    stream = None
    at = 0
    with av.open(path, "w", options=encoding.container_options) as container:
        for at, picture in pictures:
            stored = np.ascontiguousarray(np.rot90(picture, k=encoding.rotation // 90))
            if stream is None:
                height, width, _ = stored.shape
                stream = add_stream(container, encoding, width, height)
                sound = container.add_stream("aac", rate=8000) if encoding.with_sound else None
            frame = av.VideoFrame.from_ndarray(stored, format="rgb24")
            frame = frame.reformat(format=encoding.pixel_format)
            time_base = stream.codec_context.time_base
            frame.pts, frame.time_base = int(at * MILLISECOND / time_base), time_base
            container.mux(stream.encode(frame))
        assert stream is not None, "a recording needs a picture"
        container.mux(stream.encode(None))
        if sound is not None:
            _write_silence(container, sound, seconds=at / 1000)


def add_stream(
    container: OutputContainer, encoding: Encoding, width: int, height: int
) -> VideoStream:
    stream: VideoStream = container.add_stream(
        encoding.codec, rate=encoding.rate, options=encoding.codec_options
    )
    stream.width, stream.height, stream.pix_fmt = width, height, encoding.pixel_format
    # A tick of an AVI is a picture.
    tick = Fraction(1, encoding.rate) if container.format.name == "avi" else MILLISECOND
    stream.codec_context.time_base = tick
    stream.codec_context.sample_aspect_ratio = encoding.pixel_aspect
    stream.gop_size = encoding.gop
    stream.max_b_frames = encoding.b_frames
    if encoding.rotation:
        stream.set_display_rotation(-encoding.rotation)
    return stream


def _write_silence(container: OutputContainer, stream: AudioStream, seconds: float) -> None:
    silence = np.zeros((1, 1024), dtype=np.float32)
    for start in range(0, int(seconds * 8000), 1024):
        frame = av.AudioFrame.from_ndarray(silence, format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 8000, start, Fraction(1, 8000)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def write_sound_only(path: Path) -> None:
    """A second of silence and no picture."""
    with av.open(path, "w") as container:
        _write_silence(container, container.add_stream("aac", rate=8000), seconds=1)


def cut_short(path: Path, share: float) -> None:
    """Leaves the first part of a file, as a copy that broke off or a recorder still writing."""
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])


def blank_packets(path: Path, numbers: Iterable[int] | None = None) -> None:
    """Overwrites stored pictures, counted from 0, with zeros; all of them if none are named.

    Not in MPEG-TS, which stores a picture in many pieces.
    """
    with av.open(path) as container:
        pictures = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    content = path.read_bytes()
    assert all(picture in content for picture in pictures)
    for number in range(len(pictures)) if numbers is None else numbers:
        content = content.replace(pictures[number], bytes(len(pictures[number])))
    path.write_bytes(content)
