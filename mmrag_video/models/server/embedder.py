"""An embedder whose model runs on a server."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from mmrag_video.errors import ModelError
from mmrag_video.models.base import FrameEmbedding, Query, Vector
from mmrag_video.models.qwen3_vl.wording import punctuated
from mmrag_video.models.server.pictures import picture_file
from mmrag_video.models.server.protocol import Content
from mmrag_video.models.server.self_test import check_embedding
from mmrag_video.models.server.served import ServedModel
from mmrag_video.settings import ModelSettings
from mmrag_video.video.sampled import SampledFrame

# Raised when pictures or prompts are prepared in another way, since the vectors change.
_PREPARATION = "1"
_MATRYOSHKA = "qwen3-vl-embedding"
_SHORTEST_PREFIX = 64
"""Dimensions: the shortest that Qwen3-VL-Embedding was trained for, by its technical report."""


class ServerEmbedder:
    """Pictures and words, alone or together, each in a request of its own.

    A server batches what arrives at the same time, so up to `model.batch` requests are under way
    for each caller; an ingest calls twice at a time.
    """

    def __init__(self, name: str, served: ServedModel, settings: ModelSettings) -> None:
        """Raises ModelError if the server fails the self-test, with the way to mend it."""
        self.name = name
        self._served = served
        self._protocol = settings.server.protocol
        self._tokens = settings.frame_tokens
        self._batch = settings.batch
        self._query_instruction = punctuated(settings.query_instruction)
        self._frame_instruction = punctuated(settings.frame_instruction)
        self._dimensions = check_embedding(served, self._query_instruction, self._frame_instruction)

    @property
    def dimensions(self) -> int:
        """Length of every vector, as the server gives them."""
        return self._dimensions

    @property
    def shortest_prefix(self) -> int | None:
        """Known of the models that say in their name what they are."""
        return _SHORTEST_PREFIX if _MATRYOSHKA in self._served.name.lower() else None

    @property
    def identity(self) -> Mapping[str, str]:
        """The model by its name: a server does not tell the digest of its weights."""
        return {
            "protocol": self._protocol,
            "model": self._served.name,
            "query_instruction": self._query_instruction,
            "frame_instruction": self._frame_instruction,
            "frame_tokens": str(self._tokens),
            "preparation": _PREPARATION,
        }

    def embed_frames(self, frames: Sequence[SampledFrame]) -> list[FrameEmbedding]:
        """One vector per frame, without facts. Raises ModelError if the server fails at one."""
        if not frames:
            return []
        self._served.check_name()
        with ThreadPoolExecutor(min(self._batch, len(frames))) as requests:
            vectors = list(requests.map(self._embed_frame, frames))
        return [FrameEmbedding(vector, facts={}) for vector in vectors]

    def embed_query(self, query: Query) -> Vector:
        """The place of the words, of the picture, or of both as one."""
        if query.text is None and query.image is None:
            raise ModelError("A query needs words, a picture, or both.")
        self._served.check_name()
        picture = None if query.image is None else picture_file(query.image, self._tokens)
        return self._vector(Content(query.text, picture), self._query_instruction)

    def close(self) -> None:
        """Let go of the connections."""
        self._served.close()

    def _embed_frame(self, frame: SampledFrame) -> Vector:
        picture = picture_file(frame.image, self._tokens)
        return self._vector(Content(picture=picture), self._frame_instruction)

    def _vector(self, content: Content, instruction: str) -> Vector:
        given = self._served.vector(content, instruction)
        if len(given) != self._dimensions:
            raise self._served.wrong_dimensions(len(given), self._dimensions)
        # Servers round: bfloat16 leaves a length that is off in the third digit.
        return (given / np.linalg.norm(given)).astype(np.float32)
