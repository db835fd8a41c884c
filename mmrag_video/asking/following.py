"""Where a text tells of two things, the second after the first: `..., then ...`."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from mmrag_video.asking.calendar_days import number_of
from mmrag_video.asking.chips import Chip, ChipKind
from mmrag_video.asking.time_words import NUMBER, UNITS

_THEN = re.compile(
    r"(?:\s*[,;.]\s*|(?<=\s))(?:(?:and|und)\s+)?"
    r"(?:then|afterwards|followed\s+by|dann|danach|anschließend)(?![\w-])\s*,?",
    re.IGNORECASE,
)
_SOON_UNIT = r"(?:seconds?|minutes?|min|hours?|sekunden?|minuten?|stunden?)"
_WITHIN = re.compile(
    r"(?:\s*,)?\s*(?<![\w-])(?:(?:and\s+)?within|innerhalb\s+von|binnen)\s+(?:the\s+next\s+)?"
    rf"(?P<number>{NUMBER})\s+(?P<unit>{_SOON_UNIT})(?![\w-])",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Parting:
    """Where a text falls in two."""

    then: Chip
    within: Chip | None
    soon: timedelta | None
    """How soon the second follows at the latest; None: not said."""


def find_parting(text: str, taken_off: Collection[str]) -> Parting | None:
    """The first `then` that has words before and after it."""
    for match in _THEN.finditer(text):
        chip = Chip(ChipKind.THEN, "then", match[0], match.start(), match.end())
        within = _WITHIN.search(text)
        rest = [text[: chip.start], text[chip.end :]]
        if within:
            rest = [_WITHIN.sub("", piece, count=1) for piece in rest]
        if chip.key in taken_off or not all(re.search(r"\w", piece) for piece in rest):
            continue
        return _parting(chip, within, taken_off)
    return None


def _parting(then: Chip, within: re.Match[str] | None, taken_off: Collection[str]) -> Parting:
    if within is None or (then.start < within.end() and within.start() < then.end):
        return Parting(then, None, None)
    unit = next(
        name for begin, name in UNITS.items() if within["unit"].casefold().startswith(begin[:3])
    )
    soon = timedelta(**{unit: number_of(within["number"])})
    seconds = int(soon.total_seconds())
    label = f"within {seconds // 60} min" if seconds % 60 == 0 else f"within {seconds} s"
    chip = Chip(ChipKind.WITHIN, label, within[0], within.start(), within.end())
    if chip.key in taken_off:
        return Parting(then, None, None)
    return Parting(then, chip, soon)
