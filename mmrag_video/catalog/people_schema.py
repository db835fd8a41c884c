"""The catalog's tables of people (users, logins, tokens) and of what they did: cases, audit log."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from mmrag_video.catalog.schema import Table


class UserRow(Table):
    """Somebody who may use the page."""

    __tablename__ = "user"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    password: Mapped[str] = mapped_column(Text)
    """An Argon2 hash with its parameters."""
    role: Mapped[str] = mapped_column(String(16))
    cameras: Mapped[list[str]] = mapped_column(JSON)
    """Those that may be seen; empty: all."""
    created: Mapped[datetime]
    disabled: Mapped[bool]


class LoginRow(Table):
    """A user's login from one browser, until it ends."""

    __tablename__ = "login"

    token: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of what the browser holds, so that a copy of this table lets nobody in."""
    user: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    created: Mapped[datetime]
    seen: Mapped[datetime]
    """When it was last used."""


class TokenRow(Table):
    """What a program shows in place of a user's login, until it is taken back."""

    __tablename__ = "token"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of what the program shows."""
    user: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str] = mapped_column(Text)
    created: Mapped[datetime]
    used: Mapped[datetime | None]
    """When it was last used."""


class AuditRow(Table):
    """Something that somebody did. Rows are added, and never changed or taken away."""

    __tablename__ = "audit"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    user: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    """Of the machine that asked; empty for a command."""
    action: Mapped[str] = mapped_column(String(32))
    about: Mapped[dict[str, Any]] = mapped_column(JSON)
    previous: Mapped[str] = mapped_column(String(64))
    """The hash of the row before."""
    hash: Mapped[str] = mapped_column(String(64))
    """Of all the rest."""


class CaseRow(Table):
    """A collection of moments for one purpose."""

    __tablename__ = "case"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    note: Mapped[str] = mapped_column(Text)
    created: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(Text)


class CaseMomentRow(Table):
    """A moment in a case, as it was found, with what somebody made of it."""

    __tablename__ = "case_moment"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    case: Mapped[int] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    """Its place in the case, from 0."""
    query: Mapped[str] = mapped_column(Text)
    """What it was found by, in words; empty if it was not found by a search."""
    score: Mapped[float | None]
    confidence: Mapped[str | None] = mapped_column(String(16))
    why: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    tags: Mapped[list[str]] = mapped_column(JSON)
    added: Mapped[datetime]
    added_by: Mapped[str] = mapped_column(Text)
    exported: Mapped[datetime | None]
    """When it was last part of an export."""
