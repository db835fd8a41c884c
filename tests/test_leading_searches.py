"""The excerpt of the audit log in evidence: what was done to this case, and to no other."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from mmrag_video.catalog.audit import FIRST, Action, AuditEntry
from mmrag_video.catalog.case_records import Case
from mmrag_video.catalog.users import Role, User
from mmrag_video.evidence.leading_searches import excerpt

ADMIN, OPERATOR = User("ann", Role.ADMIN), User("bob", Role.OPERATOR)
MADE = datetime(2026, 3, 2, tzinfo=UTC)
BURGLARY = Case(1, "burglary", "", MADE, "ann", moments=0)
"""Called "theft" before."""
THEFT = Case(2, "theft", "", MADE + timedelta(days=2), "bob", moments=0)
"""Has its name now."""


def told_of(case: Case, *entries: tuple[Action, Mapping[str, Any]], reader: User = ADMIN) -> str:
    """The letters by which entries, an hour apart, are known that are in the excerpt."""
    log = [
        AuditEntry(number, MADE + timedelta(hours=number), "eve", "", action, about, FIRST, "")
        for number, (action, about) in enumerate(entries)
    ]
    return "".join(str(entry.about["what"]) for entry in excerpt(iter(log), case, [], reader))


def changed(what: str, name: str, id: int | None = None) -> tuple[Action, Mapping[str, Any]]:
    return Action.CHANGE, {"case": name, "what": what, **({} if id is None else {"case_id": id})}


def exported(what: str, name: str, id: int | None) -> tuple[Action, Mapping[str, Any]]:
    return Action.EXPORT, {"title": name, "what": what, "case_id": id}


def test_a_case_keeps_its_history_when_it_is_renamed_and_gives_none_to_its_namesake() -> None:
    log = (
        changed("a", "theft", 1),
        exported("b", "theft", 1),
        changed("c", "theft", 1),
        changed("d", "burglary", 1),
        changed("e", "theft", 2),
        exported("f", "theft", 2),
        exported("g", "theft", None),  # a search's, of the same words
    )
    for reader in (ADMIN, OPERATOR):
        assert told_of(BURGLARY, *log, reader=reader) == "abcd"
        assert told_of(THEFT, *log, reader=reader) == "ef"


def test_entries_without_a_number_go_by_the_name_and_are_no_older_than_the_case() -> None:
    assert told_of(BURGLARY, changed("a", "burglary"), changed("b", "theft")) == "a"
    assert told_of(THEFT, changed("a", "theft")) == ""
    older = Case(3, "theft", "", MADE, "bob", moments=0)
    assert told_of(older, changed("a", "theft")) == "a"
