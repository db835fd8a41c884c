"""llama.cpp's llama-server with a GGUF model and its projector (`--mmproj`).

Its documents: https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md
For embeddings it applies no chat template: the whole prompt is ours.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any

from mmrag_video.models.connection import Connection, StatusError
from mmrag_video.models.server.answers import in_order, misunderstood
from mmrag_video.models.server.prompts import Piece, embedding_prompt, reranking_prompt
from mmrag_video.models.server.protocol import Content, Symptom

_PROJECTOR = "start it with --mmproj and the projector file that belongs to the model, in f16"
_EMBEDDER = "take the GGUF of a model that embeds pictures, such as Qwen3-VL-Embedding"
_RANK_HEAD = "start it with --reranking --pooling rank, and a GGUF that holds the rank head"
_DAMAGED = "its GGUF or --mmproj file is damaged, fetch both again"
REMEDIES: Mapping[Symptom, str] = {
    Symptom.TOKEN_VECTORS: "start it with --embedding --pooling last",
    Symptom.NO_NUMBERS: _DAMAGED,
    Symptom.NO_DIRECTION: f"start it with --embedding --pooling last; else {_DAMAGED}",
    Symptom.NOT_UNIT: "start it with --embedding --pooling last, and without --embd-normalize",
    Symptom.SAME_VECTORS: _PROJECTOR,
    Symptom.UNSEEN_PICTURE: _PROJECTOR,
    Symptom.WRONG_CAPTION: f"start it with --embedding --pooling last, and {_EMBEDDER}",
    Symptom.NO_PROBABILITY: _RANK_HEAD,
    Symptom.SAME_SCORES: _RANK_HEAD,
    Symptom.WRONG_TEXT: _RANK_HEAD,
    Symptom.SAME_PICTURE_SCORES: _PROJECTOR,
    Symptom.WRONG_PICTURE: f"{_RANK_HEAD}, and with the --mmproj file that belongs to it",
}
_NO_NORMALISATION = -1
_MARKER = "<__media__>"
"""Where a picture belongs, in versions that do not name a marker of their own."""

_UNKNOWN_FORM = '"prompt" elements must be'
"""What builds say to a form that they do not know, up to where they differ."""

Written = Callable[[Sequence[Piece]], dict[str, Any]]
"""A prompt as one element of a request's `input`."""


class LlamaServer:
    """One model of a llama-server."""

    remedies = REMEDIES

    def __init__(self, connection: Connection, model: str) -> None:
        """Asks the server how it wants its pictures."""
        self._connection = connection
        self._model = model
        self._written = _way_of_writing(connection)

    def embed(self, content: Content, instruction: str) -> object:
        """By a prompt of ours. A server without pooling answers with a vector for each token."""
        [rows] = self._ask([embedding_prompt(content, instruction)])
        return rows[0] if len(rows) == 1 else rows

    def score(self, query: Content, documents: Sequence[Content]) -> list[object]:
        """By the rerank API where all is words, else by the vectors of a server that reranks.

        The rerank API takes strings alone (issue 25921 of llama.cpp). What a server with the
        pooling `rank` gives as a vector begins with the share of the answer `yes`.
        """
        if all(side.picture is None for side in (query, *documents)):
            body = {"query": query.text, "documents": [document.text for document in documents]}
            answer = self._connection.post("/v1/rerank", {"model": self._model, **body})
            path = ("results", "relevance_score")
            return in_order(answer, path, len(documents), self._connection)
        prompts = [reranking_prompt(query, document) for document in documents]
        rows = self._ask(prompts, embd_normalize=_NO_NORMALISATION)
        try:
            return [row[0][0] for row in rows]
        except (TypeError, IndexError) as error:
            raise misunderstood(self._connection) from error

    def _ask(self, prompts: Sequence[Sequence[Piece]], **options: Any) -> list[Any]:
        """For each prompt the list of its vectors."""
        body = {"model": self._model, "input": [self._written(one) for one in prompts], **options}
        answer = self._connection.post("/embeddings", body)
        return in_order(answer, ("embedding",), len(prompts), self._connection)


def _way_of_writing(connection: Connection) -> Written:
    """As the parts of a message; a version that refuses even words in that form is an older one."""
    try:
        connection.post("/embeddings", {"input": [_as_parts(["a"])]})
    except StatusError as error:
        if not _refuses_the_form(error):
            raise
        properties = connection.get("/props")
        known = properties if isinstance(properties, dict) else {}
        return partial(_as_marked_text, marker=known.get("media_marker", _MARKER))
    return _as_parts


def _refuses_the_form(error: StatusError) -> bool:
    """A server may also be loading, want a key, or lack memory: then another form is no help.

    llama-server answers a form that it does not know with status 500, as if it had failed itself:
    only its words tell. Other requests that are invalid get a 400 from it.
    """
    if error.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return _UNKNOWN_FORM in error.said
    return error.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY)


def _as_parts(prompt: Sequence[Piece]) -> dict[str, Any]:
    return {"content": [_part(piece) for piece in prompt if piece]}


def _part(piece: Piece) -> dict[str, Any]:
    if isinstance(piece, str):
        return {"type": "text", "text": piece}
    return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{_base64(piece)}"}}


def _as_marked_text(prompt: Sequence[Piece], marker: str) -> dict[str, Any]:
    text = "".join(piece if isinstance(piece, str) else marker for piece in prompt)
    pictures = [_base64(piece) for piece in prompt if isinstance(piece, bytes)]
    return {"prompt_string": text} | ({"multimodal_data": pictures} if pictures else {})


def _base64(file: bytes) -> str:
    return base64.b64encode(file).decode("ascii")
