"""The two things a model can be: an embedder, and a reranker.

Vectors are float32 of unit length; frames and queries of one embedder share a space, compared by
cosine. Every method may be called by several threads at a time: a model whose parts cannot is the
one that knows, and locks. To add a model, write one file that provides `load` and give it a card in
registry.py.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from mmrag_video.video.frames import Image
from mmrag_video.video.sampled import Box, SampledFrame

Vector = NDArray[np.float32]
"""(dimensions,), unit length."""
Facts = Mapping[str, object]
"""What a model wrote down of a frame for its reranker to read later: plain JSON values."""


@dataclass(frozen=True)
class Query:
    """What is asked: words, a picture, or both. At least one of them."""

    text: str | None = None
    image: Image | None = None
    without: str | None = None
    """What must not be there, in words. Models never see it: the search asks them of it as of
    another query (`unwanted`), and puts the two together (unwanted.py)."""

    @property
    def wanted(self) -> "Query":
        """What must be there."""
        return replace(self, without=None)

    @property
    def unwanted(self) -> "Query | None":
        """What must not be there, as a query of its own."""
        return None if self.without is None else Query(text=self.without)


@dataclass(frozen=True)
class FrameEmbedding:
    """What is stored of a frame: where it lies, and what was seen in it (may be empty)."""

    vector: Vector
    facts: Facts


class Embedder(Protocol):
    """Turns frames and queries into vectors of one space."""

    @property
    def name(self) -> str:
        """The name in the settings, such as `basic`."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of every vector."""
        ...

    @property
    def shortest_prefix(self) -> int | None:
        """Dimensions of the shortest prefix of a vector that still is one (Matryoshka learning,
        Kusupati et al. 2022); None where a vector is of use only whole.
        """
        ...

    @property
    def identity(self) -> Mapping[str, str]:
        """All that changes the vectors: weights, revision, instruction, code version."""
        ...

    def embed_frames(self, frames: Sequence[SampledFrame]) -> list[FrameEmbedding]:
        """One embedding per frame, in order; a frame's does not depend on its neighbours."""
        ...

    def embed_query(self, query: Query) -> Vector:
        """The query's place in the frames' space. Raises ModelError if it has no picture side."""
        ...


@dataclass(frozen=True)
class Candidate:
    """A recalled frame, as the reranker gets it."""

    facts: Facts
    similarity: float
    """Cosine of the query's and the frame's vectors."""
    image: Callable[[], Image]
    """Loads the frame's picture, for those who look again."""


@dataclass(frozen=True)
class Judgement:
    """A reranker's opinion of one frame."""

    score: float
    """0 to 1, comparable between frames of one query."""
    why: str
    """What in the frame answers the query, in a few words; empty if the model cannot say."""


class Reranker(Protocol):
    """Reads recalled frames closely."""

    @property
    def looks_at_pictures(self) -> bool:
        """Whether it loads the candidates' pictures: then it is asked about the best few alone.

        One that reads facts takes microseconds, and is asked about every frame that may matter.
        """
        ...

    def judge(self, query: Query, candidates: Sequence[Candidate]) -> list[Judgement]:
        """One judgement per candidate, in order."""
        ...


@dataclass(frozen=True)
class PointedOut:
    """Something in a frame and where it is."""

    label: str
    """What it is, in a word or two."""
    box: Box


@runtime_checkable
class PointsOut(Protocol):
    """A reranker that can show where in a frame something is; one without this cannot."""

    def point_out(self, query: Query | None, facts: Facts) -> list[PointedOut]:
        """What in the frame the query speaks of; where it names nothing that is there, or there is
        no query, all that the model would tell of. Reads the facts alone, in microseconds.
        """
        ...


@dataclass(frozen=True)
class NamedThing:
    """Something in a frame, in one word and perhaps a colour."""

    name: str
    colour: str
    """Empty where none is plain."""


@runtime_checkable
class NamesThings(Protocol):
    """A reranker that can say in words what the facts of a frame hold; one without cannot."""

    def things(self, facts: Facts) -> list[NamedThing]:
        """What is plainly there, one for each thing."""
        ...


@runtime_checkable
class Closable(Protocol):
    """What holds connections to a server; an embedder or a reranker without `close` holds none."""

    def close(self) -> None:
        """Let go of them. It is not used any more afterwards."""
        ...


def let_go(part: object) -> None:
    """Close it if it holds something open."""
    if isinstance(part, Closable):
        part.close()


@dataclass(frozen=True)
class Model:
    """An embedder with the reranker that goes with it, if any."""

    embedder: Embedder
    reranker: Reranker | None

    def close(self) -> None:
        """Let go of what its parts hold open. It is not used any more afterwards."""
        let_go(self.embedder)
        let_go(self.reranker)
