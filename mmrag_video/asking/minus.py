"""What must not be there: `-truck`, `-"blue truck"`, `without a backpack`."""

import re
from collections.abc import Collection

from mmrag_video.asking.chips import Chip, ChipKind, chip_key

# After white space, or after what was understood already (chips.covered).
_SIGN = re.compile(r'(?<![^\s;])-(?:"(?P<quoted>[^"]*\w[^"]*)"|(?P<word>[^\W\d_][^\s,;"]*))')
_ARTICLE = r"(?:(?:an?|any|the|eine?[mnr]?)\s+)?"
_BOUNDARY = (
    r"(?:an?|the|at|on|in|by|near|and|or|but|with|without|while|who|that|which|under|over|behind"
    r"|beside|next|from|to|into|is|are|und|oder|aber|mit|ohne|bei|neben|der|die|das|vor|hinter"
    r"|unter|im|am|auf|then|dann|\w+ing)"
)
_NAMED = rf"(?!{_BOUNDARY}\b)[^\W\d_][\w'’-]*"
_MOST_WORDS = 3
_WITHOUT = re.compile(
    rf"(?<![\w-])(?:without|ohne)\s+(?P<what>{_ARTICLE}{_NAMED}"
    rf"(?:\s+{_NAMED}){{0,{_MOST_WORDS - 1}}})",
    re.IGNORECASE,
)


def find_minus(text: str, taken_off: Collection[str]) -> list[Chip]:
    """A chip for each thing that must not be there; its label says what."""
    chips = []
    for match in _SIGN.finditer(text):
        chips.append(_chip(match, match["quoted"] or match["word"]))
    for match in _WITHOUT.finditer(text):
        if not any(match.start() < chip.end and chip.start < match.end() for chip in chips):
            chips.append(_chip(match, match["what"]))
    kept = [chip for chip in chips if chip_key(chip.kind, chip.words) not in taken_off]
    return sorted(kept, key=lambda chip: chip.start)


def _chip(match: re.Match[str], what: str) -> Chip:
    label = " ".join(what.split())
    return Chip(ChipKind.WITHOUT, label, match[0], match.start(), match.end())
