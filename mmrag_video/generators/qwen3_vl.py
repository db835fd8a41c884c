"""Qwen3-VL instruct models in transformers, on a GPU or, slowly, on a CPU."""

import threading
import time
from inspect import signature
from pathlib import Path
from typing import Any

from mmrag_video.errors import ModelError
from mmrag_video.generators.base import Prompt
from mmrag_video.generators.qwen3_vl_inputs import prepare
from mmrag_video.models.checkpoint_folder import find_checkpoint
from mmrag_video.settings import GeneratorSettings, ModelSettings, Settings

_NEEDED_FILES = (
    ("config.json",),
    ("preprocessor_config.json", "processor_config.json"),
    ("*.safetensors",),
    ("tokenizer.json", "vocab.json"),
)


def load(settings: Settings) -> "Qwen3VLGenerator":
    """The model in `generator.path`, run as `model.device` and `model.precision` say.

    Raises ModelError where a package, the folder, the hub or a file of the model is missing, or
    where the model is of another kind.
    """
    if settings.generator.path is None:
        raise ModelError("The generator in transformers needs generator.path.")
    try:
        import torch  # noqa: PLC0415  Only now: it takes seconds, and is not always installed.
        import transformers  # noqa: PLC0415
    except ImportError as error:
        raise ModelError(
            "The generator in generator.path needs torch and transformers:"
            " run pip install 'mmrag-video[models]'."
        ) from error
    if settings.model.threads:
        torch.set_num_threads(settings.model.threads)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    folder = find_checkpoint(settings.generator.path, _NEEDED_FILES, "generator.path").path
    return _from_folder(folder, settings.model, settings.generator)


class Qwen3VLGenerator:
    """Writes one answer at a time: the network keeps the positions of its pictures as state."""

    def __init__(
        self, network: Any, tokenizer: Any, image_processor: Any, settings: GeneratorSettings
    ) -> None:
        self._network = network
        self._tokenizer = tokenizer
        self._image_processor = image_processor
        self._settings = settings
        # transformers 4 finds a picture's tokens itself and refuses to be told of their kinds.
        self._takes = signature(network.forward).parameters
        self._lock = threading.Lock()

    def write(self, prompt: Prompt) -> str:
        """The likeliest answer, word by word. Raises ModelError if it takes too long."""
        import torch  # noqa: PLC0415

        with self._lock, torch.inference_mode():
            inputs = prepare(prompt, self._tokenizer, self._image_processor)
            read = inputs["input_ids"].shape[1]
            inputs = {
                name: value.to(self._network.device)
                for name, value in inputs.items()
                if name in self._takes
            }
            began = time.monotonic()
            try:
                tokens = self._network.generate(
                    **inputs,
                    do_sample=False,
                    max_new_tokens=self._settings.most_tokens,
                    max_time=self._settings.time_limit,
                    pad_token_id=self._tokenizer.pad_token_id,
                )
            except torch.OutOfMemoryError as error:
                raise ModelError(
                    "The memory does not suffice for an answer from these pictures; show the model"
                    " fewer moments with generator.moments."
                ) from error
            took = time.monotonic() - began
            if took > self._settings.time_limit:
                raise ModelError(
                    f"The model in generator.path wrote no whole answer in {took:.0f} s; allow it"
                    " more with generator.time_limit, or fewer moments with generator.moments."
                )
            words: str = self._tokenizer.decode(tokens[0, read:], skip_special_tokens=True)
        return words


def _from_folder(
    folder: Path, model: ModelSettings, generator: GeneratorSettings
) -> Qwen3VLGenerator:
    import torch  # noqa: PLC0415
    from transformers import (  # noqa: PLC0415
        AutoConfig,
        AutoImageProcessor,
        AutoTokenizer,
        Qwen3VLForConditionalGeneration,
    )

    device = _device(model)
    try:
        kind = AutoConfig.from_pretrained(folder).model_type
        if kind != "qwen3_vl":
            raise ModelError(
                f"The model in {folder} is a {kind}, not a Qwen3-VL instruct model: set"
                " generator.path to one, such as Qwen/Qwen3-VL-4B-Instruct."
            )
        network, report = Qwen3VLForConditionalGeneration.from_pretrained(
            folder,
            dtype=getattr(torch, _precision(model, device)),
            use_safetensors=True,
            output_loading_info=True,
        )
        tokenizer = AutoTokenizer.from_pretrained(folder)
        image_processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
        network = network.eval().to(device)
    except ModelError:
        raise
    except Exception as error:  # transformers raises whatever its parts do
        raise ModelError(
            f"The model in {folder} cannot be loaded as a Qwen3-VL instruct model:"
            f" {_first_line(error)}."
        ) from error
    if report["missing_keys"]:
        raise ModelError(
            f"The weights in {folder} lack {len(report['missing_keys'])} of the model's parts, such"
            f" as {min(report['missing_keys'])}: download all its files again."
        )
    return Qwen3VLGenerator(network, tokenizer, image_processor, generator)


def _device(settings: ModelSettings) -> str:
    import torch  # noqa: PLC0415

    has_gpu = bool(torch.cuda.is_available())
    if settings.device == "cuda" and not has_gpu:
        raise ModelError(
            "torch finds no GPU here; set model.device to auto or cpu, or install a torch built"
            " for this machine's GPU."
        )
    if settings.device == "auto":
        return "cuda" if has_gpu else "cpu"
    return settings.device


def _precision(settings: ModelSettings, device: str) -> str:
    if settings.precision != "auto":
        return settings.precision
    return "bfloat16" if device == "cuda" else "float32"


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0].rstrip(".") or type(error).__name__
