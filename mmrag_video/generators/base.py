"""What a generator is: pictures and words in, words out."""

from dataclasses import dataclass
from typing import Protocol

from mmrag_video.video.frames import Image


@dataclass(frozen=True)
class Prompt:
    """What a generator gets to read and to see, in order. All text is valid Unicode."""

    instruction: str
    """How it is to answer: the system's turn."""
    parts: tuple[str | Image, ...]
    """The user's turn: words and pictures."""


class Generator(Protocol):
    """Writes. May be called by several threads at a time."""

    def model_name(self) -> str:
        """Of the model that writes; a server is asked for it. Raises ModelError."""
        ...

    def write(self, prompt: Prompt) -> str:
        """Its answer, as it comes: nothing in it is checked. Raises ModelError."""
        ...
