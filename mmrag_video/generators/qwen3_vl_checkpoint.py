"""Loads a Qwen3-VL instruct model from a folder or the hub, and refuses what is not whole."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmrag_video.errors import ModelError
from mmrag_video.models.checkpoint_folder import find_checkpoint
from mmrag_video.settings import ModelSettings

_NEEDED_FILES = (
    ("config.json",),
    ("preprocessor_config.json", "processor_config.json"),
    ("*.safetensors",),
    ("tokenizer.json", "vocab.json"),
)
_KIND = "qwen3_vl"


@dataclass(frozen=True)
class Checkpoint:
    """An instruct model as transformers loads it."""

    network: Any
    tokenizer: Any
    image_processor: Any


def load_checkpoint(source: str, settings: ModelSettings) -> Checkpoint:
    """The model in the folder or of the hub name `source`, run as the settings say.

    Raises ModelError where a package, the folder, the hub or a file of the model is missing, where
    there is no such device, or where the model is of another kind.
    """
    try:
        import torch  # noqa: PLC0415  Only now: it takes seconds, and is not always installed.
        import transformers  # noqa: PLC0415
    except ImportError as error:
        raise ModelError(
            "The generator in generator.path needs torch and transformers:"
            " run pip install 'mmrag-video[models]'."
        ) from error
    if settings.threads:
        torch.set_num_threads(settings.threads)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    device = _device(settings)
    folder = find_checkpoint(source, _NEEDED_FILES, "generator.path").path
    return _from_folder(folder, device, getattr(torch, _precision(settings, device)))


def _from_folder(folder: Path, device: str, precision: Any) -> Checkpoint:
    """Pictures are prepared by Pillow: the same everywhere, and torchvision is not needed."""
    import transformers  # noqa: PLC0415

    try:
        kind = transformers.AutoConfig.from_pretrained(folder).model_type
        if kind == _KIND:
            network, report = transformers.Qwen3VLForConditionalGeneration.from_pretrained(
                folder, dtype=precision, use_safetensors=True, output_loading_info=True
            )
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
            pictures = transformers.AutoImageProcessor.from_pretrained(folder, backend="pil")
    except Exception as error:  # transformers raises whatever its parts do
        raise ModelError(
            f"The model in {folder} cannot be loaded as a Qwen3-VL instruct model:"
            f" {_first_line(error)}."
        ) from error
    if kind != _KIND:
        raise ModelError(
            f"The model in {folder} is of the kind {kind}, not {_KIND}: set generator.path to a"
            " Qwen3-VL instruct model, such as Qwen/Qwen3-VL-4B-Instruct."
        )
    if report["missing_keys"]:
        raise ModelError(
            f"The weights in {folder} lack {len(report['missing_keys'])} of the model's parts, such"
            f" as {min(report['missing_keys'])}: download all its files again."
        )
    return Checkpoint(network.eval().to(device), tokenizer, pictures)


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
