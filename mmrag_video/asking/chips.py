"""Chips: the words of a search that were understood, each of which can be taken off."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

_EMPTY_COMMAS = re.compile(r"\s*,(?:\s*,)+|\s+,")
_COVER = ";"
"""Stands for a character that was understood: no word, and the end of every phrase."""


class ChipKind(StrEnum):
    """What a chip does to the search."""

    TIME = "time"
    """Restricts it to a span of time."""
    HOURS = "hours"
    """Restricts it to a time of day, on one day or on all."""
    WEEKDAY = "weekday"
    CAMERA = "camera"
    WITHOUT = "without"
    """Says what must not be there."""
    THEN = "then"
    """Parts it in two, the second to follow the first."""
    WITHIN = "within"
    """Says how soon the second follows."""
    PICTURE = "picture"
    """Points at the picture that is searched with, and says nothing else."""


@dataclass(frozen=True)
class Chip:
    """Something understood."""

    kind: ChipKind
    label: str
    """What was understood, for people: `Tue 17 Mar 2026`."""
    words: str
    """The characters that it came from: text[start:end]."""
    start: int
    end: int

    @property
    def key(self) -> str:
        """By which it is taken off: the same as long as its words are."""
        return chip_key(self.kind, self.words)


def chip_key(kind: ChipKind, words: str) -> str:
    """`time:yesterday`."""
    return f"{kind.value}:{' '.join(words.casefold().split())}"


def covered(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text, as long as before, without what is understood already."""
    letters = list(text)
    for start, end in spans:
        letters[start:end] = _COVER * (end - start)
    return "".join(letters)


def left_over(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """What is left of the text without these spans, its words parted by single spaces.

    Commas that parted nothing but the spans go with them.
    """
    pieces, place = [], 0
    for start, end in sorted(spans):
        pieces.append(text[place:start])
        place = max(place, end)
    pieces.append(text[place:])
    left = " ".join(" ".join(pieces).split())
    return _EMPTY_COMMAS.sub(",", left).strip(" ,") if len(pieces) > 1 else left
