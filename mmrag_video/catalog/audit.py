"""The audit log: who did what and when, each entry chained to the one before by its hash.

Whoever changes, takes away or puts in an entry afterwards would have to write all later ones anew,
and whoever holds the hash of one of those would see it. Entries that are cut off at the end leave
no mark in the chain itself: an export tells the last hash, to be compared later.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import String, Text, func, select, type_coerce

from mmrag_video.catalog.database import Database
from mmrag_video.catalog.people_schema import AuditRow

FIRST = "0" * 64
"""What the first entry has for the hash before it."""
_LOT = 1000
"""Entries read at a time."""


class Action(StrEnum):
    """What was done."""

    SEARCH = "search"
    VIEW = "view"
    """A recording was opened in the player."""
    EXPORT = "export"
    LOGIN = "login"
    LOGIN_REFUSED = "login refused"
    LOGOUT = "logout"
    CHANGE = "change"
    """Of a source, a camera, a case, a user, a saved search."""


@dataclass(frozen=True)
class AuditEntry:
    """One thing that somebody did."""

    number: int
    at: datetime
    """UTC, to the microsecond."""
    user: str
    address: str
    """Of the machine that asked; empty for a command."""
    action: Action
    about: Mapping[str, Any]
    """Plain JSON."""
    previous: str
    hash: str

    def hash_of_content(self) -> str:
        """SHA-256 of everything in it but the hash itself, 64 hex digits."""
        content = [
            self.number,
            self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            self.user,
            self.address,
            self.action.value,
            self.about,
            self.previous,
        ]
        text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


class AuditLog:
    """One catalog's log. Every method raises CatalogError if the file cannot be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(
        self, user: str, action: Action, about: Mapping[str, Any], address: str = ""
    ) -> AuditEntry:
        """Add an entry. `about`: plain JSON."""
        # Through JSON and back: what is hashed is what will be read again, without stray bytes.
        about = json.loads(json.dumps(about, ensure_ascii=False).encode(errors="replace"))
        with self._database.writing() as session:  # holds the write lock: no two have one place
            last = session.scalars(select(AuditRow).order_by(AuditRow.id.desc()).limit(1)).first()
            number, previous = (last.id + 1, last.hash) if last else (1, FIRST)
            entry = AuditEntry(
                number, datetime.now(UTC), user, address, action, about, previous, hash=""
            )
            row = AuditRow(
                id=number,
                at=entry.at,
                user=user,
                address=address,
                action=action.value,
                about=about,
                previous=previous,
                hash=entry.hash_of_content(),
            )
            session.add(row)
            return replace(entry, hash=row.hash)

    def entries(
        self,
        *,
        before: int | None = None,
        limit: int | None = None,
        user: str | None = None,
        action: Action | None = None,
    ) -> Iterator[AuditEntry]:
        """Newest first; those with a number below `before`, of this user, of this action."""
        query = _AS_WRITTEN.order_by(AuditRow.id.desc()).limit(limit)
        if before is not None:
            query = query.where(AuditRow.id < before)
        if user is not None:
            query = query.where(AuditRow.user == user)
        if action is not None:
            query = query.where(AuditRow.action == action.value)
        with self._database.reading() as session:
            for row in session.execute(query.execution_options(yield_per=_LOT)):
                yield _entry(*row)

    def oldest_first(self) -> Iterator[AuditEntry]:
        """All entries, as they were added.

        Read in lots: whoever takes them slowly does not hold the file for as long.
        """
        lot, last = _LOT, -1
        while lot == _LOT:
            query = _AS_WRITTEN.where(AuditRow.id > last).order_by(AuditRow.id).limit(_LOT)
            with self._database.reading() as session:
                rows = session.execute(query).all()
            lot = len(rows)
            for row in rows:
                last = row[0]
                yield _entry(*row)

    def last(self) -> AuditEntry | None:
        """The newest."""
        return next(self.entries(limit=1), None)

    def count(self) -> int:
        """How many there are; as many as the last one's number, unless some are missing."""
        with self._database.reading() as session:
            return session.scalar(select(func.count()).select_from(AuditRow)) or 0

    def has(self, user: str, action: Action, address: str, since: datetime) -> bool:
        """Whether a user did something from an address since then."""
        query = select(AuditRow.id).where(
            AuditRow.at >= since,
            AuditRow.user == user,
            AuditRow.action == action.value,
            AuditRow.address == address,
        )
        with self._database.reading() as session:
            return session.scalar(query.limit(1)) is not None


def broken_at(entries: Iterator[AuditEntry]) -> int | None:
    """The number of the first entry, oldest first, that is not what was written; None if all are.

    Its content does not fit its hash, or it does not follow the one before it.
    """
    number, previous = 0, FIRST
    for entry in entries:
        follows = entry.number == number + 1 and entry.previous == previous
        if not follows or entry.hash != entry.hash_of_content():
            return entry.number
        number, previous = entry.number, entry.hash
    return None


_AS_WRITTEN = select(
    AuditRow.id,
    type_coerce(AuditRow.at, String).label("at"),
    AuditRow.user,
    AuditRow.address,
    AuditRow.action,
    type_coerce(AuditRow.about, Text).label("about"),
    AuditRow.previous,
    AuditRow.hash,
)
"""The columns as text, so that an entry that somebody spoilt can be read as far as it goes."""


def _entry(
    number: int,
    at: str,
    user: str,
    address: str,
    action: str,
    about: str,
    previous: str,
    hash_: str,
) -> AuditEntry:
    """An entry as it was read; of one that was spoilt, something that does not fit its hash."""
    try:
        when = datetime.fromisoformat(at).replace(tzinfo=UTC)
        what = json.loads(about)
        done = Action(action)
    except (ValueError, TypeError):
        when, done = datetime.min.replace(tzinfo=UTC), Action.CHANGE
        what = {"cannot be read": f"{at} {action} {about}"}
    return AuditEntry(number, when, user, address, done, what, previous, hash_)
