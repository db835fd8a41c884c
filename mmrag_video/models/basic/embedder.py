"""Frames and queries as vectors of the text model's space."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np

from mmrag_video.errors import ModelError
from mmrag_video.models.base import FrameEmbedding, Query, Vector
from mmrag_video.models.basic import facts, weights
from mmrag_video.models.basic.describe import VERSION as CLAUSES
from mmrag_video.models.basic.describe import clauses
from mmrag_video.models.basic.evidence import Evidence
from mmrag_video.models.basic.facts import Seen
from mmrag_video.models.basic.observer import Observer
from mmrag_video.models.basic.text import DIMENSIONS, TextModel
from mmrag_video.video.frames import Image
from mmrag_video.video.sampled import KeepReason, Movement, SampledFrame


class BasicEmbedder:
    """Looks at frames with a detector and a tagger, and says what is seen as a text vector."""

    name = "basic"
    dimensions = DIMENSIONS
    shortest_prefix = None

    def __init__(self, observer: Observer, text: TextModel) -> None:
        self._observer = observer
        self._text = text

    @property
    def identity(self) -> Mapping[str, str]:
        """The digests of all weights and the version of the facts and the clauses."""
        return {**weights.digests(), "facts": facts.FORMAT, "clauses": CLAUSES}

    def embed_frames(self, frames: Sequence[SampledFrame]) -> list[FrameEmbedding]:
        """One embedding per frame, in order, each from its own picture alone."""
        return [self._embed_frame(frame) for frame in frames]

    def embed_query(self, query: Query) -> Vector:
        """Words, a picture, or the middle of both."""
        vectors = []
        if query.text is not None:
            vectors.append(self._text.query(query.text))
        if query.image is not None:
            vectors.append(self._vector(self._observer.observe(still(query.image))))
        if not vectors:
            raise ModelError("A query needs words, a picture, or both.")
        return _unit(np.sum(vectors, axis=0))

    def _embed_frame(self, frame: SampledFrame) -> FrameEmbedding:
        seen = self._observer.observe(frame)
        return FrameEmbedding(self._vector(seen), facts.to_json(seen))

    def _vector(self, seen: Seen) -> Vector:
        weighted = [weight * self._text.passage(words) for words, weight in clauses(Evidence(seen))]
        return _unit(np.sum(weighted, axis=0))


def still(image: Image) -> SampledFrame:
    """A picture as a frame in which nothing moves."""
    return SampledFrame(Fraction(0), Fraction(0), KeepReason.FIRST, image, Movement(0.0, None))


def _unit(vector: Vector) -> Vector:
    return np.asarray(vector / np.linalg.norm(vector), np.float32)
