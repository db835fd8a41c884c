"""The words that say how the others belong together: no, only, or, with, near."""

from collections.abc import Callable, Mapping, Sequence

from mmrag_video.models.basic.claims import Count
from mmrag_video.models.basic.concepts import THINGS
from mmrag_video.models.basic.drafts import Reading, Thing
from mmrag_video.models.basic.lexicon import Word


def read_logic(reading: Reading, word: Word, following: Sequence[Word]) -> None:
    """Note in `reading` what a word of logic means for the words after it, or before."""
    READERS[word.concept or ""](reading, word)


def _no(reading: Reading, word: Word) -> None:
    reading.denied = True


def _absent(reading: Reading, word: Word) -> None:
    """Some languages say that something is not there after its name."""
    if reading.noun is not None:
        reading.noun.denied = True
    else:
        reading.denied = True


def _nobody(reading: Reading, word: Word) -> None:
    reading.things.append(Thing(word.text, [], True, THINGS["person"], None))


def _nothing(reading: Reading, word: Word) -> None:
    reading.empty = reading.still = True


def _empty(reading: Reading, word: Word) -> None:
    reading.empty = True


def _only(reading: Reading, word: Word) -> None:
    reading.exact = True


def _at_least(reading: Reading, word: Word) -> None:
    reading.at_least = True


def _more_than(reading: Reading, word: Word) -> None:
    reading.more_than = True


def _how_many(reading: Reading, word: Word) -> None:
    reading.count = Count(1, exact=False)


def _alone(reading: Reading, word: Word) -> None:
    if reading.things:
        reading.things[-1].count = Count(1, exact=True)
    else:
        reading.count = Count(1, exact=True)


def _or(reading: Reading, word: Word) -> None:
    reading.alternative = True


def _and(reading: Reading, word: Word) -> None:
    reading.belongs, reading.denied = False, False


def _near(reading: Reading, word: Word) -> None:
    reading.belongs, reading.denied = False, False
    reading.context = bool(reading.things)


def _with(reading: Reading, word: Word) -> None:
    reading.belongs, reading.denied = True, False


READERS: Mapping[str, Callable[[Reading, Word], None]] = {
    "no": _no,
    "absent": _absent,
    "nobody": _nobody,
    "nothing": _nothing,
    "empty": _empty,
    "only": _only,
    "at_least": _at_least,
    "more_than": _more_than,
    "how_many": _how_many,
    "alone": _alone,
    "or": _or,
    "and": _and,
    "near": _near,
    "with": _with,
}
"""Concept of a vocabulary's section `logic` to what it does."""
