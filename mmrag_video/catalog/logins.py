"""Logins: who is logged in from which browser, kept here so that any of them can be ended."""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, or_, select

from mmrag_video.catalog.database import Database
from mmrag_video.catalog.people_schema import LoginRow, UserRow
from mmrag_video.catalog.users import User, as_kept, user_of
from mmrag_video.settings import LoginSettings

_SEEN_EVERY = timedelta(minutes=1)
"""A request seldom has to write: how long a login was unused is known to so much."""


class Logins:
    """Those of one catalog. Every method raises CatalogError if the file cannot be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, name: str, limits: LoginSettings) -> str:
        """Let a user in: the token by which their browser is known, 256 random bits.

        Logins that have ended by the limits are cleared away. The token of a user who is gone
        meanwhile opens nothing.
        """
        token = secrets.token_urlsafe(32)
        now = datetime.now(UTC)
        with self._database.writing() as session:
            session.execute(delete(LoginRow).where(_has_ended(now, limits)))
            user = session.scalar(_id_of(name))
            if user is not None:
                session.add(LoginRow(token=_kept(token), user=user, created=now, seen=now))
        return token

    def user(self, token: str, limits: LoginSettings, *, is_use: bool = True) -> User | None:
        """Whose login it is; None if there is none or it has ended.

        `is_use`: whether that is noted as a use of it, from which on it lasts for as long again.
        """
        now = datetime.now(UTC)
        query = (
            select(LoginRow.seen, UserRow)
            .join(UserRow, UserRow.id == LoginRow.user)
            .where(LoginRow.token == _kept(token), ~UserRow.disabled, ~_has_ended(now, limits))
        )
        with self._database.reading() as session:
            found = session.execute(query).first()
        if found is None:
            return None
        seen, row = found
        if is_use and now - seen > _SEEN_EVERY:
            self._note_use(token, now)
        return user_of(row)

    def _note_use(self, token: str, now: datetime) -> None:
        with self._database.writing() as session:
            login = session.get(LoginRow, _kept(token))
            if login is not None:
                login.seen = now

    def end(self, token: str) -> None:
        """Let this browser be known no more."""
        with self._database.writing() as session:
            session.execute(delete(LoginRow).where(LoginRow.token == _kept(token)))

    def end_all(self, name: str) -> None:
        """Log a user out everywhere."""
        with self._database.writing() as session:
            session.execute(delete(LoginRow).where(LoginRow.user.in_(_id_of(name))))

    def count(self, name: str, limits: LoginSettings) -> int:
        """From how many browsers a user is logged in."""
        now = datetime.now(UTC)
        query = select(LoginRow).where(LoginRow.user.in_(_id_of(name)), ~_has_ended(now, limits))
        with self._database.reading() as session:
            return len(session.scalars(query).all())


def _kept(token: str) -> str:
    """What is kept of a token. It is random, so nothing slower than SHA-256 is needed."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def _id_of(name: str) -> Select[Any]:
    return select(UserRow.id).where(UserRow.name == as_kept(name))


def _has_ended(now: datetime, limits: LoginSettings) -> ColumnElement[bool]:
    return or_(LoginRow.seen < now - limits.unused, LoginRow.created < now - limits.longest)
