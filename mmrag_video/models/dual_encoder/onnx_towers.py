"""The towers of an exported model, computed by ONNX Runtime on a CPU, without torch.

Each picture is computed by itself, in one thread; several threads compute several pictures. That
keeps every processor busy with preparation and all, and a picture's vector is the same to the last
bit whatever comes with it: 8-bit numbers are scaled by the largest of all that is computed at once.
It costs a tenth against batches of eight (CLIP ViT-B/32, 8 bits, one thread).
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmrag_video.errors import ModelError
from mmrag_video.models.drawn import DRAWN
from mmrag_video.models.dual_encoder.naflex import NaflexPreparation, scaled_places
from mmrag_video.models.dual_encoder.pictures import preparation_of, read_config
from mmrag_video.models.dual_encoder.processors import worker_count
from mmrag_video.models.dual_encoder.towers import PREPARATION, Features
from mmrag_video.models.dual_encoder.variant import (
    PICTURES,
    PLACES,
    TOKENIZER,
    WORDS,
    Quantization,
    Variant,
    read_variant,
)
from mmrag_video.models.dual_encoder.words import FileTokenizer
from mmrag_video.models.torch_loading import unit
from mmrag_video.settings import ModelSettings
from mmrag_video.video.frames import Image

PictureInputs = Callable[[Image], Mapping[str, NDArray[Any]]]
"""The inputs of a tower for one picture, as a batch of one."""
_SAME = 0.999
"""Least cosine with the vectors of the machine that exported. Rounding differs between processors
by 1e-6; sums of 8-bit products that overflow give something else altogether."""


class OnnxTowers:
    """Both towers of an exported model. Threads may call it: ONNX Runtime's sessions bear it."""

    def __init__(self, folder: Path, variant: Variant, threads: int) -> None:
        self.variant = variant
        self._pictures = session(folder / PICTURES)
        self._words = session(folder / WORDS)
        self.prepare = picture_inputs(folder, variant.model_type)
        self.tokenizer = FileTokenizer(folder / TOKENIZER, variant.words)
        self._workers = ThreadPoolExecutor(worker_count(threads), "embed")

    @property
    def identity(self) -> Mapping[str, str]:
        """Of the source's weights, and of what became of them."""
        parts = "".join(sorted(self.variant.files.values()))
        return {
            "class": self.variant.architecture,
            "weights": self.variant.weights,
            "preparation": PREPARATION,
            "quantization": self.variant.quantization.value,
            "onnx": hashlib.sha256(parts.encode()).hexdigest(),
        }

    def pictures(self, images: Sequence[Image]) -> Features:
        """As many at a time as there are threads."""
        return np.concatenate(list(self._workers.map(self._picture, images)))

    def words(self, text: str) -> Features:
        """One row."""
        return run(self._words, {"input_ids": self.tokenizer(text)})

    def _picture(self, image: Image) -> Features:
        return run(self._pictures, self.prepare(image))


def load_onnx_towers(folder: Path, settings: ModelSettings) -> OnnxTowers:
    """The exported model in a folder.

    Raises ModelError where ONNX Runtime is missing, a file is missing or damaged, or the model
    says something else than it did where it was made.
    """
    variant = read_variant(folder)
    if settings.device == "cuda":
        raise ModelError(
            f"The exported model {folder} runs on a CPU: set model.device to auto or cpu, or"
            " model.path to the model that it was exported from."
        )
    try:
        import onnxruntime  # noqa: F401, PLC0415
        import tokenizers  # noqa: F401, PLC0415
    except ImportError as error:
        raise ModelError(
            f"The exported model {folder} needs ONNX Runtime: run pip install 'mmrag-video[onnx]'."
        ) from error
    towers = OnnxTowers(folder, variant, settings.threads)
    check_as_made(towers, folder)
    return towers


def check_as_made(towers: OnnxTowers, folder: Path) -> None:
    """Raises ModelError unless the vectors of a drawn scene are those that they were."""
    made = towers.variant.self_test
    picture, words = towers.pictures([DRAWN[0].image])[0], towers.words(DRAWN[0].caption)[0]
    for tower, before, now in ((PICTURES, made.pictures, picture), (WORDS, made.words, words)):
        if not unit(np.array(before, np.float32)) @ unit(now) >= _SAME:
            kind = towers.variant.quantization
            remedy = "" if kind is Quantization.NONE else ", or without --quantize int8"
            raise ModelError(
                f"The tower {folder / tower} gives other vectors here than where it was made:"
                f" export it on this machine{remedy}."
            )


def session(file: Path) -> Any:
    """One graph, to be run in the thread that asks. Raises ModelError where it cannot be."""
    import onnxruntime  # noqa: PLC0415

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's errors have no common base
        raise ModelError(
            f"ONNX Runtime cannot load {file}: install the version that docs/dependencies.md"
            " names, or export the model again with `mmrag-video models export`."
        ) from error


def run(graph: Any, inputs: Mapping[str, NDArray[Any]]) -> Features:
    """(1, dimensions)."""
    features: Features = graph.run(None, dict(inputs))[0]
    return features


def picture_inputs(folder: Path, model_type: str) -> PictureInputs:
    """How the exported model in a folder wants its pictures."""
    prepare = preparation_of(read_config(folder, model_type))
    if isinstance(prepare, NaflexPreparation):
        return _naflex_inputs(prepare, np.load(folder / PLACES))
    if prepare is None:
        raise ModelError(f"The exported model {folder} is damaged: export it again.")
    return lambda image: {name: array[None] for name, array in prepare(image).items()}


def _naflex_inputs(prepare: NaflexPreparation, places: NDArray[np.float32]) -> PictureInputs:
    """A picture alone needs no filling, so there is nothing to mask."""

    def inputs(image: Image) -> Mapping[str, NDArray[Any]]:
        rows, columns = prepare.grid(image)
        patches = prepare.patches(image, rows, columns)
        return {
            "pixel_values": patches[None],
            "places": scaled_places(places, rows, columns)[None],
        }

    return inputs
