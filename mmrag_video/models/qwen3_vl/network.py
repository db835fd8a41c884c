"""Runs Qwen3-VL over readings: filled up to one length, and one vector read off each."""

import copy
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmrag_video.models.qwen3_vl.patch_tensors import PatchTensors
from mmrag_video.models.qwen3_vl.readings import Reading

if TYPE_CHECKING:
    import torch

_FILLING = 0
"""Any token does: it stands after all others, and none of them looks ahead."""


class Network:
    """Qwen3-VL without its head. Threads take turns in it."""

    def __init__(self, model: Any, mean: Sequence[float], deviation: Sequence[float]) -> None:
        """`model`: a Qwen3VLModel of transformers; mean and deviation of colours from 0 to 1."""
        self._model = model
        self._tensors = PatchTensors(mean, deviation, model.device, model.dtype)
        _embed_patches_by_matrix(model.visual.patch_embed)
        self._lock = threading.Lock()

    @property
    def kind(self) -> str:
        """The class of the network."""
        return type(self._model).__name__

    @property
    def dimensions(self) -> int:
        """Length of what is read off."""
        size: int = self._model.config.text_config.hidden_size
        return size

    @property
    def precision(self) -> str:
        """The number format, such as `bfloat16`."""
        return str(self._model.dtype).removeprefix("torch.")

    @property
    def device(self) -> "torch.device":
        """Where it computes."""
        device: torch.device = self._model.device
        return device

    def last_states(
        self, readings: Sequence[Reading], beginning: Any = None
    ) -> NDArray[np.float32]:
        """(readings, dimensions): the last layer's state at the last token of each.

        `beginning`: what `remember` gave of that which all of them go on from.
        """
        import torch  # noqa: PLC0415

        lengths = torch.tensor([len(reading.tokens) for reading in readings])
        with self._lock, torch.inference_mode():
            cache = None
            if beginning is not None:
                cache = copy.deepcopy(beginning)
                cache.batch_repeat_interleave(len(readings))
            states = self._run(readings, cache).last_hidden_state
            last = states[torch.arange(len(readings)), lengths.to(states.device) - 1]
            vectors: NDArray[np.float32] = last.float().cpu().numpy()
        return vectors

    def remember(self, beginning: Reading) -> Any:
        """What readings that begin like this need of it, so that it is computed once."""
        import torch  # noqa: PLC0415

        with self._lock, torch.inference_mode():
            return self._run([beginning], None, use_cache=True).past_key_values

    def _run(self, readings: Sequence[Reading], cache: Any, use_cache: bool | None = None) -> Any:
        import torch  # noqa: PLC0415

        longest = max(len(reading.tokens) for reading in readings)
        before = cache.get_seq_length() if cache is not None else 0
        tokens = np.full((len(readings), longest), _FILLING, np.int64)
        positions = np.zeros((3, len(readings), longest), np.int64)
        for row, reading in enumerate(readings):
            tokens[row, : len(reading.tokens)] = reading.tokens
            positions[:, row, : len(reading.tokens)] = reading.positions
        pictures = [patches for reading in readings for patches in reading.pictures]
        runs = [patches for reading in readings for patches in reading.runs]
        return self._model(
            input_ids=torch.from_numpy(tokens).to(self.device),
            position_ids=torch.from_numpy(positions).to(self.device),
            # All are attended: the filling comes last, where no word looks. A mask that hides
            # nothing lets torch choose its quickest attention.
            attention_mask=torch.ones(
                (len(readings), before + longest), dtype=torch.long, device=self.device
            ),
            pixel_values=self._tensors.colours(pictures),
            image_grid_thw=self._tensors.grids(pictures),
            pixel_values_videos=self._tensors.colours(runs),
            video_grid_thw=self._tensors.grids(runs),
            past_key_values=cache,
            use_cache=cache is not None if use_cache is None else use_cache,
        )


def _embed_patches_by_matrix(patch_embed: Any) -> None:
    """Each patch is multiplied by one matrix, which transformers writes as a convolution in 3D.

    For that some releases of torch and cuDNN take many times as long, or much more memory:
    https://github.com/pytorch/pytorch/issues/166122 and 166643.
    """
    import torch  # noqa: PLC0415

    matrix, bias = patch_embed.proj.weight.flatten(1), patch_embed.proj.bias
    patch_embed.forward = lambda patches: torch.nn.functional.linear(patches, matrix, bias)
