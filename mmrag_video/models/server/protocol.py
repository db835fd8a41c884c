"""What a kind of model server must be able to do, and what it may do wrong without saying so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True)
class Content:
    """What a vector is of, or one side of a pair: words, a picture, or both."""

    text: str | None = None
    picture: bytes | None = None
    """A PNG file."""


class Symptom(StrEnum):
    """A silent failure, as the rest of a sentence that begins with `The model server`."""

    TOKEN_VECTORS = "gives a vector for each token instead of one for the whole"
    NO_NUMBERS = "gave a vector with entries that are no numbers (NaN)"
    NO_DIRECTION = "gave a vector of nothing but zeros"
    NOT_UNIT = "gives vectors that are not of unit length"
    SAME_VECTORS = "gives two different pictures the same vector: it does not see them"
    UNSEEN_PICTURE = "gives a picture the vector of no picture: it does not see it"
    WRONG_CAPTION = "does not find drawn test pictures by their captions: its vectors mean nothing"
    NO_PROBABILITY = "gave a score that is no number from 0 to 1"
    SAME_SCORES = "gives a right and a wrong text the same score: it does not rerank"
    WRONG_TEXT = "scores a wrong text above the right one: its scores mean nothing"
    SAME_PICTURE_SCORES = "gives two different pictures the same score: it does not see them"
    WRONG_PICTURE = "scores a picture that does not match above the one that does"


class ServerProtocol(Protocol):
    """How one kind of server is asked. Threads share it.

    Every method raises ModelError where the server does not answer, refuses, or answers in a form
    that is not this protocol's.
    """

    @property
    def remedies(self) -> Mapping[Symptom, str]:
        """How to start the server so that it does not show this symptom; for each of them."""
        ...

    def embed(self, content: Content, instruction: str) -> object:
        """What the server gave as the vector of a content: one list of numbers if all is well."""
        ...

    def score(self, query: Content, documents: Sequence[Content]) -> list[object]:
        """What it gave as the score of each document for the query, in the documents' order."""
        ...
