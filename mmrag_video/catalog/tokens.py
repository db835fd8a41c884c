"""Tokens: what a program shows in place of a user's login, until somebody takes it back."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from mmrag_video.catalog.database import Database
from mmrag_video.catalog.people_schema import TokenRow, UserRow
from mmrag_video.catalog.users import User, as_kept, user_of
from mmrag_video.errors import UsageError

_USED_EVERY = timedelta(minutes=1)
"""A request seldom has to write: when a token was last used is known to so much."""
_LONGEST_PURPOSE = 100


@dataclass(frozen=True)
class Token:
    """A token as the catalog keeps it: of what the program shows there is a hash alone."""

    id: int
    user: str
    purpose: str
    created: datetime
    used: datetime | None
    """None until it is used for the first time."""


class Tokens:
    """Those of one catalog. Every method raises CatalogError if the file cannot be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def make(self, name: str, purpose: str = "") -> tuple[Token, str]:
        """A new token of a user, and what a program is to show: 256 random bits, told this once.

        Raises UsageError if there is no such user, or the purpose is too long.
        """
        if len(purpose) > _LONGEST_PURPOSE or not purpose.isprintable():
            raise UsageError(
                f"What a token is for is said in at most {_LONGEST_PURPOSE} printable characters."
            )
        secret = secrets.token_urlsafe(32)
        now = datetime.now(UTC)
        with self._database.writing() as session:
            user = session.scalar(select(UserRow).where(UserRow.name == as_kept(name)))
            if user is None:
                raise UsageError(f"There is no user named {name[:_LONGEST_PURPOSE]!r}.")
            row = TokenRow(
                hash=_kept(secret), user=user.id, purpose=purpose, created=now, used=None
            )
            session.add(row)
            session.flush()
            return _token(row, user.name), secret

    def all(self) -> list[Token]:
        """By user, the oldest first."""
        query = (
            select(TokenRow, UserRow.name)
            .join(UserRow, UserRow.id == TokenRow.user)
            .order_by(UserRow.name, TokenRow.id)
        )
        with self._database.reading() as session:
            return [_token(row, name) for row, name in session.execute(query)]

    def take_back(self, number: int) -> Token:
        """Let a token open nothing from now on. Raises UsageError if there is none."""
        for token in self.all():
            if token.id == number:
                with self._database.writing() as session:
                    row = session.get(TokenRow, number)
                    if row is not None:
                        session.delete(row)
                return token
        raise UsageError(
            f"There is no token number {number}; `mmrag-video users tokens` lists them."
        )

    def user(self, secret: str) -> User | None:
        """Whose token it is, and note that it was used; None if there is none.

        That of a user who is disabled opens nothing meanwhile.
        """
        query = (
            select(TokenRow.id, TokenRow.used, UserRow)
            .join(UserRow, UserRow.id == TokenRow.user)
            .where(TokenRow.hash == _kept(secret), ~UserRow.disabled)
        )
        with self._database.reading() as session:
            found = session.execute(query).first()
        if found is None:
            return None
        number, used, row = found
        now = datetime.now(UTC)
        if used is None or now - used > _USED_EVERY:
            self._note_use(number, now)
        return user_of(row)

    def _note_use(self, number: int, now: datetime) -> None:
        with self._database.writing() as session:
            row = session.get(TokenRow, number)
            if row is not None:
                row.used = now


def _kept(secret: str) -> str:
    """What is kept of a token. It is random, so nothing slower than SHA-256 is needed."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def _token(row: TokenRow, user: str) -> Token:
    return Token(row.id, user, row.purpose, row.created, row.used)
