"""Pictures and words are prepared to the last bit as transformers does, but without it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

transformers = pytest.importorskip("transformers", reason="the extra `models` is not installed")
torch = pytest.importorskip("torch", reason="the extra `models` is not installed")

from mmrag_video.models.dual_encoder.naflex import scaled_places  # noqa: E402
from mmrag_video.models.dual_encoder.pictures import preparation_of, read_config  # noqa: E402

CONFIGS: Mapping[str, Mapping[str, Any]] = {
    "clip": {"image_processor_type": "CLIPImageProcessor"},
    # As OpenAI's own, of 2021, has it.
    "old clip": {
        "feature_extractor_type": "CLIPFeatureExtractor",
        "size": 224,
        "crop_size": 224,
        "do_center_crop": True,
        "do_normalize": True,
        "do_resize": True,
        "image_mean": [0.48145466, 0.4578275, 0.40821073],
        "image_std": [0.26862954, 0.26130258, 0.27577711],
        "resample": 3,
    },
    "fast clip, odd crop": {
        "image_processor_type": "CLIPImageProcessorFast",
        "size": {"shortest_edge": 40},
        "crop_size": {"height": 33, "width": 38},
    },
    "not normalised": {"image_processor_type": "CLIPImageProcessor", "do_normalize": False},
    "siglip": {
        "image_processor_type": "SiglipImageProcessor",
        "size": {"height": 48, "width": 64},
    },
    "vit": {
        "image_processor_type": "ViTImageProcessor",
        "size": {"height": 48, "width": 48},
        "image_mean": [0.485, 0.456, 0.406],
        "image_std": [0.229, 0.224, 0.225],
    },
    "chinese clip": {
        "image_processor_type": "ChineseCLIPImageProcessor",
        "size": {"shortest_edge": 32},
        "crop_size": {"height": 32, "width": 32},
    },
    "naflex": {"image_processor_type": "Siglip2ImageProcessor", "max_num_patches": 60},
}


@pytest.fixture(scope="module", params=CONFIGS)
def both(request, tmp_path_factory) -> tuple[Any, Any]:
    """Our preparation and theirs, of one config."""
    folder = tmp_path_factory.mktemp("config")
    (folder / "preprocessor_config.json").write_text(json.dumps(CONFIGS[request.param]))
    (folder / "config.json").write_text(json.dumps({"model_type": "clip"}))
    ours = preparation_of(read_config(folder, "clip"))
    return ours, transformers.AutoImageProcessor.from_pretrained(folder, backend="pil")


@settings(max_examples=40, deadline=None)
@given(height=some.integers(1, 300), width=some.integers(1, 300), seed=some.integers(0, 9))
def test_pixels_are_those_of_transformers(both, height, width, seed):
    ours, theirs = both
    image = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    prepared = ours(image)
    expected = theirs(images=[image], input_data_format="channels_last", return_tensors="np")
    assert set(prepared) == set(expected)
    for name, array in prepared.items():
        assert np.array_equal(array, expected[name][0]), name


@pytest.mark.parametrize(
    "config",
    [
        {"image_processor_type": "EfficientNetImageProcessor"},
        {"image_processor_type": "CLIPImageProcessor", "do_resize": False},
        {"image_processor_type": "CLIPImageProcessor", "do_center_crop": False},
        {"image_processor_type": "CLIPImageProcessor", "crop_size": 300},
        {"image_processor_type": "SiglipImageProcessor", "do_pad": True},
        {"image_processor_type": "SiglipImageProcessor", "size": {"longest_edge": 64}},
        {"image_processor_type": None},
    ],
)
def test_what_is_not_known_to_be_the_same_is_left_to_transformers(config):
    assert preparation_of(config) is None


def test_a_config_inside_of_the_processors_goes_first_as_in_transformers(tmp_path: Path):
    (tmp_path / "preprocessor_config.json").write_text(json.dumps({"size": 10}))
    (tmp_path / "processor_config.json").write_text(json.dumps({"image_processor": {"size": 20}}))
    assert read_config(tmp_path, "siglip")["size"] == 20
    (tmp_path / "processor_config.json").write_text(json.dumps({"processor_class": "other"}))
    assert read_config(tmp_path, "siglip")["size"] == 10


@settings(max_examples=60, deadline=None)
@given(rows=some.integers(1, 40), columns=some.integers(2, 40), side=some.sampled_from([4, 16]))
def test_places_of_patches_are_scaled_as_torch_scales_them(rows, columns, side):
    """Not for a single column: torch 2.13 then repeats the first row. No picture is so narrow."""
    places = np.random.default_rng(rows).normal(size=(side, side, 8)).astype(np.float32)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(places).permute(2, 0, 1)[None],
        size=(rows, columns),
        mode="bilinear",
        align_corners=False,
        antialias=True,
    )
    expected = expected[0].permute(1, 2, 0).reshape(rows * columns, 8).numpy()
    assert np.abs(scaled_places(places, rows, columns) - expected).max() < 1e-5
