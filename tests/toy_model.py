"""A toy of a model that embeds and reranks: it truly sees and reads, though nothing but colours.

A picture is the colours that its pixels have, words are the colours that they name.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

COLOURS = {
    "red": (255, 0, 0),
    "green": (0, 128, 0),
    "blue": (0, 0, 255),
    "white": (255, 255, 255),
    "black": (0, 0, 0),
    "grey": (110, 110, 110),
}
DIMENSIONS = len(COLOURS) + 2
PICTURE = "\ufffc"
"""Where a picture stands in a prompt."""

Vector = NDArray[np.float64]


class Fault(StrEnum):
    """What is wrong with the server."""

    PICTURES_DROPPED = "pictures-dropped"
    PICTURES_ALIKE = "pictures-alike"
    TOKEN_VECTORS = "token-vectors"
    NOT_A_NUMBER = "not-a-number"
    ZEROS = "zeros"
    NOT_UNIT = "not-unit"
    OTHER_DIMENSIONS = "other-dimensions"
    CAPTIONS_EXCHANGED = "captions-exchanged"
    NO_RANK_HEAD = "no-rank-head"
    LOGITS = "logits"
    NO_RERANKING = "no-reranking"
    OLD_VERSION = "old-version"
    SLOW = "slow"
    BROKEN = "broken"
    LOADING = "loading"
    KEY_WANTED = "key-wanted"
    NO_JSON = "no-json"
    OTHER_JSON = "other-json"


@dataclass(frozen=True)
class Prompt:
    """What the model is given: text in which each picture has a mark, and the pictures."""

    text: str
    pictures: tuple[Pillow.Image, ...] = ()


@dataclass(kw_only=True)
class ToyModel:
    """The toy, with all that is wrong with it."""

    faults: set[Fault] = field(default_factory=set)
    prompts: list[Prompt] = field(default_factory=list)
    """All that it was given."""
    meanwhile: Callable[[], None] = lambda: None
    """Called while a vector is made."""

    @property
    def seen(self) -> list[Pillow.Image]:
        """All pictures that it was given."""
        return [picture for prompt in self.prompts for picture in prompt.pictures]

    def vector(self, prompt: Prompt) -> list[float]:
        """What it makes of a prompt."""
        self.prompts.append(prompt)
        self.meanwhile()
        vector = self.embedding(prompt)
        if Fault.OTHER_DIMENSIONS in self.faults:
            vector = vector[1:] / np.linalg.norm(vector[1:])
        if Fault.NOT_UNIT in self.faults:
            vector = vector * 7
        if Fault.NOT_A_NUMBER in self.faults:
            vector = np.full_like(vector, np.nan)
        if Fault.ZEROS in self.faults:
            vector = np.zeros_like(vector)
        found: list[float] = vector.tolist()
        return found

    def embedding(self, prompt: Prompt) -> Vector:
        """Of unit length."""
        pictures = () if Fault.PICTURES_DROPPED in self.faults else prompt.pictures
        if Fault.PICTURES_ALIKE in self.faults:
            pictures = tuple(Pillow.new("RGB", (64, 64), "green") for _ in pictures)
        user = re.sub(r".*<\|im_start\|>user\n", "", prompt.text, flags=re.DOTALL)
        meaning = named_in(user) + sum(map(colours_of, pictures))
        if Fault.CAPTIONS_EXCHANGED in self.faults and not pictures:
            meaning = meaning[[2, 1, 0, 4, 3, 5]]
        # A little of every prompt's own, so that not even the wording is without effect.
        return unit(np.array([*meaning, 0.1, len(prompt.text) / 10_000]))

    def score(self, query: Prompt, document: Prompt) -> float:
        """The share of `yes`: how alike the colours are."""
        self.prompts.append(Prompt(query.text + document.text, query.pictures + document.pictures))
        if Fault.NO_RANK_HEAD in self.faults:
            return 0.5
        alike = float(self.embedding(query) @ self.embedding(document))
        if Fault.CAPTIONS_EXCHANGED in self.faults:
            alike = 1 - alike
        return alike * 20 - 10 if Fault.LOGITS in self.faults else alike


def colours_of(picture: Pillow.Image) -> Vector:
    """The share of a picture's pixels that are nearest to each colour."""
    pixels = np.asarray(picture.convert("RGB"), dtype=np.float64).reshape(-1, 1, 3)
    nearest = np.abs(pixels - np.array(list(COLOURS.values()))).sum(axis=2).argmin(axis=1)
    return np.bincount(nearest, minlength=len(COLOURS)) / len(pixels)


def named_in(text: str) -> Vector:
    """How often a text names each colour."""
    words = re.findall(r"\w+", text.lower())
    return np.array([float(words.count(colour)) for colour in COLOURS])


def unit(vector: Vector) -> Vector:
    return vector / np.linalg.norm(vector)
