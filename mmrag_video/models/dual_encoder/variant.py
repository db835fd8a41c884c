"""An exported dual encoder: a folder of ONNX files, with a JSON file that says what it is."""

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from mmrag_video.errors import ModelError
from mmrag_video.models.dual_encoder.words import WordRecipe

ABOUT = "mmrag-video-onnx.json"
PICTURES, WORDS = "pictures.onnx", "words.onnx"
TOKENIZER = "tokenizer.json"
PLACES = "places.npy"
"""Learned places of patches, of models whose pictures keep their shape (naflex.py)."""
FORMAT = 1
"""Raised when an older program could not run what this one writes, or the other way round."""


class Quantization(StrEnum):
    """In what the weights of an exported model are stored, and multiplied."""

    NONE = "none"
    INT8 = "int8"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Agreement(_Part):
    """Cosines of the exported model's vectors and the original's, for the same inputs."""

    compared: int
    worst: float
    mean: float


class SelfTest(_Part):
    """What the exported model said where it was made, of the first drawn scene and its caption.

    Another processor may multiply 8-bit numbers otherwise; the vectors there must be the same.
    """

    pictures: tuple[float, ...]
    words: tuple[float, ...]


class Variant(_Part):
    """What there is to know of an exported model."""

    format: int
    made_by: str
    """Versions of this program, torch, transformers, onnx and ONNX Runtime."""
    architecture: str
    """The class's name in transformers."""
    model_type: str
    source: str
    """Folder or hub name that it was exported from."""
    weights: str
    """The source's digest, or the hub's commit."""
    quantization: Quantization
    whole: Mapping[str, int]
    """Multiplications of each tower that were left in 32-bit floats."""
    dimensions: int
    words: WordRecipe
    pictures_compared: str
    """Which pictures the cosines are of."""
    agreement: Mapping[str, Agreement]
    """Of `pictures` and of `words`."""
    self_test: SelfTest
    files: Mapping[str, str]
    """SHA-256 of every other file of the folder, by its name."""


def is_variant(folder: Path) -> bool:
    """Whether a folder holds, or held, an exported model."""
    return any((folder / name).exists() for name in (ABOUT, PICTURES, WORDS))


def read_variant(folder: Path) -> Variant:
    """The variant in a folder, every file of which is there and as it was written.

    Raises ModelError where one is not, or a program of another version wrote it.
    """
    again = "export it again with `mmrag-video models export`"
    file = folder / ABOUT
    if not file.is_file():
        raise ModelError(f"The exported model {folder} lacks {ABOUT}: {again}.")
    try:
        text = file.read_text(encoding="utf-8")
        written = _Format.model_validate_json(text).format
        if written != FORMAT:
            raise ModelError(
                f"The exported model {folder} was made by another version of this program (format"
                f" {written}, this one reads {FORMAT}): {again}."
            )
        variant = Variant.model_validate_json(text)
    except (ValidationError, UnicodeDecodeError) as error:
        raise ModelError(f"The file {file} is damaged: {again}.") from error
    for name, digest in variant.files.items():
        if not (folder / name).is_file():
            raise ModelError(f"The exported model {folder} lacks {name}: {again}.")
        if sha256(folder / name) != digest:
            raise ModelError(
                f"The file {folder / name} is cut short or changed since it was exported: {again}."
            )
    return variant


class _Format(BaseModel):
    format: int


def sha256(file: Path) -> str:
    """Of a file's content."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
