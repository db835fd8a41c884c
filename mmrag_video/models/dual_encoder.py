"""Dual encoders of the transformers library: CLIP, SigLIP, SigLIP2 and their kin.

One tower reads pictures, one reads words, both into the same space. The weights come from the
folder or the hub name in `model.path`. Runs on the CPU in 32-bit floats.
"""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pictures

from mmrag_video.errors import ModelError
from mmrag_video.models.base import FrameEmbedding, Model, Query, Vector
from mmrag_video.models.cards import ModelCard
from mmrag_video.models.checkpoint_folder import find_checkpoint
from mmrag_video.settings import ModelSettings
from mmrag_video.video.frames import Image
from mmrag_video.video.sampled import SampledFrame

# Raised when this module prepares pictures or words in another way, since the vectors change.
_PREPARATION = "1"
# SigLIP learned on lower-case text filled up to the full length, the filling not masked: a shorter
# or a masked input gives vectors it never saw.
_SIGLIP_TYPES = frozenset({"siglip", "siglip2"})
_AS_SIGLIP_LEARNED = {"padding": "max_length", "return_attention_mask": False}
_NEEDED_FILES = (
    ("config.json",),
    ("preprocessor_config.json", "processor_config.json"),
    ("*.safetensors",),
    ("tokenizer.json", "vocab.json", "vocab.txt", "*.model"),
)


@dataclass(frozen=True)
class Checkpoint:
    """A dual encoder as transformers loads it."""

    network: Any
    tokenizer: Any
    image_processor: Any
    weights: str
    """SHA-256 of the folder's files, or the hub's commit."""


def load(settings: ModelSettings, card: ModelCard) -> Model:
    """The dual encoder in `settings.path`, else the card's own. It has no reranker.

    Raises ModelError where a package, the folder, the hub or a file of the model is missing, or
    where the model is of another kind.
    """
    source = settings.path or card.weights
    if source is None:
        raise ModelError(
            "The model dual-encoder needs model.path: a folder with its files, or a hub name"
            " such as google/siglip2-base-patch16-256."
        )
    try:
        import torch  # noqa: PLC0415  Only now: it takes seconds, and is not always installed.
        import transformers  # noqa: PLC0415
    except ImportError as error:
        raise ModelError(
            f"The model {card.name} needs torch and transformers:"
            " run pip install 'mmrag-video[models]'."
        ) from error
    if settings.threads:
        torch.set_num_threads(settings.threads)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    folder = find_checkpoint(source, _NEEDED_FILES)
    checkpoint = _from_folder(folder.path, folder.weights)
    return Model(DualEncoder(card.name, checkpoint, settings.batch), reranker=None)


class DualEncoder:
    """An embedder of pictures and words, whatever the architecture."""

    shortest_prefix = None

    def __init__(self, name: str, checkpoint: Checkpoint, batch: int) -> None:
        self.name = name
        self._checkpoint = checkpoint
        self._batch = batch
        # A tokenizer keeps its padding as state: two threads in it fail with "Already borrowed".
        self._lock = threading.Lock()
        word, picture = self._probe()
        if word.shape != picture.shape or word.ndim != 1:
            raise ModelError(
                f"The {self._class_name} in model.path is not a dual encoder: its vectors of words"
                f" {word.shape} and of pictures {picture.shape} do not share a space."
            )
        self._dimensions = len(word)

    @property
    def dimensions(self) -> int:
        """Length of every vector."""
        return self._dimensions

    @property
    def identity(self) -> Mapping[str, str]:
        """Architecture, weights, and the way pictures and words are prepared."""
        return {
            "class": self._class_name,
            "weights": self._checkpoint.weights,
            "preparation": _PREPARATION,
        }

    def embed_frames(self, frames: Sequence[SampledFrame]) -> list[FrameEmbedding]:
        """One vector per frame, without facts: a dual encoder cannot say what it saw."""
        vectors: list[Vector] = []
        for start in range(0, len(frames), self._batch):
            vectors += self._embed_images(
                [frame.image for frame in frames[start : start + self._batch]]
            )
        return [FrameEmbedding(vector, facts={}) for vector in vectors]

    def embed_query(self, query: Query) -> Vector:
        """The place of the words, of the picture, or halfway between the two."""
        vectors = []
        if query.text is not None:
            vectors.append(self._embed_text(query.text))
        if query.image is not None:
            vectors += self._embed_images([query.image])
        if not vectors:
            raise ModelError("A query needs words, a picture, or both.")
        return _unit(np.mean(vectors, axis=0))

    def _probe(self) -> tuple[Vector, Vector]:
        try:
            return self._embed_text("a"), self._embed_images([_BLANK])[0]
        except (ValueError, TypeError, RuntimeError) as error:
            raise ModelError(
                f"The files of the {self._class_name} in model.path do not fit together:"
                f" {_first_line(error)}."
            ) from error

    def _embed_images(self, images: Sequence[Image]) -> list[Vector]:
        # The layout is said, because a picture three pixels high is else taken for three channels.
        inputs = self._checkpoint.image_processor(
            images=[Pictures.fromarray(image) for image in images],
            input_data_format="channels_last",
            return_tensors="pt",
        )
        return self._run(self._checkpoint.network.get_image_features, inputs)

    def _embed_text(self, text: str) -> Vector:
        config = self._checkpoint.network.config
        longest = config.get_text_config().max_position_embeddings
        as_trained = _AS_SIGLIP_LEARNED if config.model_type in _SIGLIP_TYPES else {}
        words = text.lower() if as_trained else text
        with self._lock:
            inputs = self._checkpoint.tokenizer(
                [words],
                max_length=longest,
                truncation=True,
                return_token_type_ids=False,
                return_tensors="pt",
                **as_trained,
            )
        return self._run(self._checkpoint.network.get_text_features, inputs)[0]

    def _run(self, tower: Callable[..., Any], inputs: Mapping[str, Any]) -> list[Vector]:
        import torch  # noqa: PLC0415

        with torch.inference_mode():
            features = tower(**inputs)
        # transformers 4 returns the tensor itself, 5 an object that holds it.
        features = getattr(features, "pooler_output", features)
        return [_unit(feature) for feature in features.float().numpy()]

    @property
    def _class_name(self) -> str:
        return type(self._checkpoint.network).__name__


_BLANK: Image = np.full((32, 32, 3), 127, dtype=np.uint8)


def _unit(vector: NDArray[np.float32]) -> Vector:
    length = np.linalg.norm(vector)
    if not np.isfinite(length) or length == 0:
        raise ModelError(
            "The dual encoder gave a vector without direction: its weights in model.path are"
            " damaged, fetch them again."
        )
    return (vector / length).astype(np.float32)


def _from_folder(folder: Path, weights: str) -> Checkpoint:
    """Pictures are prepared by Pillow: the same everywhere, and torchvision is not needed."""
    import torch  # noqa: PLC0415
    from transformers import AutoImageProcessor, AutoModel, AutoTokenizer  # noqa: PLC0415

    try:
        network, report = AutoModel.from_pretrained(
            folder, dtype=torch.float32, use_safetensors=True, output_loading_info=True
        )
        tokenizer = AutoTokenizer.from_pretrained(folder)
        image_processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
    except Exception as error:  # transformers raises whatever its parts do
        raise ModelError(
            f"The model in {folder} cannot be loaded as a dual encoder: {_first_line(error)}."
        ) from error
    _check_network(network, report["missing_keys"], folder)
    return Checkpoint(network.eval(), tokenizer, image_processor, weights)


def _check_network(network: Any, missing: Collection[str], folder: Path) -> None:
    """Refuses other architectures, and weights that transformers would make up at random."""
    if not (hasattr(network, "get_text_features") and hasattr(network, "get_image_features")):
        raise ModelError(
            f"The model in {folder} is a {type(network).__name__}, not a dual encoder: set"
            " model.path to a CLIP, SigLIP or SigLIP2 model."
        )
    if missing:
        raise ModelError(
            f"The weights in {folder} lack {len(missing)} of the model's parts, such as"
            f" {min(missing)}: download all its files again."
        )


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0].rstrip(".") or type(error).__name__
