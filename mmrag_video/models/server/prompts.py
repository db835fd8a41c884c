"""The prompts that Qwen3-VL-Embedding and Qwen3-VL-Reranker learned with, as text and pictures.

The wording and the turns are those of the models' own publication,
https://github.com/QwenLM/Qwen3-VL-Embedding (`src/models/`): another prompt gives other vectors.
"""

from mmrag_video.models.qwen3_vl.wording import JUDGE, RERANKING_INSTRUCTION, punctuated
from mmrag_video.models.server.protocol import Content

Piece = str | bytes
"""A stretch of a prompt: text with the model's own marks, or a picture as a PNG file."""

NOTHING = "NULL"
"""Stands where there is neither text nor picture."""


def embedding_prompt(content: Content, instruction: str) -> list[Piece]:
    """The prompt whose last token's state is the content's vector."""
    return _turns(punctuated(instruction), _pieces(content))


def reranking_prompt(query: Content, document: Content) -> list[Piece]:
    """The prompt whose answer, yes or no, is the document's score."""
    asked = [f"<Instruct>: {RERANKING_INSTRUCTION}<Query>:", *_pieces(query)]
    return _turns(JUDGE, [*asked, "\n<Document>:", *_pieces(document)])


def _pieces(content: Content) -> list[Piece]:
    """The picture before the text, as in training."""
    if content.picture is None:
        return [NOTHING if content.text is None else content.text]
    return [content.picture, content.text or ""]


def _turns(system: str, user: list[Piece]) -> list[Piece]:
    start = f"<|im_start|>system\n{system}<|im_end|>\n<|im_start|>user\n"
    return [start, *user, "<|im_end|>\n<|im_start|>assistant\n"]
