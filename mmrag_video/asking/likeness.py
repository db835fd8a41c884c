"""Words that only point at the picture that is searched with: `like this, but at night`."""

import re
from collections.abc import Collection

from mmrag_video.asking.chips import Chip, ChipKind

_LIKE = re.compile(
    r"(?<![\w-])(?:(?:something|someone|anything|etwas|jemand)\s+)?"
    r"(?:like|similar\s+to|wie)\s+(?:this|that|dies(?:es)?|das\s+hier)"
    r"(?:\s+(?:one|picture|photo|bild))?(?![\w-])(?:\s*,?\s*(?:but|only|aber|nur)(?![\w-]))?",
    re.IGNORECASE,
)


def find_likeness(text: str, taken_off: Collection[str]) -> list[Chip]:
    """A chip for each place where the text points at the picture."""
    chips = [
        Chip(ChipKind.PICTURE, "like the picture", match[0], match.start(), match.end())
        for match in _LIKE.finditer(text)
    ]
    return [chip for chip in chips if chip.key not in taken_off]
