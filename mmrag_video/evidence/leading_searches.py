"""How a case came about: the searches that led there, and what the audit log says of it."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from mmrag_video.as_json import audit_entry_to_json
from mmrag_video.cases import Collected
from mmrag_video.catalog.audit import Action, AuditEntry
from mmrag_video.catalog.case_records import Case


def excerpt(
    entries: Iterator[AuditEntry], case: Case, moments: Sequence[Collected]
) -> list[AuditEntry]:
    """The entries, oldest first, that tell of the case, its recordings or its searches."""
    words = {one.moment.found.query for one in moments} - {""}
    recordings = {span.recording for one in moments for span in one.moment.spans}
    return [entry for entry in entries if _concerns(entry, case, words, recordings)]


def _concerns(entry: AuditEntry, case: Case, words: set[str], recordings: set[str]) -> bool:
    about = entry.about
    match entry.action:
        case Action.SEARCH:
            return about.get("query") in words
        case Action.VIEW:
            return about.get("recording") in recordings
        case Action.EXPORT:
            listed = about.get("recordings")
            of_one = isinstance(listed, list) and not recordings.isdisjoint(map(str, listed))
            return of_one or about.get("title") == case.name
        case _:
            return about.get("case") == case.name


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
