"""The embedder that stands on two towers."""

from collections.abc import Mapping, Sequence

import numpy as np

from mmrag_video.errors import ModelError
from mmrag_video.models.base import FrameEmbedding, Query, Vector
from mmrag_video.models.dual_encoder.towers import Towers, dimensions_of
from mmrag_video.models.torch_loading import unit
from mmrag_video.video.sampled import SampledFrame


class DualEncoder:
    """An embedder of pictures and words, whatever the architecture."""

    shortest_prefix = None

    def __init__(self, name: str, towers: Towers) -> None:
        """Raises ModelError where the towers do not give vectors of one space."""
        self.name = name
        self._towers = towers
        self._dimensions = dimensions_of(towers)

    @property
    def dimensions(self) -> int:
        """Length of every vector."""
        return self._dimensions

    @property
    def identity(self) -> Mapping[str, str]:
        """Architecture, weights, precision, and the way pictures and words are prepared."""
        return self._towers.identity

    def embed_frames(self, frames: Sequence[SampledFrame]) -> list[FrameEmbedding]:
        """One vector per frame, without facts: a dual encoder cannot say what it saw."""
        features = self._towers.pictures([frame.image for frame in frames]) if frames else ()
        return [FrameEmbedding(unit(feature), facts={}) for feature in features]

    def embed_query(self, query: Query) -> Vector:
        """The place of the words, of the picture, or halfway between the two."""
        vectors = []
        if query.text is not None:
            vectors.append(unit(self._towers.words(query.text)[0]))
        if query.image is not None:
            vectors.append(unit(self._towers.pictures([query.image])[0]))
        if not vectors:
            raise ModelError("A query needs words, a picture, or both.")
        return unit(np.mean(vectors, axis=0))
