"""Loads Qwen3-VL from a folder or the hub, and refuses what is not whole or something else."""

import json
from collections.abc import Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmrag_video.errors import ModelError
from mmrag_video.models.checkpoint_folder import find_checkpoint
from mmrag_video.models.qwen3_vl.prompts import PICTURE_TOKEN, RUN_TOKEN, Prompts
from mmrag_video.models.qwen3_vl.readings import Placeholders
from mmrag_video.models.qwen3_vl.sizes import MERGE, PATCH
from mmrag_video.models.torch_loading import (
    chosen_device,
    chosen_precision,
    first_line,
    prepare_torch,
    refuse_missing,
)
from mmrag_video.settings import ModelSettings

if TYPE_CHECKING:
    import torch

_NEEDED_FILES = (
    ("config.json",),
    ("preprocessor_config.json", "processor_config.json"),
    ("*.safetensors",),
    ("tokenizer.json", "vocab.json"),
)
_KIND = "qwen3_vl"
_HEAD = frozenset({"lm_head.weight"})
Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Checkpoint:
    """A Qwen3-VL and what goes with it."""

    whole: Any
    """A Qwen3VLForConditionalGeneration of transformers, on the CPU but for its body."""
    prompts: Prompts
    placeholders: Placeholders
    mean: Colour
    """Of red, green and blue, 0 to 1, that the model learned with."""
    deviation: Colour
    weights: str
    """SHA-256 of the folder's files, or the hub's commit."""

    @property
    def body(self) -> Any:
        """The Qwen3VLModel in it, where it is to compute."""
        return self.whole.model

    @property
    def head(self) -> "torch.Tensor":
        """(vocabulary, dimensions): reads off how likely each token comes next."""
        head: torch.Tensor = self.whole.lm_head.weight.detach()
        return head


def load_checkpoint(
    name: str, source: str, settings: ModelSettings, setting: str, needs_head: bool
) -> Checkpoint:
    """The model in the folder or of the hub name `source`, which stands in `setting`.

    `needs_head`: whether weights without one are refused; else what stands there may be anything.
    Raises ModelError where a package, the folder, the hub, a file or a part of the weights is
    missing, where there is no such device, or where the model is of another kind.
    """
    prepare_torch(name, settings.threads)
    device = chosen_device(settings)
    folder = find_checkpoint(source, _NEEDED_FILES, setting)
    precision = chosen_precision(settings, device)
    config, tokenizer, model, missing = _from_folder(folder.path, precision, setting)
    refuse_missing(missing if needs_head else missing - _HEAD, folder.path)
    placeholders = Placeholders(config.image_token_id, config.video_token_id)
    prompts = Prompts(tokenizer, folder.path)
    _check_tokens(prompts, placeholders, folder.path)
    mean, deviation = _normalisation(folder.path)
    model.eval().model.to(device)
    return Checkpoint(model, prompts, placeholders, mean, deviation, folder.weights)


def _from_folder(
    folder: Path, precision: "torch.dtype", setting: str
) -> tuple[Any, Any, Any, Set[str]]:
    """The configuration, the tokenizer, the model on the CPU, and the names of missing parts."""
    import transformers  # noqa: PLC0415

    try:
        config = transformers.AutoConfig.from_pretrained(folder)
        if config.model_type == _KIND:
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
            model, report = transformers.Qwen3VLForConditionalGeneration.from_pretrained(
                folder,
                config=config,
                dtype=precision,
                use_safetensors=True,
                output_loading_info=True,
            )
    except Exception as error:  # transformers raises whatever its parts do
        raise ModelError(
            f"The model in {folder} cannot be loaded as Qwen3-VL: {first_line(error)}."
        ) from error
    if config.model_type != _KIND:
        raise ModelError(
            f"The model in {folder} is of the kind {config.model_type}, not {_KIND}: set {setting}"
            " to a Qwen3-VL model."
        )
    return config, tokenizer, model, frozenset(report["missing_keys"])


def _check_tokens(prompts: Prompts, placeholders: Placeholders, folder: Path) -> None:
    found = prompts.token(PICTURE_TOKEN), prompts.token(RUN_TOKEN)
    if found != (placeholders.picture, placeholders.run):
        raise ModelError(
            f"The files in {folder} are of different models: the tokenizer's numbers for pictures"
            f" and runs are {found}, the weights' {(placeholders.picture, placeholders.run)};"
            " download them again."
        )


def _normalisation(folder: Path) -> tuple[Colour, Colour]:
    """Mean and standard deviation of the colours, 0 to 1, as the image processor's file has them.

    Raises ModelError where pictures are to be cut otherwise than Qwen3-VL cuts them.
    """
    file = folder / "preprocessor_config.json"
    if not file.is_file():
        file = folder / "processor_config.json"
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        found = found.get("image_processor", found)
        mean, deviation = _three(found, "image_mean"), _three(found, "image_std")
        cut = found["patch_size"], found["merge_size"]
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ModelError(
            f"The file {file} does not say how pictures are prepared ({first_line(error)}):"
            " download it again."
        ) from error
    if cut != (PATCH, MERGE):
        raise ModelError(
            f"The file {file} cuts pictures into patches of {cut}, which is not Qwen3-VL's"
            f" {(PATCH, MERGE)}: download the model again, with all its files."
        )
    return mean, deviation


def _three(found: Mapping[str, Any], name: str) -> Colour:
    red, green, blue = map(float, found[name])
    return red, green, blue
