"""vLLM's pooling API: `vllm serve MODEL --runner pooling`, version 0.16 or newer.

Its documents: https://docs.vllm.ai/en/stable/models/pooling_models/
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from mmrag_video.models.connection import Connection
from mmrag_video.models.qwen3_vl.wording import punctuated
from mmrag_video.models.server.answers import in_order
from mmrag_video.models.server.protocol import Content, Symptom

_OTHER_MODEL = "serve a model that embeds pictures, such as Qwen/Qwen3-VL-Embedding-2B"
_RERANKER = (
    "start it with the --hf-overrides and the --chat-template that docs/models.md shows, in"
    " version 0.16 or newer"
)
REMEDIES: Mapping[Symptom, str] = {
    Symptom.TOKEN_VECTORS: "start it with --runner pooling, and without --pooler-config",
    Symptom.NO_NUMBERS: "start it with --dtype bfloat16, since float16 overflows",
    Symptom.NO_DIRECTION: "fetch the model's weights again",
    Symptom.NOT_UNIT: "start it with --runner pooling, and without --pooler-config",
    Symptom.SAME_VECTORS: f"{_OTHER_MODEL}, and start it without --chat-template",
    Symptom.UNSEEN_PICTURE: f"{_OTHER_MODEL}, and start it without --chat-template",
    Symptom.WRONG_CAPTION: f"{_OTHER_MODEL}, with --runner pooling",
    Symptom.NO_PROBABILITY: _RERANKER,
    Symptom.SAME_SCORES: _RERANKER,
    Symptom.WRONG_TEXT: _RERANKER,
    Symptom.SAME_PICTURE_SCORES: _RERANKER,
    Symptom.WRONG_PICTURE: _RERANKER,
}


class Vllm:
    """One model of a vLLM server."""

    remedies = REMEDIES

    def __init__(self, connection: Connection, model: str) -> None:
        self._connection = connection
        self._model = model

    def embed(self, content: Content, instruction: str) -> object:
        """By a conversation that the server turns into a prompt with the model's own template."""
        body = {
            "model": self._model,
            "messages": [
                {"role": "system", "content": [_text(punctuated(instruction))]},
                {"role": "user", "content": _parts(content)},
            ],
            # The vector is the state of the last token, and that is the answer's first mark,
            # with whatever the model's own tokenizer puts after it.
            "add_generation_prompt": True,
            "add_special_tokens": True,
            "encoding_format": "float",
        }
        answer = self._connection.post("/v1/embeddings", body)
        return in_order(answer, ("data", "embedding"), 1, self._connection)[0]

    def score(self, query: Content, documents: Sequence[Content]) -> list[object]:
        """By the rerank API; the prompt is the server's, from its --chat-template."""
        body = {
            "model": self._model,
            "query": _side(query),
            "documents": [_side(document) for document in documents],
        }
        answer = self._connection.post("/v1/rerank", body)
        path = ("results", "relevance_score")
        return in_order(answer, path, len(documents), self._connection)


def _side(content: Content) -> Any:
    """One side of a pair; plain words are a string, as every reranker takes them."""
    return content.text if content.picture is None else {"content": _parts(content)}


def _parts(content: Content) -> list[dict[str, Any]]:
    parts = []
    if content.picture is not None:
        address = f"data:image/png;base64,{base64.b64encode(content.picture).decode('ascii')}"
        parts.append({"type": "image_url", "image_url": {"url": address}})
    if content.text is not None:
        parts.append(_text(content.text))
    return parts


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}
