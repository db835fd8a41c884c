"""What a dual encoder's two towers give, whatever computes them."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mmrag_video.errors import ModelError
from mmrag_video.models.sight import LOOKED_AT, refuse_blind
from mmrag_video.models.torch_loading import first_line, unit
from mmrag_video.video.frames import Image

Features = NDArray[np.float32]
"""(inputs, dimensions), of any length: what a tower says before it is scaled to unit length."""
# Raised when pictures or words are prepared in another way, since the vectors change.
PREPARATION = "1"


class Towers(Protocol):
    """One tower reads pictures, one reads words, both into the same space."""

    @property
    def identity(self) -> Mapping[str, str]:
        """All that changes the vectors. `class` is the architecture's name in transformers."""
        ...

    def pictures(self, images: Sequence[Image]) -> Features:
        """One row per picture, in order; none depends on the others."""
        ...

    def words(self, text: str) -> Features:
        """One row."""
        ...


def dimensions_of(towers: Towers) -> int:
    """Length of the vectors, from a first word and two first pictures.

    Raises ModelError where the two towers do not share a space, the files do not fit together, or
    two quite different pictures get the same vector.
    """
    name = towers.identity["class"]
    try:
        [word] = towers.words("a")
        pictures = towers.pictures(LOOKED_AT)
    except (ValueError, TypeError, RuntimeError) as error:
        raise ModelError(
            f"The files of the {name} in model.path do not fit together: {first_line(error)}."
        ) from error
    if pictures.ndim != 2 or word.shape != pictures[0].shape:
        raise ModelError(
            f"The {name} in model.path is not a dual encoder: its vectors of words {word.shape}"
            f" and of pictures {pictures.shape[1:]} do not share a space."
        )
    unit(word)
    refuse_blind([unit(picture) for picture in pictures], name)
    return len(word)
