"""Qwen3-VL instruct models in transformers, on a GPU or, slowly, on a CPU."""

import threading
import time
from collections.abc import Mapping
from inspect import signature
from typing import Any

from mmrag_video.errors import ModelError
from mmrag_video.generators.base import Prompt
from mmrag_video.generators.qwen3_vl_checkpoint import Checkpoint, load_checkpoint
from mmrag_video.generators.qwen3_vl_inputs import prepare
from mmrag_video.settings import GeneratorSettings, Settings


def load(settings: Settings) -> "Qwen3VLGenerator":
    """The model in `generator.path`, run as `model.device` and `model.precision` say.

    Raises ModelError where a package, the folder, the hub or a file of the model is missing, or
    where the model is of another kind.
    """
    if settings.generator.path is None:
        raise ModelError("The generator in transformers needs generator.path.")
    checkpoint = load_checkpoint(settings.generator.path, settings.model)
    return Qwen3VLGenerator(checkpoint, settings.generator)


class Qwen3VLGenerator:
    """Writes one answer at a time: the network keeps the positions of its pictures as state."""

    def __init__(self, checkpoint: Checkpoint, settings: GeneratorSettings) -> None:
        self._network = checkpoint.network
        self._tokenizer = checkpoint.tokenizer
        self._image_processor = checkpoint.image_processor
        self._settings = settings
        # transformers 4 finds a picture's tokens itself and refuses to be told of their kinds.
        self._takes = signature(self._network.forward).parameters
        self._lock = threading.Lock()

    def write(self, prompt: Prompt) -> str:
        """The likeliest answer, word by word.

        Raises ModelError if it takes too long, or the memory does not suffice.
        """
        import torch  # noqa: PLC0415

        with self._lock, torch.inference_mode():
            inputs = prepare(prompt, self._tokenizer, self._image_processor)
            began = time.monotonic()
            try:
                tokens = self._generate(inputs)
            except torch.OutOfMemoryError as error:
                raise ModelError(
                    "The memory does not suffice for an answer from these pictures; show the model"
                    " fewer moments with generator.moments."
                ) from error
            took = time.monotonic() - began
            words: str = self._tokenizer.decode(tokens, skip_special_tokens=True)
        if took > self._settings.time_limit:
            raise ModelError(
                f"The model in generator.path wrote no whole answer in {took:.0f} s; allow it more"
                " with generator.time_limit, or show it fewer moments with generator.moments."
            )
        return words

    def _generate(self, inputs: Mapping[str, Any]) -> Any:
        """The tokens that come after those of the prompt."""
        taken = {name: value for name, value in inputs.items() if name in self._takes}
        tokens = self._network.generate(
            **{name: value.to(self._network.device) for name, value in taken.items()},
            do_sample=False,
            max_new_tokens=self._settings.most_tokens,
            max_time=self._settings.time_limit,
            pad_token_id=self._tokenizer.pad_token_id,
        )
        return tokens[0, inputs["input_ids"].shape[1] :]
