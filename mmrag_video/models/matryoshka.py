"""Vectors that are of use by their prefixes: cut, and made unit length again.

Models learned so (Matryoshka representation learning, Kusupati et al. 2022) put what matters most
first. Of any other model a prefix is a random part of a vector, so it is refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mmrag_video.errors import ModelError, ModelSettingsError
from mmrag_video.models.base import Embedder, FrameEmbedding, Query, Vector, let_go
from mmrag_video.video.sampled import SampledFrame


def prefix(vectors: NDArray[np.float32], dimensions: int) -> NDArray[np.float32]:
    """The first `dimensions` of each vector of shape (..., d), of unit length again.

    Raises ModelError for one whose prefix is zero or not finite: it points nowhere.
    """
    cut = vectors[..., :dimensions]
    lengths = np.linalg.norm(cut, axis=-1, keepdims=True)
    if not (np.isfinite(lengths).all() and (lengths > 0).all()):
        raise ModelError(
            f"The model gave a vector whose first {dimensions} numbers are zero or not finite;"
            " its weights may be damaged, fetch them again."
        )
    return np.asarray(cut / lengths, dtype=np.float32)


def check_prefix(embedder: Embedder, dimensions: int, setting: str) -> None:
    """Raises ModelSettingsError, which names the setting, where vectors have no such prefix."""
    shortest, whole = embedder.shortest_prefix, embedder.dimensions
    if shortest is None:
        raise ModelSettingsError(
            f"The vectors of the model {embedder.name} are of use only whole ({whole} dimensions):"
            f" unset {setting}."
        )
    if not shortest <= dimensions <= whole:
        raise ModelSettingsError(
            f"The vectors of the model {embedder.name} can be cut to {shortest} to {whole}"
            f" dimensions: set {setting} to one of these, not to {dimensions}."
        )


def shortened(embedder: Embedder, dimensions: int, setting: str = "model.dimensions") -> Embedder:
    """The same embedder with vectors of this length. Raises ModelError as check_prefix does."""
    check_prefix(embedder, dimensions, setting)
    return embedder if dimensions == embedder.dimensions else _Shortened(embedder, dimensions)


class _Shortened:
    """An embedder whose vectors are cut."""

    def __init__(self, whole: Embedder, dimensions: int) -> None:
        self._whole = whole
        self.name = whole.name
        self.dimensions = dimensions
        self.shortest_prefix = whole.shortest_prefix

    @property
    def identity(self) -> Mapping[str, str]:
        """That of the whole one: an index's identity holds the dimensions besides."""
        return self._whole.identity

    def embed_frames(self, frames: Sequence[SampledFrame]) -> list[FrameEmbedding]:
        """One embedding per frame, in order."""
        return [
            replace(embedding, vector=prefix(embedding.vector, self.dimensions))
            for embedding in self._whole.embed_frames(frames)
        ]

    def embed_query(self, query: Query) -> Vector:
        """The query's place in the frames' space."""
        return prefix(self._whole.embed_query(query), self.dimensions)

    def close(self) -> None:
        """Let go of what the whole one holds open."""
        let_go(self._whole)
