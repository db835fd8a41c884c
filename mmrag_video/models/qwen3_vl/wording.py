"""The words around what is embedded or judged, as Qwen3-VL-Embedding and -Reranker learned them.

They are those of the models' own publication, https://github.com/QwenLM/Qwen3-VL-Embedding
(`src/models/`): other words give other vectors and other scores.
"""

import unicodedata

JUDGE = (
    "Judge whether the Document meets the requirements based on the Query and the Instruct"
    ' provided. Note that the answer can only be "yes" or "no".'
)
"""What a reranker is told by the system."""
RERANKING_INSTRUCTION = "Given a search query, retrieve relevant candidates that answer the query."
"""The task, to which the query belongs."""


def punctuated(instruction: str) -> str:
    """The instruction as a sentence: the models never saw one without an end."""
    instruction = instruction.strip()
    ended = unicodedata.category(instruction[-1:] or ".").startswith("P")
    return instruction if ended else f"{instruction}."
