"""A generator behind an OpenAI-compatible server: vLLM, llama-server, Ollama and their kin.

Chat completions with pictures as data URLs:
https://platform.openai.com/docs/api-reference/chat/create
"""

import io
import re
from base64 import b64encode
from typing import Any

from PIL import Image as Pillow

from mmrag_video.errors import ModelError
from mmrag_video.generators.base import Prompt
from mmrag_video.models.connection import Connection
from mmrag_video.settings import Settings
from mmrag_video.video.frames import Image

_QUALITY = 90
"""Of JPEG: small things survive it."""
_THOUGHTS = re.compile(r"\s*<think>.*?(?:</think>|\Z)|.*</think>", re.DOTALL)
"""Models that reason write their thoughts first, and a server may leave them in the answer. Some
begin without the first mark; an answer that is cut off may lack the last."""


def load(settings: Settings) -> "OpenAIGenerator":
    """The generator at `generator.url`. Nothing is asked of it yet."""
    chosen = settings.generator
    if chosen.url is None:
        raise ModelError("The generator over HTTP needs generator.url.")
    connection = Connection(chosen.url, chosen.key, chosen.time_limit, "generator.url")
    return OpenAIGenerator(connection, chosen.model, chosen.most_tokens)


class OpenAIGenerator:
    """Keeps nothing between answers, so threads share it, and the server may change its model."""

    def __init__(self, connection: Connection, model: str | None, most_tokens: int) -> None:
        """`model`: its name there; None: the first that the server lists."""
        self._connection = connection
        self._model = model
        self._most_tokens = most_tokens

    def model_name(self) -> str:
        """As the settings have it, else the first that the server lists."""
        first = self._first_model()
        return self._model or first

    def write(self, prompt: Prompt) -> str:
        """The server's answer, as likely as it can be. Raises ModelError."""
        answer = self._connection.post(
            "/chat/completions",
            {
                "model": self._model or self._first_model(),
                "messages": [
                    {"role": "system", "content": prompt.instruction},
                    {"role": "user", "content": [_content(part) for part in prompt.parts]},
                ],
                "max_tokens": self._most_tokens,
                "temperature": 0,
            },
        )
        return self._words(answer)

    def close(self) -> None:
        """Let go of the connections."""
        self._connection.close()

    def _first_model(self) -> str:
        listed = self._connection.get("/models")
        try:
            name = listed["data"][0]["id"]
        except (LookupError, TypeError) as error:
            raise ModelError(
                f"The model server at {self._connection.url} lists no model; set generator.model"
                " to the name of the one to ask."
            ) from error
        return str(name)

    def _words(self, answer: Any) -> str:
        try:
            content = answer["choices"][0]["message"]["content"]
        except (LookupError, TypeError) as error:
            raise self._no_completion() from error
        if content is not None and not isinstance(content, str):
            raise self._no_completion()
        words = _without_thoughts(content or "")
        if not words:
            raise ModelError(
                f"The model server at {self._connection.url} sent an empty answer; allow it more"
                " words with generator.most_tokens, or have it run a model that reads pictures."
            )
        return words

    def _no_completion(self) -> ModelError:
        return ModelError(
            f"What answers at {self._connection.url} is no OpenAI-compatible server: its answer"
            " holds no completion; correct generator.url."
        )


def _without_thoughts(content: str) -> str:
    thoughts = _THOUGHTS.match(content)
    return content[thoughts.end() if thoughts else 0 :].strip()


def _content(part: str | Image) -> dict[str, Any]:
    """A part of a message."""
    if isinstance(part, str):
        return {"type": "text", "text": part}
    return {"type": "image_url", "image_url": {"url": _data_url(part)}}


def _data_url(image: Image) -> str:
    file = io.BytesIO()
    Pillow.fromarray(image).save(file, "JPEG", quality=_QUALITY)
    return f"data:image/jpeg;base64,{b64encode(file.getvalue()).decode()}"
