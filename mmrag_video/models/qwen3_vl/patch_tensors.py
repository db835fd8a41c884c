"""Patches as the tensors that Qwen3-VL reads them from."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mmrag_video.models.qwen3_vl.pictures import Patches

if TYPE_CHECKING:
    import torch


class PatchTensors:
    """Makes them, with the colours that a model learned with, where it computes."""

    def __init__(
        self,
        mean: Sequence[float],
        deviation: Sequence[float],
        device: "torch.device",
        precision: "torch.dtype",
    ) -> None:
        """Mean and standard deviation of red, green and blue, from 0 to 1."""
        self._mean = 255 * _three(mean, device)
        self._deviation = 255 * _three(deviation, device)
        self._device = device
        self._precision = precision

    def colours(self, seen: Sequence[Patches]) -> "torch.Tensor | None":
        """(patches, 3 * 2 * 16 * 16); a picture stands for two frames that are the same."""
        import torch  # noqa: PLC0415

        if not seen:
            return None
        pixels = torch.from_numpy(np.concatenate([patches.pixels for patches in seen]))
        colours = (pixels.to(self._device).float() - self._mean) / self._deviation
        colours = colours.to(self._precision)
        return colours.expand(-1, -1, 2, -1, -1).reshape(len(colours), -1)

    def grids(self, seen: Sequence[Patches]) -> "torch.Tensor | None":
        """(pictures, 3): steps in time, and patches down and across."""
        import torch  # noqa: PLC0415

        if not seen:
            return None
        return torch.tensor([patches.grid for patches in seen], device=self._device)


def _three(values: Sequence[float], device: "torch.device") -> "torch.Tensor":
    import torch  # noqa: PLC0415

    return torch.tensor(values, dtype=torch.float32, device=device).reshape(1, 3, 1, 1, 1)
