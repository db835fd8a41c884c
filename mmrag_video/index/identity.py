"""How an index was made: with which model and which sampler settings."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from mmrag_video.models.base import Embedder
from mmrag_video.video.sampled import SamplerSettings


@dataclass(frozen=True)
class IndexIdentity:
    """All that makes vectors comparable. Two indexes with one fingerprint are interchangeable."""

    model: str
    dimensions: int
    details: Mapping[str, str]
    """The embedder's identity: weights, revision, instruction."""
    sampler: str
    """Fingerprint of the sampler settings that hold for every camera."""

    @property
    def fingerprint(self) -> str:
        """Sixteen hex digits; part of the collection's name."""
        text = json.dumps([self.model, self.dimensions, sorted(self.details.items()), self.sampler])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def collection(self) -> str:
        """The Milvus collection that holds it."""
        return f"frames_{self.fingerprint}"

    def describe(self) -> str:
        """In words, for errors and `doctor`."""
        return f"model {self.model} ({self.dimensions}-d), sampler {self.sampler}"


def identify(embedder: Embedder, sampler: SamplerSettings) -> IndexIdentity:
    """The identity of an index filled by this embedder with these sampler settings."""
    return IndexIdentity(
        model=embedder.name,
        dimensions=embedder.dimensions,
        details=dict(embedder.identity),
        sampler=sampler.fingerprint,
    )
