"""Qwen3-VL-Embedding: words, pictures and runs of frames in one space, 2B or 8B.

Weights: https://huggingface.co/Qwen/Qwen3-VL-Embedding-2B; the vendor's own code, which the
vectors equal: https://github.com/QwenLM/Qwen3-VL-Embedding. The reranker is in reranker.py.
"""

from mmrag_video.errors import ModelError
from mmrag_video.models.base import Model
from mmrag_video.models.cards import ModelCard
from mmrag_video.models.qwen3_vl.checkpoint import load_checkpoint
from mmrag_video.models.qwen3_vl.embedder import Qwen3VLEmbedder
from mmrag_video.settings import ModelSettings


def load(settings: ModelSettings, card: ModelCard) -> Model:
    """The model in `settings.path`, else the card's own. Its reranker is a model of its own.

    Raises ModelError where a package, the folder, the hub, a file or a part of the weights is
    missing, or where the model is of another kind.
    """
    source = settings.path or card.weights
    if source is None:
        raise ModelError(f"The model {card.name} needs model.path: a folder or a hub name.")
    checkpoint = load_checkpoint(card.name, source, settings, "model.path", needs_head=False)
    return Model(Qwen3VLEmbedder(card.name, checkpoint, settings), reranker=None)
