"""How a case came about: the searches that led there, and what the audit log says of it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mmrag_video.as_json import audit_entry_to_json
from mmrag_video.cases import Collected
from mmrag_video.catalog.audit import Action, AuditEntry
from mmrag_video.catalog.case_records import Case
from mmrag_video.catalog.users import Role, User


def excerpt(
    entries: Iterator[AuditEntry], case: Case, moments: Sequence[Collected], reader: User
) -> list[AuditEntry]:
    """The entries, oldest first, that tell of the case, its recordings or its searches.

    The log is for admins, since it says what everybody looks at. Whoever else takes a case out of
    the house takes what was done to that case, the searches that led to it, and what they did
    themselves: without it nobody could say how the evidence came about. Who else looked at its
    recordings, and what was done to moments that they may not see, is not for them.
    """
    subject = _Subject(
        case,
        words=frozenset(one.moment.found.query for one in moments) - {""},
        recordings=frozenset(span.recording for one in moments for span in one.moment.spans),
        moments=frozenset(one.moment.id for one in moments),
    )
    return [
        entry for entry in entries if subject.concerns(entry) and _may_read(reader, entry, subject)
    ]


@dataclass(frozen=True)
class _Subject:
    """What the entries are to be about."""

    case: Case
    words: frozenset[str]
    recordings: frozenset[str]
    moments: frozenset[int]

    def concerns(self, entry: AuditEntry) -> bool:
        about = entry.about
        match entry.action:
            case Action.SEARCH:
                return about.get("query") in self.words
            case Action.VIEW:
                return about.get("recording") in self.recordings
            case Action.EXPORT:
                shared = not self.recordings.isdisjoint(_listed(entry, "recordings"))
                return shared or self.is_of_case(entry)
            case _:
                return self.is_of_case(entry)

    def is_of_case(self, entry: AuditEntry) -> bool:
        """By its number: a case may be renamed, and another one have its name then.

        Entries of before there were numbers in them go by the name that the case has now, and none
        of them is older than the case.
        """
        about = entry.about
        if "case_id" in about:
            return bool(about["case_id"] == self.case.id)
        name = about.get("title" if entry.action is Action.EXPORT else "case")
        return name == self.case.name and entry.at >= self.case.created


def _may_read(reader: User, entry: AuditEntry, subject: _Subject) -> bool:
    """Whether somebody may take an entry with them that concerns the case."""
    if reader.role is Role.ADMIN or entry.user == reader.name:
        return True
    match entry.action:
        case Action.SEARCH:
            return all(map(reader.may_see, _listed(entry, "cameras")))
        case Action.VIEW:
            return False
        case Action.EXPORT:
            return subject.is_of_case(entry) and (
                not reader.cameras or subject.recordings.issuperset(_listed(entry, "recordings"))
            )
        case _:
            return not reader.cameras or subject.moments.issuperset(_moments_told(entry))


def _listed(entry: AuditEntry, name: str) -> list[str]:
    """Words that an entry lists; of one that somebody spoilt, none."""
    listed = entry.about.get(name)
    return list(map(str, listed)) if isinstance(listed, list) else []


def _moments_told(entry: AuditEntry) -> list[Any]:
    """The ids of the moments of a case that an entry is about."""
    several = entry.about.get("moments")
    one = entry.about.get("moment")
    return [*(several if isinstance(several, list) else ()), *(() if one is None else (one,))]


def searches(moments: Sequence[Collected], entries: Sequence[AuditEntry]) -> bytes:
    """JSON: for each search its words, the moments that it found, and who asked it when."""
    found: dict[str, list[int]] = {}
    for number, one in enumerate(moments, 1):
        found.setdefault(one.moment.found.query, []).append(number)
    listed: list[dict[str, Any]] = [
        {
            "words": words or None,
            "moments": numbers,
            "asked": [
                {"entry": entry.number, "at": entry.at.isoformat(), "user": entry.user}
                for entry in entries
                if entry.action is Action.SEARCH and words and entry.about.get("query") == words
            ],
        }
        for words, numbers in found.items()
    ]
    text = json.dumps({"searches": listed}, indent=2, ensure_ascii=False) + "\n"
    return text.encode("utf-8", "backslashreplace")


def audit_lines(entries: Sequence[AuditEntry]) -> bytes:
    """One JSON object a line, as `mmrag-video audit export` writes them."""
    lines = (json.dumps(audit_entry_to_json(entry), ensure_ascii=False) for entry in entries)
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")
