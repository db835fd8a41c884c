"""What every model that torch computes needs: torch itself, a device, a number format."""

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mmrag_video.errors import ModelError
from mmrag_video.models.base import Vector
from mmrag_video.settings import ModelSettings

if TYPE_CHECKING:  # It takes seconds, and is not always installed.
    import torch


def prepare_torch(name: str, threads: int) -> None:
    """Imports torch and transformers for the model of this name, and keeps transformers quiet.

    `threads`: that torch computes with on a CPU; 0 lets it choose. Raises ModelError where one of
    the two is not installed.
    """
    try:
        import torch  # noqa: PLC0415
        import transformers  # noqa: PLC0415
    except ImportError as error:
        raise ModelError(
            f"The model {name} needs torch and transformers: run pip install 'mmrag-video[models]'."
        ) from error
    if threads:
        torch.set_num_threads(threads)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()


def chosen_device(settings: ModelSettings) -> "torch.device":
    """Where `model.device` has torch compute. Raises ModelError where there is no such thing."""
    import torch  # noqa: PLC0415

    there_is_one = torch.cuda.is_available()
    if settings.device == "cuda" and not there_is_one:
        raise ModelError(
            "There is no GPU that torch can use here: set model.device to cpu, or install a driver"
            " and a torch that fit the GPU."
        )
    return torch.device("cuda" if there_is_one and settings.device != "cpu" else "cpu")


def chosen_precision(settings: ModelSettings, device: "torch.device") -> "torch.dtype":
    """The number format of `model.precision`, which changes vectors in their third digit."""
    import torch  # noqa: PLC0415

    if settings.precision == "auto":
        return torch.float32 if device.type == "cpu" else torch.bfloat16
    precision: torch.dtype = getattr(torch, settings.precision)
    return precision


def refuse_missing(missing: Collection[str], folder: Path) -> None:
    """Raises ModelError where transformers would make up parts of a model at random."""
    if missing:
        raise ModelError(
            f"The weights in {folder} lack {len(missing)} of the model's parts, such as"
            f" {min(missing)}: download all its files again."
        )


def unit(vector: NDArray[np.float32], setting: str = "model.path") -> Vector:
    """The vector at length 1. Raises ModelError where it has no direction."""
    length = np.linalg.norm(vector)
    if not np.isfinite(length) or length == 0:
        raise ModelError(
            f"The model gave a vector without direction: its weights in {setting} are damaged,"
            " fetch them again."
        )
    return (vector / length).astype(np.float32)


def first_line(error: BaseException) -> str:
    """What a library says went wrong, short enough to stand in a sentence."""
    return str(error).strip().split("\n")[0].rstrip(".") or type(error).__name__
