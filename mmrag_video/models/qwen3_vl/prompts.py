"""The words around what is embedded or judged, in the form that Qwen3-VL learned, as tokens."""

import json
import threading
from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from mmrag_video.errors import ModelError
from mmrag_video.models.qwen3_vl.readings import Tokens

Part = Mapping[str, str]
"""Of what the user says: words, a picture, a run of frames."""
PICTURE: Part = {"type": "image"}
RUN: Part = {"type": "video"}
_START, _END = "<|vision_start|>", "<|vision_end|>"
PICTURE_TOKEN, RUN_TOKEN = "<|image_pad|>", "<|video_pad|>"
_PLAIN_TEMPLATE = (
    "{%- for message in messages %}"
    "{{- '<|im_start|>' + message.role + '\\n' }}"
    "{%- for part in message.content %}"
    f"{{%- if part.type == 'image' %}}{{{{- '{_START}{PICTURE_TOKEN}{_END}' }}}}"
    f"{{%- elif part.type == 'video' %}}{{{{- '{_START}{RUN_TOKEN}{_END}' }}}}"
    "{%- else %}{{- part.text }}{%- endif %}"
    "{%- endfor %}"
    "{{- '<|im_end|>\\n' }}"
    "{%- endfor %}"
    "{{- '<|im_start|>assistant\\n' }}"
)
"""Qwen's chat without tools, for a folder whose own template was lost."""


def words(text: str) -> Part:
    """Words as a part of what the user says."""
    return {"type": "text", "text": text}


class Prompts:
    """Writes prompts as tokens. Threads may share it."""

    def __init__(self, tokenizer: Any, folder: Path) -> None:
        self._tokenizer = tokenizer
        self._template = _template_in(folder) or tokenizer.chat_template or _PLAIN_TEMPLATE
        # A tokenizer keeps how it cuts and fills as state: two threads in it can collide.
        self._lock = threading.Lock()

    @property
    def special(self) -> Collection[int]:
        """Tokens that are no words."""
        return set(self._tokenizer.all_special_ids)

    @property
    def filling(self) -> int | None:
        """The token that shorter prompts are filled up with."""
        number: int | None = self._tokenizer.pad_token_id
        return number

    def text(self, tokens: Sequence[int]) -> str:
        """The words of tokens, without the marks between them."""
        with self._lock:
            text: str = self._tokenizer.decode(tokens, skip_special_tokens=True)
        return text

    def token(self, text: str) -> int | None:
        """The number of one token; None where there is none of this text."""
        number: int | None = self._tokenizer.get_vocab().get(text)
        return number

    def tokens(self, system: str, user: Sequence[Part], times: Sequence[Fraction] = ()) -> Tokens:
        """The system's and the user's turn, and the start of the answer.

        One placeholder for each picture, and for a run one for each two frames with their time,
        from `times`: of each frame, in seconds from the first.
        """
        turns = [
            {"role": "system", "content": [words(system)]},
            {"role": "user", "content": [self._harmless(part) for part in user]},
        ]
        with self._lock:
            text = self._tokenizer.apply_chat_template(
                turns, chat_template=self._template, add_generation_prompt=True, tokenize=False
            )
            text = text.replace(f"{_START}{RUN_TOKEN}{_END}", _steps(times))
            found = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return np.array(found, np.int64)

    def _harmless(self, part: Part) -> Part:
        """Words that only look like a token of the prompt's own stay words."""
        if "text" not in part:
            return part
        text = part["text"]
        for token in self._tokenizer.all_special_tokens:
            text = text.replace(token, token.replace("|", " "))
        return words(text)


def _template_in(folder: Path) -> str | None:
    """From the file that Qwen3-VL's processor reads and its tokenizer alone does not."""
    file = folder / "chat_template.json"
    if not file.is_file():
        return None
    try:
        template: str | None = json.loads(file.read_text(encoding="utf-8")).get("chat_template")
    except (ValueError, AttributeError) as error:
        raise ModelError(f"The file {file} is cut short or damaged: download it again.") from error
    return template


def _steps(times: Sequence[Fraction]) -> str:
    """Each two frames with the middle of their times, a last one alone with its own.

    The form of transformers 4.57, with which the vendor published the models. Version 5 leaves the
    marks of the template around it, which the models did not learn.
    """
    middles = [
        (times[first] + times[min(first + 1, len(times) - 1)]) / 2
        for first in range(0, len(times), 2)
    ]
    return "".join(f"<{float(middle):.1f} seconds>{_START}{RUN_TOKEN}{_END}" for middle in middles)
