"""From words to the numbers of tokens, as a model learned them."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

Ids = NDArray[np.int64]
"""(1, tokens)."""


class WordRecipe(BaseModel):
    """How words become tokens, besides the tokenizer itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    longest: int
    """Tokens; what is longer is cut."""
    lower_case: bool
    filled: bool
    """Whether shorter texts are filled up to `longest`. A query stands alone, so that the others
    need no filling."""
    filling: int
    """The token to fill up with."""
    filled_left: bool


class FileTokenizer:
    """A tokenizer.json, read by the tokenizers library alone."""

    def __init__(self, file: Path, recipe: WordRecipe) -> None:
        """Raises ValueError where the file is no tokenizer."""
        from tokenizers import Tokenizer  # noqa: PLC0415

        try:
            tokenizer = Tokenizer.from_file(str(file))
        except Exception as error:  # the library raises plain Exception
            raise ValueError(str(error)) from error
        tokenizer.enable_truncation(recipe.longest)
        if recipe.filled:
            tokenizer.enable_padding(
                length=recipe.longest,
                pad_id=recipe.filling,
                direction="left" if recipe.filled_left else "right",
            )
        else:
            tokenizer.no_padding()
        self._tokenizer = tokenizer
        self._lower_case = recipe.lower_case

    def __call__(self, text: str) -> Ids:
        """Encoding changes nothing in the tokenizer, so that no lock is needed."""
        encoded = self._tokenizer.encode(text.lower() if self._lower_case else text)
        return np.array([encoded.ids], np.int64)


def tokenizer_json(tokenizer: Any) -> str:
    """The content of a tokenizer.json that does what a tokenizer of transformers does.

    Raises ValueError where there is no such content.
    """
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is not None:
        return str(backend.to_str())
    vocabulary = getattr(tokenizer, "vocab_file", None)
    if vocabulary is not None and hasattr(tokenizer, "canonicalize_text"):
        from mmrag_video.models.dual_encoder.siglip_words import (  # noqa: PLC0415
            siglip_tokenizer_json,
        )

        return siglip_tokenizer_json(Path(vocabulary), tokenizer.do_lower_case)
    raise ValueError(f"a {type(tokenizer).__name__} has no tokenizer.json")
