"""Who may use the page, and what they may do there."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from mmrag_video.catalog.database import Database
from mmrag_video.catalog.passwords import hash_of, is_outdated, is_right
from mmrag_video.catalog.people_schema import LoginRow, UserRow
from mmrag_video.catalog.records import LONGEST_CAMERA, MOST_CAMERAS
from mmrag_video.errors import UsageError

_LONGEST_NAME = 64


class Role(StrEnum):
    """What a user may do; each may do what those before it may."""

    VIEWER = "viewer"
    """Search, look, play."""
    OPERATOR = "operator"
    """Also collect into cases, export, save searches."""
    ADMIN = "admin"
    """Also change sources, cameras, users, and read the audit log."""

    def may(self, needed: "Role") -> bool:
        """Whether it reaches as far as the needed one."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True)
class User:
    """Somebody who uses the page."""

    name: str
    role: Role
    cameras: tuple[str, ...] = ()
    """Those that they may see; empty: all."""

    def may_see(self, camera: str) -> bool:
        """Whether this camera is one of theirs."""
        return not self.cameras or camera in self.cameras


LOCAL = User("local", Role.ADMIN)
"""Whoever sits at this machine, where the page answers nobody else and asks for no login."""


@dataclass(frozen=True)
class Account:
    """A user as the catalog keeps them."""

    id: int
    user: User
    created: datetime
    disabled: bool
    """Whether they are kept out for now."""


class Users:
    """Those of one catalog. Every method raises CatalogError if the file cannot be used.

    There always is an admin who is not disabled, from the first user on.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def exist(self) -> bool:
        """Whether there is any: from then on the page asks for a login."""
        with self._database.reading() as session:
            return bool(session.scalar(select(exists(select(UserRow.id)))))

    def all(self) -> list[Account]:
        """By name."""
        with self._database.reading() as session:
            return [_account(row) for row in session.scalars(select(UserRow).order_by("name"))]

    def named(self, name: str) -> Account:
        """The one of a name. Raises UsageError if there is none."""
        with self._database.reading() as session:
            return _account(_row(session, name))

    def add(
        self, name: str, password: str, role: Role = Role.VIEWER, cameras: Sequence[str] = ()
    ) -> Account:
        """Add one. Names are kept in small letters.

        Raises UsageError if the name is taken or cannot be used, the password is short, an admin
        is given cameras, or the first user is no admin.
        """
        user = User(_proper_name(name), role, _proper_cameras(role, cameras))
        hashed = hash_of(password)
        # From the first password on, as with saved searches' secrets.
        self._database.hide_from_others()
        with self._database.writing() as session:
            if session.scalar(select(exists().where(UserRow.name == user.name))):
                raise UsageError(f"There is a user named {user.name!r} already.")
            row = UserRow(
                name=user.name,
                password=hashed,
                role=role.value,
                cameras=list(user.cameras),
                created=datetime.now(UTC),
                disabled=False,
            )
            session.add(row)
            session.flush()
            _check_admins(session, "The first user must be an admin, or nobody could add others.")
            return _account(row)

    def change(
        self, name: str, role: Role | None = None, cameras: Sequence[str] | None = None
    ) -> Account:
        """Give one another role, other cameras, or both; None leaves it as it is.

        It holds from their next request on. Raises UsageError if there is no such user, an admin
        is given cameras, or no admin would be left. Who becomes admin sees all cameras.
        """
        with self._database.writing() as session:
            row = _row(session, name)
            new = Role(row.role) if role is None else role
            if cameras is None:
                cameras = () if new is Role.ADMIN else row.cameras
            row.role, row.cameras = new.value, list(_proper_cameras(new, cameras))
            session.flush()
            _check_admins(session)
            return _account(row)

    def change_password(self, name: str, password: str) -> Account:
        """Give one a new password, and end their logins everywhere.

        Raises UsageError if there is no such user or the password is short.
        """
        hashed = hash_of(password)
        with self._database.writing() as session:
            row = _row(session, name)
            row.password = hashed
            _end_logins(session, row)
            return _account(row)

    def disable(self, name: str, disabled: bool = True) -> Account:
        """Keep one out, and end their logins; or let them in again.

        Raises UsageError if there is no such user, or no admin would be left.
        """
        with self._database.writing() as session:
            row = _row(session, name)
            row.disabled = disabled
            if disabled:
                _end_logins(session, row)
            session.flush()
            _check_admins(session)
            return _account(row)

    def remove(self, name: str) -> None:
        """Take one away, with their logins; what they did stays in the audit log.

        Raises UsageError if there is no such user, or no admin would be left.
        """
        with self._database.writing() as session:
            session.delete(_row(session, name))
            session.flush()
            _check_admins(session)

    def who_has(self, name: str, password: str) -> User | None:
        """The user of this name and password; None if there is none, or they are disabled.

        It takes the same time whether name or password is wrong.
        """
        with self._database.reading() as session:
            row = session.scalar(select(UserRow).where(UserRow.name == as_kept(name)))
        if not is_right(password, None if row is None else row.password):
            return None
        assert row is not None
        if is_outdated(row.password):
            self._hash_anew(row.id, row.password, password)
        return None if row.disabled else user_of(row)

    def _hash_anew(self, user: int, kept: str, password: str) -> None:
        hashed = hash_of(password)
        with self._database.writing() as session:
            row = session.get(UserRow, user)
            if row is not None and row.password == kept:
                row.password = hashed


def as_kept(name: str) -> str:
    """A name as it is kept and compared: no two differ by capitals or the way to write an é."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return unicodedata.normalize("NFKC", folded).strip()


def user_of(row: UserRow) -> User:
    """The user in a row."""
    return User(row.name, Role(row.role), tuple(row.cameras))


def _account(row: UserRow) -> Account:
    return Account(row.id, user_of(row), row.created, row.disabled)


def _row(session: Session, name: str) -> UserRow:
    row = session.scalar(select(UserRow).where(UserRow.name == as_kept(name)))
    if row is None:
        raise UsageError(f"There is no user named {name[:_LONGEST_NAME]!r}.")
    return row


def _proper_name(name: str) -> str:
    kept = as_kept(name)
    # The first sign: none that a spreadsheet takes for the beginning of a formula.
    if not (kept[:1].isalnum() and kept.isprintable() and len(kept) <= _LONGEST_NAME):
        raise UsageError(
            f"{name[:_LONGEST_NAME]!r} cannot be a user's name: it must begin with a letter or "
            f"a digit and be at most {_LONGEST_NAME} characters long."
        )
    if kept == LOCAL.name:
        raise UsageError(
            f"No user can be named {kept!r}: the audit log calls whoever sits at this machine so."
        )
    return kept


def _proper_cameras(role: Role, cameras: Sequence[str]) -> tuple[str, ...]:
    own = tuple(dict.fromkeys(camera for camera in cameras if camera))
    if len(own) > MOST_CAMERAS or any(len(camera) > LONGEST_CAMERA for camera in own):
        raise UsageError(
            f"A user is given at most {MOST_CAMERAS} cameras, with names of at most "
            f"{LONGEST_CAMERA} characters; without any they see all."
        )
    if own and role is Role.ADMIN:
        raise UsageError("An admin sees all cameras: choose none, or another role.")
    return own


def _check_admins(
    session: Session, sentence: str = "This would leave no admin; make another user one first."
) -> None:
    """Raise UsageError unless there is an admin who may log in."""
    admins = exists().where(UserRow.role == Role.ADMIN.value, ~UserRow.disabled)
    if not session.scalar(select(admins)):
        raise UsageError(sentence)


def _end_logins(session: Session, row: UserRow) -> None:
    session.execute(delete(LoginRow).where(LoginRow.user == row.id))
