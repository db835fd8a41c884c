"""Qwen3-VL instruct models in transformers, on a GPU or, slowly, on a CPU."""

import threading
import time
from collections.abc import Mapping
from inspect import signature
from typing import Any

from mmrag_video.errors import ModelError
from mmrag_video.generators.base import Prompt
from mmrag_video.models.qwen3_vl.checkpoint import Checkpoint, load_checkpoint
from mmrag_video.models.qwen3_vl.patch_tensors import PatchTensors
from mmrag_video.models.qwen3_vl.pictures import still
from mmrag_video.models.qwen3_vl.prompts import PICTURE, words
from mmrag_video.models.qwen3_vl.readings import reading
from mmrag_video.models.token_batches import is_lack_of_memory
from mmrag_video.settings import GeneratorSettings, Settings

MOST_TOKENS = 256
"""Of one picture, 512 x 512 pixels; prompts hold pictures of about that size."""


def load(settings: Settings) -> "Qwen3VLGenerator":
    """The model in `generator.path`, run as `model.device` and `model.precision` say.

    Raises ModelError where a package, the folder, the hub or a file of the model is missing, or
    where the model is of another kind.
    """
    if settings.generator.path is None:
        raise ModelError("The generator in transformers needs generator.path.")
    checkpoint = load_checkpoint(
        "in generator.path",
        settings.generator.path,
        settings.model,
        "generator.path",
        needs_head=True,
    )
    return Qwen3VLGenerator(checkpoint, settings.generator)


class Qwen3VLGenerator:
    """Writes one answer at a time: the network keeps the positions of its pictures as state."""

    def __init__(self, checkpoint: Checkpoint, settings: GeneratorSettings) -> None:
        self._checkpoint = checkpoint
        self._network = checkpoint.whole.to(checkpoint.body.device)
        self._settings = settings
        # transformers 4 finds a picture's tokens itself and refuses to be told of their kinds.
        self._takes = signature(self._network.forward).parameters
        self._lock = threading.Lock()

    def model_name(self) -> str:
        """The folder or the hub name."""
        return str(self._settings.path)

    def write(self, prompt: Prompt) -> str:
        """The likeliest answer, word by word.

        Raises ModelError if it takes too long, or the memory does not suffice.
        """
        import torch  # noqa: PLC0415

        with self._lock, torch.inference_mode():
            began = time.monotonic()
            try:
                tokens = self._generate(prepared(prompt, self._checkpoint))
            except (MemoryError, RuntimeError) as error:
                if not is_lack_of_memory(error):
                    raise
                raise ModelError(
                    "The memory does not suffice for an answer from these pictures; show the model"
                    " fewer moments with generator.moments."
                ) from error
            took = time.monotonic() - began
        if took > self._settings.time_limit:
            raise ModelError(
                f"The model in generator.path wrote no whole answer in {took:.0f} s; allow it more"
                " with generator.time_limit, or show it fewer moments with generator.moments."
            )
        return self._checkpoint.prompts.text(tokens)

    def _generate(self, inputs: Mapping[str, Any]) -> list[int]:
        """The tokens that come after those of the prompt."""
        tokens = self._network.generate(
            **{name: value for name, value in inputs.items() if name in self._takes},
            do_sample=False,
            max_new_tokens=self._settings.most_tokens,
            max_time=self._settings.time_limit,
            pad_token_id=self._checkpoint.prompts.filling,
        )
        new: list[int] = tokens[0, inputs["input_ids"].shape[1] :].tolist()
        return new


def prepared(prompt: Prompt, checkpoint: Checkpoint) -> Mapping[str, Any]:
    """The tensors of one prompt, where the model computes.

    `input_ids`, `attention_mask` and `mm_token_type_ids` (1 where a picture's token stands) are
    (1, tokens); `pixel_values` (patches, values) and `image_grid_thw` (pictures, 3) are there if
    the prompt has pictures.
    """
    import torch  # noqa: PLC0415

    body, placeholders = checkpoint.body, checkpoint.placeholders
    said = [words(part) if isinstance(part, str) else PICTURE for part in prompt.parts]
    pictures = [still(part, MOST_TOKENS) for part in prompt.parts if not isinstance(part, str)]
    tokens = checkpoint.prompts.tokens(prompt.instruction, said)
    read = reading(tokens, placeholders, cut=lambda whole: whole, pictures=pictures)
    ids = torch.from_numpy(read.tokens)[None].to(body.device)
    tensors = PatchTensors(checkpoint.mean, checkpoint.deviation, body.device, body.dtype)
    seen = {
        "pixel_values": tensors.colours(read.pictures),
        "image_grid_thw": tensors.grids(read.pictures),
    }
    return {
        "input_ids": ids,
        "attention_mask": torch.ones_like(ids),
        "mm_token_type_ids": (ids == placeholders.picture).to(ids.dtype),
        **{name: value for name, value in seen.items() if value is not None},
    }
