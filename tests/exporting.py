"""Tiny dual encoders, exported for ONNX Runtime."""

from pathlib import Path

import numpy as np

from mmrag_video.models.base import Embedder, Query
from mmrag_video.models.cards import EMBEDDERS
from mmrag_video.models.dual_encoder.export import ComparedPictures, export
from mmrag_video.models.dual_encoder.variant import Quantization, Variant
from mmrag_video.models.registry import card_of, load_model
from mmrag_video.settings import ModelSettings
from tests.test_dual_encoder import frame, picture

TEXTS = ["a person", "", "x", "Zwei Personen am Geldautomaten", "门口的红色汽车", "a van " * 500]
SIZES = [(90, 160), (160, 90), (64, 64), (4, 4), (3, 200), (90, 160), (540, 960)]
FRAMES = [frame(picture(seed, *size)) for seed, size in enumerate(SIZES)]


def write_variant(original: Path, folder: Path, quantization: Quantization) -> Variant:
    card = card_of("dual-encoder", EMBEDDERS, "")
    settings = ModelSettings(name="dual-encoder", path=str(original))
    return export(settings, card, quantization, folder, ComparedPictures((), "drawn scenes"))


def embedder_of(folder: Path, **settings: object) -> Embedder:
    return load_model(ModelSettings(name="dual-encoder", path=str(folder), **settings)).embedder


def vectors(embedder: Embedder) -> tuple[np.ndarray, np.ndarray]:
    """Of FRAMES, and of TEXTS."""
    pictures = np.stack([found.vector for found in embedder.embed_frames(FRAMES)])
    return pictures, np.stack([embedder.embed_query(Query(text=text)) for text in TEXTS])
