"""The towers as transformers loads them, computed by torch on a CPU or a GPU."""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mmrag_video.errors import ModelError
from mmrag_video.models.cards import ModelCard
from mmrag_video.models.checkpoint_folder import CheckpointFolder
from mmrag_video.models.dual_encoder.pictures import (
    Inputs,
    PicturePreparation,
    preparation_of,
    read_config,
)
from mmrag_video.models.dual_encoder.processors import worker_count
from mmrag_video.models.dual_encoder.towers import PREPARATION, Features
from mmrag_video.models.dual_encoder.words import Ids, WordRecipe
from mmrag_video.models.torch_loading import (
    chosen_device,
    chosen_precision,
    first_line,
    prepare_torch,
    refuse_missing,
)
from mmrag_video.settings import ModelSettings
from mmrag_video.video.frames import Image

# SigLIP learned on lower-case text filled up to the full length, the filling not masked: a shorter
# or a masked input gives vectors it never saw.
_SIGLIP_TYPES = frozenset({"siglip", "siglip2"})


class TorchTowers:
    """Both towers of a network that transformers has loaded."""

    def __init__(
        self,
        network: Any,
        words: "TransformersTokenizer",
        pictures: PicturePreparation,
        picture_config: Mapping[str, Any],
        identity: Mapping[str, str],
        settings: ModelSettings,
    ) -> None:
        self.network = network
        self.tokenizer = words
        self.prepare = pictures
        self.picture_config = picture_config
        self.identity = identity
        self._batch = settings.batch
        # Pillow lets go of the interpreter while it scales, so threads prepare several at a time.
        self._workers = ThreadPoolExecutor(worker_count(settings.threads), "prepare")

    def pictures(self, images: Sequence[Image]) -> Features:
        """`model.batch` of them at a time."""
        parts = [
            self._pictures_at_once(images[start : start + self._batch])
            for start in range(0, len(images), self._batch)
        ]
        return np.concatenate(parts)

    def words(self, text: str) -> Features:
        """Not masked: a text alone needs no filling, and SigLIP's filling is not masked either."""
        return self._run(self.network.get_text_features, {"input_ids": self.tokenizer(text)})

    def _pictures_at_once(self, images: Sequence[Image]) -> Features:
        prepared = list(self._workers.map(self.prepare, images))
        inputs = {name: np.stack([one[name] for one in prepared]) for name in prepared[0]}
        return self._run(self.network.get_image_features, inputs)

    def _run(self, tower: Any, inputs: Mapping[str, Any]) -> Features:
        import torch  # noqa: PLC0415

        tensors = {name: self._tensor(torch.from_numpy(array)) for name, array in inputs.items()}
        with torch.inference_mode():
            features = tower(**tensors)
        # transformers 4 returns the tensor itself, 5 an object that holds it.
        features = getattr(features, "pooler_output", features)
        found: Features = features.float().cpu().numpy()
        return found

    def _tensor(self, tensor: Any) -> Any:
        if tensor.is_floating_point():
            return tensor.to(self.network.device, self.network.dtype)
        return tensor.to(self.network.device)


class TransformersTokenizer:
    """The tokenizer as transformers loads it."""

    def __init__(self, tokenizer: Any, recipe: WordRecipe) -> None:
        self.tokenizer = tokenizer
        self.recipe = recipe
        # It keeps its padding as state: two threads in it fail with "Already borrowed".
        self._lock = threading.Lock()

    def __call__(self, text: str) -> Ids:
        """(1, tokens)."""
        with self._lock:
            encoded = self.tokenizer(
                [text.lower() if self.recipe.lower_case else text],
                max_length=self.recipe.longest,
                truncation=True,
                padding="max_length" if self.recipe.filled else False,
                return_attention_mask=False,
                return_token_type_ids=False,
            )
        return np.asarray(encoded["input_ids"], np.int64)


def load_torch_towers(
    folder: CheckpointFolder, settings: ModelSettings, card: ModelCard
) -> TorchTowers:
    """The dual encoder in a complete folder.

    Raises ModelError where a package is missing or the model is of another kind.
    """
    prepare_torch(card.name, settings.threads)
    import transformers  # noqa: PLC0415

    device = chosen_device(settings)
    precision = chosen_precision(settings, device)
    try:
        network, report = transformers.AutoModel.from_pretrained(
            folder.path,
            dtype=precision,
            use_safetensors=True,
            output_loading_info=True,
        )
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder.path)
        picture_config = read_config(folder.path, network.config.model_type)
        pictures = _picture_preparation(folder.path, picture_config)
    except Exception as error:  # transformers raises whatever its parts do
        raise ModelError(
            f"The model in {folder.path} cannot be loaded as a dual encoder: {first_line(error)}."
        ) from error
    _refuse_others(network, folder.path)
    refuse_missing(report["missing_keys"], folder.path)
    network = network.eval().to(device)
    words = TransformersTokenizer(tokenizer, _word_recipe(network.config, tokenizer))
    identity = {
        "class": type(network).__name__,
        "weights": folder.weights,
        "preparation": PREPARATION,
        **_precision_part(precision),
    }
    return TorchTowers(network, words, pictures, picture_config, identity, settings)


def _precision_part(precision: Any) -> Mapping[str, str]:
    """32-bit floats are what an index is taken to be made with, where it says nothing."""
    name = str(precision).removeprefix("torch.")
    return {} if name == "float32" else {"precision": name}


def _picture_preparation(folder: Path, config: Mapping[str, Any]) -> PicturePreparation:
    """Ours where it is known to be the same, else the processor of transformers."""
    ours = preparation_of(config)
    if ours is not None:
        return ours
    from transformers import AutoImageProcessor  # noqa: PLC0415

    processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
    return partial(_by_transformers, processor)


def _by_transformers(processor: Any, image: Image) -> Inputs:
    # The layout is said, because a picture three pixels high is else taken for three channels.
    inputs = processor(images=[image], input_data_format="channels_last", return_tensors="np")
    return {name: array[0] for name, array in inputs.items()}


def _word_recipe(config: Any, tokenizer: Any) -> WordRecipe:
    siglip = config.model_type in _SIGLIP_TYPES
    text = config.get_text_config()
    longest = min(text.max_position_embeddings, tokenizer.model_max_length)
    return WordRecipe(
        longest=text.max_position_embeddings if siglip else longest,
        lower_case=siglip,
        filled=siglip,
        filling=tokenizer.pad_token_id or 0,
        filled_left=tokenizer.padding_side == "left",
    )


def _refuse_others(network: Any, folder: Path) -> None:
    if not (hasattr(network, "get_text_features") and hasattr(network, "get_image_features")):
        raise ModelError(
            f"The model in {folder} is a {type(network).__name__}, not a dual encoder: set"
            " model.path to a CLIP, SigLIP or SigLIP2 model."
        )
