"""Dual encoders: CLIP, SigLIP, SigLIP2 and what else transformers loads as one.

One tower reads pictures, one reads words, both into the same space. The weights come from the
folder or the hub name in `model.path`, else from the card's: as published, then torch computes
them, or as `mmrag-video models export` wrote them, then ONNX Runtime does, without torch.
"""

import os
from pathlib import Path

from mmrag_video.errors import ModelSettingsError
from mmrag_video.models.base import Model
from mmrag_video.models.cards import ModelCard
from mmrag_video.models.checkpoint_folder import find_checkpoint
from mmrag_video.models.dual_encoder.embedder import DualEncoder
from mmrag_video.models.dual_encoder.onnx_towers import load_onnx_towers
from mmrag_video.models.dual_encoder.torch_towers import TorchTowers, load_torch_towers
from mmrag_video.models.dual_encoder.towers import Towers
from mmrag_video.models.dual_encoder.variant import is_variant
from mmrag_video.settings import ModelSettings

# Else ONNX Runtime notes what it does in the user's home, to be sent to its makers. It looks at
# this while it is imported, which happens in this package alone.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

_NEEDED_FILES = (
    ("config.json",),
    ("preprocessor_config.json", "processor_config.json"),
    ("*.safetensors",),
    ("tokenizer.json", "vocab.json", "vocab.txt", "*.model"),
)


def load(settings: ModelSettings, card: ModelCard) -> Model:
    """The dual encoder in `settings.path`, else the card's own. It has no reranker.

    Raises ModelError where a package, the folder, the hub or a file of the model is missing, or
    where the model is of another kind.
    """
    return Model(DualEncoder(card.name, _towers(settings, card)), reranker=None)


def load_published(settings: ModelSettings, card: ModelCard) -> TorchTowers:
    """The towers as they are published, computed by torch. Raises ModelError as `load` does."""
    source = source_of(settings, card)
    if is_variant(Path(source).expanduser()):
        raise ModelSettingsError(
            f"The model in {source} is exported already: set model.path to the one that it was"
            " exported from."
        )
    return load_torch_towers(find_checkpoint(source, _NEEDED_FILES), settings, card)


def source_of(settings: ModelSettings, card: ModelCard) -> str:
    """Folder or hub name. Raises ModelError where neither is set nor known."""
    source = settings.path or card.weights
    if source is None:
        raise ModelSettingsError(
            "The model dual-encoder needs model.path: a folder with its files, or a hub name"
            " such as google/siglip2-base-patch16-256."
        )
    return source


def _towers(settings: ModelSettings, card: ModelCard) -> Towers:
    folder = Path(source_of(settings, card)).expanduser()
    if is_variant(folder):
        return load_onnx_towers(folder, settings)
    return load_published(settings, card)
