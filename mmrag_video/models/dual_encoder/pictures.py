"""From a picture to a tower's input, by what the model's preprocessor_config.json says.

Pillow scales and NumPy does the rest, so that neither torch nor torchvision is needed and the
pixels are the same everywhere. They are also, to the last bit, those of transformers' own
processors with `backend="pil"`; a test holds this module to that.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pictures

from mmrag_video.models.dual_encoder.naflex import NaflexPreparation
from mmrag_video.video.frames import Image

Inputs = Mapping[str, NDArray[Any]]
"""A tower's inputs by name, without the dimension that counts the pictures."""
CONFIG = "preprocessor_config.json"
PROCESSOR_CONFIG = "processor_config.json"

_BILINEAR, _BICUBIC = Pictures.Resampling.BILINEAR, Pictures.Resampling.BICUBIC
_CLIP_COLOURS = {
    "image_mean": (0.48145466, 0.4578275, 0.40821073),
    "image_std": (0.26862954, 0.26130258, 0.27577711),
}
_HALVES = {"image_mean": (0.5, 0.5, 0.5), "image_std": (0.5, 0.5, 0.5)}
_ALWAYS = {
    "do_resize": True,
    "do_rescale": True,
    "rescale_factor": 1 / 255,
    "do_normalize": True,
    "do_center_crop": False,
    "do_pad": False,
}
_CLIP = {
    **_ALWAYS,
    **_CLIP_COLOURS,
    "size": 224,
    "do_center_crop": True,
    "crop_size": 224,
    "resample": _BICUBIC,
}
_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "CLIP": _CLIP,
    "ChineseCLIP": _CLIP,
    "Siglip": {**_ALWAYS, **_HALVES, "size": {"height": 224, "width": 224}, "resample": _BICUBIC},
    "ViT": {**_ALWAYS, **_HALVES, "size": {"height": 224, "width": 224}, "resample": _BILINEAR},
    "Siglip2": {
        **_ALWAYS,
        **_HALVES,
        "patch_size": 16,
        "max_num_patches": 256,
        "resample": _BILINEAR,
    },
}
"""What transformers' processors assume where the file says nothing, by the start of their name."""


class PicturePreparation(Protocol):
    """Makes one picture a tower's input. Threads may call it at a time."""

    def __call__(self, image: Image) -> Inputs:
        """Raises ValueError where the picture cannot be prepared."""
        ...


@dataclass(frozen=True)
class FixedSize:
    """Pictures of one size: scaled, and cut to the middle where that is asked for."""

    shorter_side: int | None
    """Pixels; None: `size` is what is scaled to, whatever the shape."""
    size: tuple[int, int]
    """Height and width of the result, in pixels."""
    resample: int
    """Pillow's number of the filter."""
    table: NDArray[np.float32]
    """(3, 256): what each value of each colour becomes."""

    def __call__(self, image: Image) -> Inputs:
        """`pixel_values`: (3, height, width), float32."""
        width, height = self._scaled(image)
        scaled = np.asarray(Pictures.fromarray(image).resize((width, height), self.resample))
        top, left = (height - self.size[0]) // 2, (width - self.size[1]) // 2
        cut = scaled[top : top + self.size[0], left : left + self.size[1]]
        return {"pixel_values": np.stack([self.table[c][cut[..., c]] for c in range(3)])}

    def _scaled(self, image: Image) -> tuple[int, int]:
        """Width and height before the cut."""
        height, width = image.shape[:2]
        if self.shorter_side is None:
            return self.size[1], self.size[0]
        longer = int(self.shorter_side * max(height, width) / min(height, width))
        return (self.shorter_side, longer) if width <= height else (longer, self.shorter_side)


def read_config(folder: Path, model_type: str) -> dict[str, Any]:
    """How the folder's model wants its pictures, with the kind of its processor spelt out.

    Raises ValueError where a file is no JSON.
    """
    config = _own_config(folder)
    named = config.get("image_processor_type") or config.get("feature_extractor_type")
    if named is None:
        # Old files name nothing; the architecture then decides.
        named = {"clip": "CLIPImageProcessor", "siglip": "SiglipImageProcessor"}.get(model_type)
    return {**config, "image_processor_type": named}


def preparation_of(config: Mapping[str, Any]) -> PicturePreparation | None:
    """The preparation that a config asks for; None where it is not one that is known here."""
    family = _family(config.get("image_processor_type"))
    if family is None:
        return None
    settled = {**_DEFAULTS[family], **{k: v for k, v in config.items() if v is not None}}
    if not (settled["do_resize"] and settled["do_rescale"]) or settled["do_pad"]:
        return None
    table = _value_table(
        settled["rescale_factor"],
        (settled["image_mean"], settled["image_std"]) if settled["do_normalize"] else None,
    )
    if family == "Siglip2":
        patch, most = settled["patch_size"], settled["max_num_patches"]
        return NaflexPreparation(patch, most, settled["resample"], table)
    return _fixed_size(settled, table)


def _own_config(folder: Path) -> dict[str, Any]:
    """Newer folders keep it inside of the processor's file, which transformers prefers."""
    processor = folder / PROCESSOR_CONFIG
    if processor.is_file():
        inner = json.loads(processor.read_text(encoding="utf-8")).get("image_processor")
        if inner:
            return dict(inner)
    own = folder / CONFIG
    return dict(json.loads(own.read_text(encoding="utf-8"))) if own.is_file() else {}


def _family(named: str | None) -> str | None:
    for ending in ("ImageProcessor", "ImageProcessorFast", "ImageProcessorPil", "FeatureExtractor"):
        if named is not None and named.endswith(ending):
            start = named.removesuffix(ending)
            return start if start in _DEFAULTS else None
    return None


def _fixed_size(settled: Mapping[str, Any], table: NDArray[np.float32]) -> FixedSize | None:
    size, resample = settled["size"], int(settled["resample"])
    crop = _square(settled["crop_size"]) if settled["do_center_crop"] else None
    shorter = size if isinstance(size, int) else size.get("shortest_edge")
    if shorter is None:
        if set(size) != {"height", "width"} or crop is not None:
            return None
        return FixedSize(None, (size["height"], size["width"]), resample, table)
    if crop is None or max(crop) > shorter or (isinstance(size, dict) and len(size) > 1):
        return None
    return FixedSize(shorter, crop, resample, table)


def _square(size: int | Mapping[str, int]) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else (size["height"], size["width"])


def _value_table(
    factor: float, colours: tuple[Sequence[float], Sequence[float]] | None
) -> NDArray[np.float32]:
    """(3, 256): each value times `factor`, less the colour's mean, over its deviation.

    Rounded to float32 where transformers rounds, so that the bits are the same.
    """
    values = (np.arange(256, dtype=np.float64) * factor).astype(np.float32)
    if colours is None:
        return np.stack([values] * 3)
    means, deviations = (np.asarray(one, np.float32) for one in colours)
    return (values - means[:, None]) / deviations[:, None]
