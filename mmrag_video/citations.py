"""What a generator wrote, taken apart into sentences that cite what they were shown.

A generator may write anything. A sentence is kept only if it cites, and only what may be cited:
`A man goes to the door [2]. He waits [2][3].`
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

NOT_SEEN = "NOT SEEN"
"""What a generator is told to write where the pictures do not show the answer."""

_CITATION = re.compile(
    r"[\[【]\s*(?:moments?\s*)?\#?(\d{1,9}(?:\s*(?:[,;&]|and|-|–)\s*\#?\d{1,9})*)\s*[\]】]",
    re.IGNORECASE | re.ASCII,
)
"""`[2]`, `[1, 3]`, `[2-4]` and what models make of it, such as `[moment 2]`."""
_RANGE = re.compile(r"(\d+)(?:\s*[-–]\s*\#?(\d+))?", re.ASCII)
_END = re.compile(
    rf"""(?: [.!?…؟।۔]+ ["'”’»)*_]* (?= \s | \Z | [\[【] )   # not the point in 12.5
           | [。！？]+ [”』」）]* )                         # which no space follows
         (?: [ \t]* {_CITATION.pattern} )*                 # its citations, where they come after
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_ONLY_CITATIONS = re.compile(rf"(?:{_CITATION.pattern}\s*)+", re.IGNORECASE | re.ASCII)
_ABBREVIATION = re.compile(r"\b[^\W\d_](?:\.[^\W\d_])+\.\Z")
"""`p.m.`: no end of a sentence where a small letter follows."""
_TITLE = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Prof|St|No|Nr|e\.g|i\.e|vs|ca|approx)\.\Z", re.IGNORECASE)
"""`Mr.`, `No.`: no end of a sentence whatever follows."""
_LIST_MARK = re.compile(r"(?:[-*•–]|\d{1,2}[.)])\s+", re.ASCII)
_GAP_BEFORE_SIGN = re.compile(r"\s+(?=[.,;:!?…؟।۔。！？，])")
_ROUND = str.maketrans("[]【】", "()()")
"""Square brackets mean citations, and nothing else, in what is shown."""


@dataclass(frozen=True)
class Sentence:
    """A sentence and what it relies on."""

    text: str
    """Without the citations; free of square brackets."""
    citations: tuple[int, ...]
    """Numbers of moments, ascending; at least one."""


@dataclass(frozen=True)
class CheckedText:
    """What is left of a generator's text."""

    sentences: tuple[Sentence, ...]
    dropped_sentences: int
    """Sentences that cited nothing which may be cited."""
    dropped_citations: int
    """Citations of what may not be cited."""


def check(text: str, citable: Collection[int]) -> CheckedText:
    """The sentences of a generator's text that cite something citable, in order.

    Nothing is left, and nothing counted, where it says that the answer is not seen.
    """
    kept: list[Sentence] = []
    dropped = strays = 0
    for piece in _pieces(text):
        words = _words(piece)
        if _says_not_seen(words):
            return CheckedText((), 0, 0)
        cited = _cited(piece, citable)
        valid = cited.intersection(citable)
        strays += len(cited - valid)
        if not any(sign.isalnum() for sign in words):
            continue
        if valid:
            kept.append(Sentence(words, tuple(sorted(valid))))
        else:
            dropped += 1
    return CheckedText(tuple(kept), dropped, strays)


def _pieces(text: str) -> Iterator[str]:
    """Sentences with their citations; the end of a line ends one too."""
    for line in _lines(text):
        start = 0
        for end in _END.finditer(line):
            follows = line[end.end() :].lstrip()[:1]
            said = line[start : end.end()]
            if _TITLE.search(said) or (follows.islower() and _ABBREVIATION.search(said)):
                continue
            yield line[start : end.end()]
            start = end.end()
        yield line[start:]


def _lines(text: str) -> list[str]:
    """Lines without marks of lists; a line of citations alone belongs to the one before it."""
    lines: list[str] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        if lines and _ONLY_CITATIONS.fullmatch(line):
            lines[-1] += f" {line}"
        else:
            mark = _LIST_MARK.match(line)
            lines.append(line[mark.end() :] if mark else line)
    return lines


def _words(piece: str) -> str:
    bare = _CITATION.sub(" ", piece).translate(_ROUND)
    return _GAP_BEFORE_SIGN.sub("", " ".join(bare.split())).lstrip(".,;:!?-–— ")


def _says_not_seen(words: str) -> bool:
    """In capitals anywhere, or as all that a sentence says."""
    return NOT_SEEN in words or words.strip(" .!*_\"'").upper() == NOT_SEEN


def _cited(piece: str, citable: Collection[int]) -> set[int]:
    """The numbers in a piece's citations; of a range both ends, and what is citable between."""
    cited: set[int] = set()
    for citation in _CITATION.finditer(piece):
        for first, last in _RANGE.findall(citation[1]):
            ends = {int(first), int(last or first)}
            cited |= ends | {number for number in citable if min(ends) < number < max(ends)}
    return cited
