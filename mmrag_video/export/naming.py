"""Names of exported files: from a template, safe on every file system, never one that is taken.

{camera}_{start:%Y%m%d-%H%M%S}_{query}
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from itertools import count
from pathlib import Path
from string import Formatter

from mmrag_video.errors import UsageError
from mmrag_video.export.export_moment import ExportMoment
from mmrag_video.video.timecode import Timecode

DEFAULT_TEMPLATE = "{camera}_{start:%Y%m%d-%H%M%S}_{query}"
LONGEST_TEMPLATE = 200
"""Characters."""
FIELDS = ("camera", "start", "end", "query", "number", "recording", "score")
LONGEST_NAME = 140
"""Bytes of UTF-8, ending included. Most file systems take 255, eCryptfs 143."""
_ROOM_FOR_NUMBER = len("-99999")
_LONGEST_ENDING = 16
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
"""What Windows and its file systems forbid; a slash separates folders everywhere."""
_RESERVED = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?=\.|\Z)", re.IGNORECASE
)
"""Devices to Windows, whatever the ending."""
_NUMBER_FORMAT = re.compile(r"0?\d?", re.ASCII)
_NO_CLOCK = "at"


@dataclass(frozen=True)
class NameFacts:
    """What a template may put into a name."""

    camera: str
    start: datetime | None
    """Wall clock, aware; None where it is unknown: then the media time stands for it."""
    end: datetime | None
    media_start: Fraction
    """Seconds from the recording's first frame."""
    media_end: Fraction
    query: str
    number: int
    """Place among what is exported, from 1."""
    recording: str
    """The source file's name without its ending."""
    score: float | None


def facts_of(moment: ExportMoment, number: int = 1) -> NameFacts:
    """What the name of a moment's file may tell."""
    first, last = moment.spans[0], moment.spans[-1]
    return NameFacts(
        camera=moment.camera,
        start=moment.wall_start,
        end=moment.wall_end,
        media_start=first.start,
        media_end=last.end,
        query=moment.query or moment.note,
        number=number,
        recording=first.recording.path.stem,
        score=moment.score,
    )


def facts_of_all(moments: Sequence[ExportMoment], number: int, title: str) -> NameFacts:
    """What the name of a file with several moments may tell; at least one.

    Cameras and recordings that differ are not named; for searches that differ, or where there is
    none, stands the title of all. The start is the earliest, the end the latest.
    """
    alone = [facts_of(moment, number) for moment in moments]
    starts = [facts.start for facts in alone if facts.start is not None]
    ends = [facts.end for facts in alone if facts.end is not None]
    scores = [facts.score for facts in alone if facts.score is not None]
    return NameFacts(
        camera=_common([facts.camera for facts in alone], "cameras"),
        start=min(starts, default=None),
        end=max(ends, default=None),
        media_start=min(facts.media_start for facts in alone),
        media_end=max(facts.media_end for facts in alone),
        query=(alone[0].query if len({facts.query for facts in alone}) == 1 else "") or title,
        number=number,
        recording=_common([facts.recording for facts in alone], "recordings"),
        score=max(scores, default=None),
    )


def _common(values: Sequence[str], many: str) -> str:
    different = dict.fromkeys(values)
    return values[0] if len(different) == 1 else f"{len(different)} {many}"


@dataclass(frozen=True)
class NameTemplate:
    """How files are named: words with fields in braces."""

    text: str = DEFAULT_TEMPLATE

    def __post_init__(self) -> None:
        """Raises UsageError for a field that there is not, or a format that it does not take."""
        if len(self.text) > LONGEST_TEMPLATE:
            raise UsageError(f"A name template has at most {LONGEST_TEMPLATE} characters.")
        for field, form in self._fields():
            if field not in FIELDS:
                raise UsageError(
                    f"The name template {self.text!r} has a field {{{field}}} that there is not; "
                    f"there are {', '.join(f'{{{name}}}' for name in FIELDS)}."
                )
            takes_form = (field in ("start", "end") and "{" not in form) or (
                field == "number" and _NUMBER_FORMAT.fullmatch(form)
            )
            if form and not takes_form:
                raise UsageError(
                    f"The name template {self.text!r} has {{{field}:{form}}}, but only {{start}} "
                    "and {end} take a format such as %Y%m%d, and {number} one such as 03."
                )

    def _fields(self) -> Iterator[tuple[str, str]]:
        """Name and format of each."""
        try:
            for _, field, form, conversion in Formatter().parse(self.text):
                if field is not None:
                    yield field + (f"!{conversion}" if conversion else ""), form or ""
        except ValueError as error:
            raise UsageError(
                f"The name template {self.text!r} cannot be read: {error}; "
                f"an example is {DEFAULT_TEMPLATE}."
            ) from error

    def name(self, facts: NameFacts, ending: str) -> str:
        """A safe file name; `ending` as `.csv`."""
        filled = "".join(
            literal + (_filled(facts, field, form or "") if field else "")
            for literal, field, form, _ in Formatter().parse(self.text)
        )
        return safe_name(filled, ending)


DEFAULT_NAMES = NameTemplate()


def _filled(facts: NameFacts, field: str, form: str) -> str:
    match field:
        case "start":
            return _time(facts.start, facts.media_start, form)
        case "end":
            return _time(facts.end, facts.media_end, form)
        case "number":
            return f"{facts.number:{form}d}"
        case "score":
            return "" if facts.score is None else f"{facts.score:.2f}"
        case _:
            return str(getattr(facts, field))


def _time(time: datetime | None, media: Fraction, form: str) -> str:
    """On the clock, else on the recording: `at-00-01-02.480`, which is no time of day."""
    if time is None:
        return f"{_NO_CLOCK}-{Timecode(media)}".replace(":", "-")
    try:
        return time.strftime(form or "%Y%m%d-%H%M%S")
    except ValueError:  # a sign that the C library does not know
        return time.strftime("%Y%m%d-%H%M%S")


def safe_name(stem: str, ending: str) -> str:
    """A name that each of the usual file systems takes, and that stays in its folder.

    One part, no hidden file, no device of Windows, no control or direction characters, at most
    140 bytes. `ending` as `.csv`, kept as it is.
    """
    assert ending.startswith(".") and len(ending.encode()) <= _LONGEST_ENDING, ending
    text = unicodedata.normalize("NFC", stem)
    text = _FORBIDDEN.sub("_", "".join(map(_harmless, text)))
    # No dot in front, which hides it, and no dash, which is an option.
    text = re.sub(r"[\s_]+", "_", text).lstrip(".-~_")
    longest = LONGEST_NAME - _ROOM_FOR_NUMBER - len(ending.encode()) - 1
    text = text.encode()[:longest].decode(errors="ignore").rstrip("._")
    if _RESERVED.match(text):
        text = f"_{text}"
    return (text or "unnamed") + ending


def _harmless(sign: str) -> str:
    """Nothing for what is not seen, a low line for what has no place in a name."""
    category = unicodedata.category(sign)
    if category == "Cf":  # turns the direction of writing, or has no width
        return ""
    return "_" if category in ("Cc", "Cs", "Co", "Cn", "Zl", "Zp") else sign


def numbered_names(name: str) -> Iterator[str]:
    """The name, and then `name-2.csv`, `name-3.csv` for when it is taken."""
    path = Path(name)
    yield name
    for number in count(2):
        yield f"{path.stem}-{number}{path.suffix}"


def different_names(names: Sequence[str]) -> list[str]:
    """The names, those that came before with a number, whatever the case of their letters."""
    taken: set[str] = set()
    different = []
    for name in names:
        free = next(one for one in numbered_names(name) if one.casefold() not in taken)
        taken.add(free.casefold())
        different.append(free)
    return different
