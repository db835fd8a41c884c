"""How an index was made: with which model and which sampler settings."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mmrag_video.errors import IndexMismatchError
from mmrag_video.models.base import Embedder
from mmrag_video.video.sampled import SamplerSettings

_RECALL = "recall_dimensions"
_SHOWN = 16
"""Characters of a value that an error shows: enough to tell two digests apart."""


@dataclass(frozen=True)
class IndexIdentity:
    """All that makes vectors comparable. Two indexes with one fingerprint are interchangeable."""

    model: str
    dimensions: int
    details: Mapping[str, str]
    """The embedder's identity (weights, revision, instruction), and how frames are recalled."""
    sampler: str
    """Fingerprint of the sampler settings that hold for every camera."""

    @property
    def fingerprint(self) -> str:
        """Sixteen hex digits; part of the collection's name."""
        text = json.dumps([self.model, self.dimensions, sorted(self.details.items()), self.sampler])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def recall_dimensions(self) -> int | None:
        """Length of the prefix by which frames are recalled; None where the whole vector does."""
        length = self.details.get(_RECALL)
        return None if length is None else int(length)

    @property
    def collection(self) -> str:
        """The Milvus collection that holds it."""
        return f"frames_{self.fingerprint}"

    def describe(self) -> str:
        """In words, for errors and `doctor`."""
        return f"model {self.model} ({self.dimensions}-d), sampler {self.sampler}"

    def differences(self, other: "IndexIdentity") -> dict[str, tuple[str, str]]:
        """What differs from another identity: a name, its value here and its value there."""
        here, there = self._values(), other._values()
        return {
            name: (here.get(name, "nothing"), there.get(name, "nothing"))
            for name in sorted(here.keys() | there.keys())
            if here.get(name) != there.get(name)
        }

    def _values(self) -> dict[str, str]:
        own = {"model": self.model, "dimensions": str(self.dimensions), "sampler": self.sampler}
        return own | dict(self.details)


def refusal(made: IndexIdentity, wanted: IndexIdentity, root: Path) -> IndexMismatchError:
    """The error that says what differs between the index in `root` and the settings."""
    differences = made.differences(wanted)
    told = "; ".join(
        f"{name} was {before[:_SHOWN]}, is now {now[:_SHOWN]}"
        for name, (before, now) in differences.items()
    )
    return IndexMismatchError(
        f"The index in {root} was made otherwise ({told}); set that back, or make the index anew "
        "with `mmrag-video ingest --reindex`."
    )


def identify(
    embedder: Embedder, sampler: SamplerSettings, recall_dimensions: int | None = None
) -> IndexIdentity:
    """The identity of an index filled by this embedder with these sampler settings."""
    recall = {} if recall_dimensions is None else {_RECALL: str(recall_dimensions)}
    return IndexIdentity(
        model=embedder.name,
        dimensions=embedder.dimensions,
        details={**embedder.identity, **recall},
        sampler=sampler.fingerprint,
    )
