"""Pictures and runs of frames as Qwen3-VL takes them: resized, and cut into patches.

The same pixels as the vendor's code gives (qwen_vl_utils 0.0.14, on which
https://github.com/QwenLM/Qwen3-VL-Embedding rests), without the torchvision that it needs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pictures

from mmrag_video.errors import ModelError
from mmrag_video.models.qwen3_vl.sizes import EDGE, LEAST_STILL, MERGE, PATCH, fitted
from mmrag_video.video.frames import Image

_FRAMES_IN_PATCH = 2
"""Frames of a run that share their tokens."""
_LEAST_RUN = 128
"""Tokens that the smallest picture, and the smallest frame of a run, are blown up to."""
_EDGE_AT_FIRST = 2 * EDGE
_MOST_AT_FIRST = 16_384
"""Squares of 64 pixels that each frame of a run is brought to before it gets its size: so it is in
the vendor's code, which doubles the edge twice."""
_MOST_IN_FRAME = 768
_MOST_IN_RUN = 7_680
_LONGEST_SHAPE = 200
"""Times that a picture may be longer than it is wide."""


@dataclass(frozen=True)
class Patches:
    """A picture, or a run of frames, in patches: those of one token stand together."""

    pixels: NDArray[np.uint8]
    """(patches, 3, frames, 16, 16), RGB: one frame where it is a picture, two where it is a run."""
    grid: tuple[int, int, int]
    """Steps in time, and patches down and across in each."""

    @property
    def token_grid(self) -> tuple[int, int]:
        """Tokens down and across in each step."""
        return self.grid[1] // MERGE, self.grid[2] // MERGE


def still(image: Image, most_tokens: int) -> Patches:
    """One picture in at most so many tokens, as far as its shape allows.

    Raises ModelError where it is far too long.
    """
    height, width = _fitted(image.shape, EDGE, LEAST_STILL, most_tokens)
    return _patches(_resized(image, height, width)[None], frames=1)


@dataclass(frozen=True)
class RunSize:
    """What each frame of a run is brought to, in two steps: height and width in pixels."""

    first: tuple[int, int]
    then: tuple[int, int]


def run_size(image: Image, frames: int, most_tokens: int) -> RunSize:
    """For a run of so many frames like this one, in at most so many tokens each.

    Two frames share the tokens of one. A long run gets fewer for each, so that it stays under
    7,680. Raises ModelError where the picture is far too long.
    """
    first = _fitted(image.shape, _EDGE_AT_FIRST, LEAST_STILL, _MOST_AT_FIRST)
    frames += frames % _FRAMES_IN_PATCH
    most = min(most_tokens, _MOST_IN_FRAME, _MOST_IN_RUN * _FRAMES_IN_PATCH / frames)
    least = _LEAST_RUN if most >= _LEAST_RUN else most / 2
    return RunSize(first, _fitted(first, EDGE, least, most))


def frame_of_run(image: Image, size: RunSize) -> Image:
    """The frame in the run's size."""
    return _resized_by_torch(_resized(image, *size.first), *size.then)


def run(frames: Sequence[Image]) -> Patches:
    """Frames of one size, in order of time; an odd number of them is filled up with the last."""
    frames = [*frames, *[frames[-1]] * (len(frames) % _FRAMES_IN_PATCH)]
    return _patches(np.stack(frames), _FRAMES_IN_PATCH)


def _fitted(shape: tuple[int, ...], edge: int, least: float, most: float) -> tuple[int, int]:
    """The nearest size in whole squares of this edge, between `least` and `most` of them."""
    height, width = shape[:2]
    if max(height, width) > _LONGEST_SHAPE * min(height, width):
        raise ModelError(
            f"The picture of {width} x {height} pixels is more than {_LONGEST_SHAPE} times as long"
            " as it is wide, which Qwen3-VL does not take: cut it."
        )
    return fitted(height, width, edge, least, most)


def _resized(image: Image, height: int, width: int) -> Image:
    picture = Pictures.fromarray(image).resize((width, height), Pictures.Resampling.BICUBIC)
    return np.asarray(picture)


def _resized_by_torch(image: Image, height: int, width: int) -> Image:
    """By torch's bicubic, as the vendor has it for runs: not quite the same as Pillow's."""
    import torch  # noqa: PLC0415

    if image.shape[:2] == (height, width):
        return image
    resized = torch.nn.functional.interpolate(
        torch.from_numpy(image.transpose(2, 0, 1)[None].astype(np.float32)),
        size=(height, width),
        mode="bicubic",
        align_corners=False,
        antialias=True,
    )
    whole: Image = resized[0].clamp(0, 255).round().byte().permute(1, 2, 0).numpy()
    return whole


def _patches(pictures: NDArray[np.uint8], frames: int) -> Patches:
    """`pictures`: (steps * frames, height, width, 3), in whole tokens."""
    steps, height, width = len(pictures) // frames, *pictures.shape[1:3]
    parts = pictures.reshape(
        steps, frames, height // EDGE, MERGE, PATCH, width // EDGE, MERGE, PATCH, 3
    )
    pixels = np.ascontiguousarray(parts.transpose(0, 2, 5, 3, 6, 8, 1, 4, 7))
    return Patches(
        pixels.reshape(-1, 3, frames, PATCH, PATCH), (steps, height // PATCH, width // PATCH)
    )
