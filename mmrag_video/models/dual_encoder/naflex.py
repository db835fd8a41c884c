"""Pictures that keep their shape (SigLIP2 naflex): cut into patches, each with its place.

Tschannen et al. 2025, "SigLIP 2", section 2.4.2, arXiv:2502.14786. The places come from a square
table of learned vectors, which is scaled to as many rows and columns as the picture has patches.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pictures

from mmrag_video.video.frames import Image

_LEAST_SCALE, _MOST_SCALE, _SCALE_STEP = 1e-6, 100.0, 1e-5
"""Between these the scale of a picture is halved down to, as in transformers: another search gives
some pictures one row of patches more or less."""


@dataclass(frozen=True)
class NaflexPreparation:
    """As many patches as are allowed, in the picture's own shape."""

    patch: int
    """Pixels: a patch's height and width."""
    most: int
    """Patches of a picture."""
    resample: int
    """Pillow's number of the filter."""
    table: NDArray[np.float32]
    """(3, 256): what each value of each colour becomes."""

    def __call__(self, image: Image) -> Mapping[str, NDArray[Any]]:
        """`pixel_values` (most, patch x patch x 3), `pixel_attention_mask` (most), which is 1 where
        there is a patch, and `spatial_shapes` (2): rows and columns of patches.
        """
        rows, columns = self.grid(image)
        patches = np.zeros((self.most, self.patch**2 * 3), np.float32)
        patches[: rows * columns] = self.patches(image, rows, columns)
        mask = (np.arange(self.most) < rows * columns).astype(np.int64)
        return {
            "pixel_values": patches,
            "pixel_attention_mask": mask,
            "spatial_shapes": np.array([rows, columns], np.int64),
        }

    def grid(self, image: Image) -> tuple[int, int]:
        """Rows and columns of the picture's patches."""
        return _largest_grid(image.shape[0], image.shape[1], self.patch, self.most)

    def patches(self, image: Image, rows: int, columns: int) -> NDArray[np.float32]:
        """(rows x columns, patch x patch x 3): row by row, and within a patch pixel by pixel."""
        size = (columns * self.patch, rows * self.patch)
        scaled = np.asarray(Pictures.fromarray(image).resize(size, self.resample))
        valued = np.stack([self.table[c][scaled[..., c]] for c in range(3)], axis=-1)
        grid = valued.reshape(rows, self.patch, columns, self.patch, 3).transpose(0, 2, 1, 3, 4)
        patches: NDArray[np.float32] = grid.reshape(rows * columns, -1)
        return patches


@lru_cache(maxsize=64)
def _largest_grid(height: int, width: int, patch: int, most: int) -> tuple[int, int]:
    low, high = _LEAST_SCALE, _MOST_SCALE
    while high - low >= _SCALE_STEP:
        middle = (low + high) / 2
        rows, columns = _grid_at(middle, height, width, patch)
        low, high = (middle, high) if rows * columns <= most else (low, middle)
    return _grid_at(low, height, width, patch)


def _grid_at(scale: float, height: int, width: int, patch: int) -> tuple[int, int]:
    rows, columns = (max(1, ceil(side * scale / patch)) for side in (height, width))
    return rows, columns


def scaled_places(places: NDArray[np.float32], rows: int, columns: int) -> NDArray[np.float32]:
    """Learned places (side, side, width) for a grid of patches: (rows x columns, width).

    Bilinear with anti-aliasing, which is how torch's `interpolate` scales them in transformers.
    """
    down = _weights(places.shape[0], rows)
    across = _weights(places.shape[1], columns)
    scaled = np.einsum("rs,stw,ct->rcw", down, places, across, optimize=True)
    return np.asarray(scaled.reshape(rows * columns, -1), np.float32)


def _weights(inputs: int, outputs: int) -> NDArray[np.float32]:
    """(outputs, inputs): a triangle around each output's centre, as wide as an output where outputs
    are fewer and as an input where they are more.
    """
    step = inputs / outputs
    centres = (np.arange(outputs) + 0.5) * step
    distance = np.abs(np.arange(inputs) + 0.5 - centres[:, None])
    triangle = np.maximum(0, 1 - distance / max(step, 1.0))
    return np.asarray(triangle / triangle.sum(axis=1, keepdims=True), np.float32)
