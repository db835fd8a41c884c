"""Whether a loaded model sees: two quite different pictures must not get the same vector.

A model whose part that sees is damaged embeds all the same, every picture as the prompt around it,
and an index full of one vector would be the first sign. `basic` is not looked at so: its weights
are known by their digests, and drawings show nothing that it has a name for.
"""

from collections.abc import Sequence

import numpy as np

from mmrag_video.errors import ModelError
from mmrag_video.models.base import Vector
from mmrag_video.models.drawn import DRAWN

_ROUNDING = 1e-6
"""Unit vectors whose numbers differ by less are one. A model computes both in one batch and from
inputs of one length, so that without sight it gives equal numbers whatever its precision."""
LOOKED_AT = (DRAWN[0].image, DRAWN[1].image)
"""Of one size and on one ground, unlike in colour and shape."""


def is_one(vector: Vector, other: Vector) -> bool:
    """Whether two vectors of unit length are the same but for rounding."""
    return bool(np.abs(vector - other).max() < _ROUNDING)


def refuse_blind(vectors: Sequence[Vector], model: str, setting: str = "model.path") -> None:
    """Raises ModelError where the vectors that a model gave for LOOKED_AT are one.

    `model` and the setting that holds its weights are named in the sentence.
    """
    one, other = vectors
    if is_one(one, other):
        raise ModelError(
            f"The {model} in {setting} gives two different pictures the same vector, so it does not"
            " see them: its weights are damaged, fetch them again."
        )
