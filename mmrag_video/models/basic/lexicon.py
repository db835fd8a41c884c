"""Which concepts the words of a query name, in the languages of vocabulary/*.toml.

An entry is a word or a phrase; `rot*` stands for all words that begin so. Languages written
without spaces are searched for entries wherever they occur.
"""

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from mmrag_video.models.basic.concepts import SECTIONS, Kind

ENGLISH = "en"
_TOKEN = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|,")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]+")
UNSPACED_LANGUAGES = ("zh", "ja")
_KANA = re.compile(r"[\u3040-\u30ff]")
_HIRAGANA = re.compile(r"[\u3040-\u309f]")
_ONE_SCRIPT = str.maketrans(
    "車馬鳥紅黃藍綠黒靑貓門電腦機場無樓橋轎駕員燈頭髮褲襯裙婦兩個隻輛傘騎籃戶輪龍帶與沒護單摩ł\u0131",
    "车马鸟红黄蓝绿黑青猫门电脑机场无楼桥轿驾员灯头发裤衬裙妇两个只辆伞骑篮户轮龙带与没护单摩li",
)
"""Traditional and Japanese forms of Chinese characters to the simplified ones; letters with a
stroke or without a dot, which are no combination of letter and accent."""
LONGEST_PHRASE = 5
"""Words."""
SHORTEST_STEM = 3
"""Letters left when an ending is taken off."""


@dataclass(frozen=True)
class Word:
    """A stretch of the query: a known word or phrase, or one unknown word."""

    text: str
    concept: str | None
    """None: not in the vocabulary."""
    kind: Kind
    plural: bool = False
    """It ends like a plural."""
    joined: bool = False
    """A hyphen joins it to the word before, as in grey-blue."""


@dataclass(frozen=True)
class Language:
    """One language's words."""

    code: str
    colour_after_noun: bool
    phrases: Mapping[tuple[str, ...], tuple[str, Kind]]
    stems: Mapping[str, tuple[str, Kind]]
    """Beginnings of words."""

    def look_up(self, tokens: tuple[str, ...]) -> tuple[str, Kind, bool] | None:
        """Concept, kind, and whether an ending was taken off."""
        found = self.phrases.get(tokens)
        if found is not None:
            return (*found, False)
        last = tokens[-1]
        for ending in ("es", "s"):
            stem = last.removesuffix(ending)
            if stem != last and len(stem) >= SHORTEST_STEM:
                found = self.phrases.get((*tokens[:-1], stem))
                if found is not None:
                    return (*found, True)
        return self._by_stem(last) if len(tokens) == 1 else None

    def _by_stem(self, token: str) -> tuple[str, Kind, bool] | None:
        for length in range(len(token), SHORTEST_STEM - 2, -1):
            found = self.stems.get(token[:length])
            if found is not None:
                return (*found, False)
        return None


def read_words(query: str) -> tuple[Language, list[Word]]:
    """The language that knows most of the query's words, and what it makes of them."""
    text = _plain(query)
    if _UNSPACED.search(text):
        codes = ("ja",) if _KANA.search(text) else UNSPACED_LANGUAGES
        unspaced = [languages()[code] for code in codes]
        readings = [(language, _unspaced_words(language, text)) for language in unspaced]
    else:
        tokens = _TOKEN.findall(text)
        readings = [(language, _words(language, tokens)) for language in languages().values()]
    return max(readings, key=lambda reading: _known(reading[1]))


@cache
def languages() -> Mapping[str, Language]:
    """Language code to its words; English first, so that it wins ties."""
    folder = files("mmrag_video.models.basic") / "vocabulary"
    found = {
        entry.name.removesuffix(".toml"): tomllib.loads(entry.read_text(encoding="utf-8"))
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    }
    codes = sorted(found, key=lambda code: (code != ENGLISH, code))
    return {code: _language(code, found[code]) for code in codes}


def _language(code: str, content: Mapping[str, object]) -> Language:
    phrases: dict[tuple[str, ...], tuple[str, Kind]] = {}
    stems: dict[str, tuple[str, Kind]] = {}
    for section, kind in SECTIONS.items():
        concepts = content.get(section, {})
        assert isinstance(concepts, dict)
        for concept, entries in concepts.items():
            for entry in map(_plain, entries):
                if entry.endswith("*"):
                    stems.setdefault(entry[:-1], (concept, kind))
                else:
                    phrases.setdefault(_tokens(entry), (concept, kind))
    return Language(code, bool(content["colour_after_noun"]), phrases, stems)


def _plain(text: str) -> str:
    """Lower case, one script, without accents: queries are typed in haste."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return plain.translate(_ONE_SCRIPT)


def _tokens(entry: str) -> tuple[str, ...]:
    tokens = tuple(_TOKEN.findall(entry))
    return tokens if tokens and not _UNSPACED.search(entry) else (entry,)


def _words(language: Language, tokens: Sequence[str]) -> list[Word]:
    words: list[Word] = []
    start = 0
    while start < len(tokens):
        for end in range(min(len(tokens), start + LONGEST_PHRASE), start, -1):
            found = language.look_up(tuple(tokens[start:end]))
            if found is not None:
                words.append(Word(" ".join(tokens[start:end]), *found))
                start = end
                break
        else:
            words.extend(_hyphenated(language, tokens[start]))
            start += 1
    return words


def _hyphenated(language: Language, token: str) -> list[Word]:
    """The known parts of a token such as grey-blue; else the token as one unknown word."""
    parts = re.split(r"[-'’]", token)
    found = [language.look_up((part,)) for part in parts]
    if len(parts) > 1 and any(found):
        return [
            Word(part, *hit, joined=index > 0)
            for index, (part, hit) in enumerate(zip(parts, found, strict=True))
            if hit is not None
        ]
    return [Word(token, None, Kind.IGNORED)]


def _unspaced_words(language: Language, text: str) -> list[Word]:
    """The entries found one after the other; hiragana in none are particles and endings."""
    entries = sorted((phrase[0] for phrase in language.phrases), key=len, reverse=True)
    words: list[Word] = []
    start = 0
    while start < len(text):
        entry = next((entry for entry in entries if text.startswith(entry, start)), None)
        if entry is None:
            unknown = text[start]
            if _UNSPACED.match(unknown) and not _HIRAGANA.match(unknown):
                words.append(Word(unknown, None, Kind.IGNORED))
            start += 1
        else:
            words.append(Word(entry, *language.phrases[(entry,)]))
            start += len(entry)
    return words


def _known(words: Sequence[Word]) -> float:
    """Share of the words that the vocabulary knows; a phrase counts for all of its words."""
    lengths = [(word.text.count(" ") + 1, word.concept is not None) for word in words]
    return sum(length for length, known in lengths if known) / max(
        1, sum(length for length, _ in lengths)
    )
