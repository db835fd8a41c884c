"""The catalog's file: opening it, bringing it up to date, and its errors as sentences."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DatabaseError, SQLAlchemyError
from sqlalchemy.orm import Session

from mmrag_video.catalog.schema import VERSION
from mmrag_video.errors import CatalogError

_BUSY_SECONDS = 30
"""How long a writer waits for another; transactions here take milliseconds."""


class Database:
    """One catalog file, for all who keep tables in it."""

    def __init__(self, file: Path) -> None:
        """Open the file, making it or bringing its tables up to date if need be.

        Raises CatalogError if it cannot be used, or is newer than this program.
        """
        self.file = file
        self._engine = _open(file)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that reads. Raises CatalogError if the file cannot be used."""
        with in_words(self.file), Session(self._engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session in one transaction: all of it is written, or nothing."""
        with in_words(self.file), Session(_for_writing(self._engine)) as session, session.begin():
            yield session

    def hide_from_others(self) -> None:
        """Take from all but owner and group what rights they have to the file.

        Raises CatalogError if the file is somebody else's.
        """
        for ending in ("", "-wal", "-shm"):
            part = self.file.with_name(self.file.name + ending)
            try:
                with suppress(FileNotFoundError):
                    part.chmod(part.stat().st_mode & 0o770)
            except OSError as error:
                raise CatalogError(
                    f"Others may read the catalog {part}, and that cannot be changed"
                    f" ({error.strerror}): a secret does not belong in it; change its permissions."
                ) from error

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()


def _open(file: Path) -> Engine:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CatalogError(f"The folder {file.parent} cannot be made: {error.strerror}.") from error
    engine = create_engine(
        URL.create("sqlite", database=str(file)), connect_args={"timeout": _BUSY_SECONDS}
    )
    event.listen(engine, "connect", _prepare_connection)
    event.listen(engine, "begin", _begin)
    with in_words(file):
        _bring_up_to_date(engine, file)
    return engine


def _for_writing(engine: Engine) -> Engine:
    """The same engine, whose transactions take the write lock when they begin.

    A transaction that reads first and takes it later may be refused at once, without waiting.
    """
    return engine.execution_options(begin="IMMEDIATE")


@contextmanager
def in_words(file: Path) -> Iterator[None]:
    """Turn what the database raises into a CatalogError of one sentence."""
    try:
        yield
    except DatabaseError as error:
        raise CatalogError(_sentence(file, error.orig)) from error
    except SQLAlchemyError as error:
        raise CatalogError(f"The catalog {file} cannot be used: {error}.") from error
    except UnicodeEncodeError as error:
        raise CatalogError(
            f"The catalog {file} cannot hold {error.object!r}: it is not valid text."
        ) from error


def _prepare_connection(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun by _begin, not by the driver
    _keep_a_log(connection)
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _keep_a_log(connection: sqlite3.Connection) -> None:
    """Write-ahead logging. A file that another process is making just now refuses the change at
    once, without waiting as it does for all else.
    """
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _begin(connection: Connection) -> None:
    mode = connection.get_execution_options().get("begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")


def _bring_up_to_date(engine: Engine, file: Path) -> None:
    with engine.connect() as connection:
        if _version(connection) == VERSION:
            return
    with _for_writing(engine).begin() as connection:
        found = _version(connection)  # again: another process may have been quicker
        if found == VERSION:
            return
        if found is not None and int(found) > int(VERSION):
            raise CatalogError(
                f"The catalog {file} was written by a newer mmrag-video (version {found} of its "
                f"tables; this program knows {VERSION}): update the program."
            )
        _migrate(connection)


def _version(connection: Connection) -> str | None:
    has_table = text("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'")
    if connection.scalar(has_table) is None:
        return None
    version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return version


def _migrate(connection: Connection) -> None:
    # Imported only when there is something to do: Alembic takes longer to import than to run.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    settings = Config()
    settings.set_main_option(
        "script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%")
    )
    settings.attributes["connection"] = connection
    command.upgrade(settings, "head")


_CAUSES = {
    sqlite3.SQLITE_NOTADB: "is not a database, or is damaged: move it away and ingest again, or "
    "put a copy in its place",
    sqlite3.SQLITE_CORRUPT: "is damaged: move it away and ingest again, or put a copy in its place",
    sqlite3.SQLITE_FULL: "cannot be written: the disk is full; make room and go on",
    sqlite3.SQLITE_READONLY: "cannot be written: you may only read it",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened: you may not write in its folder",
    sqlite3.SQLITE_BUSY: f"has been busy for {_BUSY_SECONDS} s: another program holds it",
}


def _sentence(file: Path, error: Any) -> str:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte is the kind of error
    cause = _CAUSES.get(code, f"cannot be used: {error}")
    return f"The catalog {file} {cause}."
