"""A dual encoder is exported whole and true, or not at all."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("transformers", reason="the extra `models` is not installed")
pytest.importorskip("onnxruntime", reason="the extra `onnx` is not installed")
pytest.importorskip("onnxscript", reason="the extra `onnx` is not installed")

from mmrag_video.errors import ModelError, UsageError
from mmrag_video.models.base import Query
from mmrag_video.models.dual_encoder.variant import Quantization, read_variant
from tests import checkpoints
from tests.exporting import TEXTS, embedder_of, write_variant


@pytest.fixture(scope="module")
def original(tmp_path_factory) -> Path:
    return checkpoints.write_clip(tmp_path_factory.mktemp("checkpoints") / "clip")


@pytest.fixture(scope="module")
def exported(original, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("exported") / "new" / "clip"
    write_variant(original, folder, Quantization.NONE)
    return folder


@pytest.mark.slow
def test_an_export_done_again_is_the_same_files(original, exported, tmp_path):
    again = write_variant(original, tmp_path / "again", Quantization.NONE)
    assert again.files == read_variant(exported).files
    written = (tmp_path / "again" / "pictures.onnx").read_bytes()
    assert b"site-packages" not in written, "where this machine keeps its packages"


# What 8 bits cannot do


def write_outliers(folder: Path, throughout: bool) -> Path:
    """A SigLIP in which some values are far larger than all others, as in trained transformers.

    One number of what a multiplication gets is huge, and its weights make nothing of it: whole, the
    model is hardly another. In one multiplication, or in five of every layer's six.
    """
    from safetensors.torch import load_file, save_file

    checkpoints.write_siglip(folder)
    weights = load_file(folder / "model.safetensors")
    huge = {"mlp.fc1": ("mlp.fc2",)}
    if throughout:
        attention = tuple(f"self_attn.{one}_proj" for one in "qkv")
        huge |= {"layer_norm1": attention, "layer_norm2": ("mlp.fc1",)}
    for layer in range(2 if throughout else 1):
        start = f"vision_model.encoder.layers.{layer}"
        for source, readers in huge.items():
            for reader in readers:
                weights[f"{start}.{reader}.weight"][:, 0] = 0
            weights[f"{start}.{source}.bias"][0] = 4000
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def test_multiplications_that_8_bits_would_spoil_stay_whole(tmp_path):
    original = write_outliers(tmp_path / "original", throughout=False)
    variant = write_variant(original, tmp_path / "int8", Quantization.INT8)
    assert variant.whole["pictures"] == 1
    assert variant.whole["words"] == 0
    assert variant.agreement["pictures"].worst >= 0.99


def test_what_8_bits_spoil_throughout_is_refused_and_nothing_is_written(tmp_path):
    original = write_outliers(tmp_path / "original", throughout=True)
    with pytest.raises(ModelError) as caught:
        write_variant(original, tmp_path / "int8", Quantization.INT8)
    sentence = str(caught.value)
    assert "vectors of pictures are not the original's: the worst cosine is" in sentence
    assert "0.99 is needed. Nothing was written; export it with --quantize none" in sentence
    assert [path.name for path in tmp_path.iterdir()] == ["original"]


def test_an_architecture_that_cannot_be_exported_is_told(tmp_path):
    original = checkpoints.write_clip(tmp_path / "original")
    config = original / "preprocessor_config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "do_center_crop": False}))
    with pytest.raises(ModelError, match="prepared by CLIPImageProcessor, which only transformers"):
        write_variant(original, tmp_path / "onnx", Quantization.NONE)
    assert [path.name for path in tmp_path.iterdir()] == ["original"]


def test_a_folder_that_is_there_is_not_overwritten(original, tmp_path):
    with pytest.raises(UsageError, match="exists already: name a new folder with --to"):
        write_variant(original, tmp_path, Quantization.NONE)


def test_an_exported_model_is_not_exported_again(exported, tmp_path):
    with pytest.raises(ModelError, match="is exported already: set model"):
        write_variant(exported, tmp_path / "again", Quantization.NONE)


def test_without_the_packages_the_remedy_is_named(original, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(ModelError, match=r"pip install 'mmrag-video\[models,onnx\]'"):
        write_variant(original, tmp_path / "new", Quantization.NONE)


# Words


@pytest.mark.slow
def test_siglips_own_tokenizer_is_exported_with_its_rules(tmp_path):
    """SigLIP comes with a SentencePiece model instead of a tokenizer.json."""
    original = checkpoints.write_siglip_with_sentencepiece(tmp_path / "original")
    exported = tmp_path / "onnx"
    write_variant(original, exported, Quantization.NONE)
    torchs, onnxs = embedder_of(original), embedder_of(exported)
    for text in [*TEXTS, "A Person, at the GATE!", "don't  stop", "½ ﬁne", "  spaces "]:
        expected, found = (one.embed_query(Query(text=text)) for one in (torchs, onnxs))
        assert np.abs(expected - found).max() < 1e-4, text
    shouted, spoken = (onnxs.embed_query(Query(text=text)) for text in ("A CAR!", "a car"))
    assert np.array_equal(shouted, spoken)
