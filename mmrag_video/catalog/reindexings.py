"""Wishes about the index: the page notes them, the worker carries them out and says how far it is.

One is open at a time. One that is called off leaves the index in use as it was.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import func, select, update

from mmrag_video.catalog.database import Database
from mmrag_video.catalog.work_schema import ReindexingRow


class Wish(StrEnum):
    """What is wished."""

    NEW_INDEX = "new index"
    """Make it anew; recordings that cannot be read again keep the old one in use."""
    FORGET_MISSING = "forget missing"
    """The same, but give those up."""
    DROP_OTHERS = "drop others"
    """Drop every index but the one in use."""


@dataclass(frozen=True)
class Reindexing:
    """A wish, and what became of it so far."""

    id: int
    wish: Wish
    asked: datetime
    asked_by: str
    begun: datetime | None
    ended: datetime | None
    done: int
    """Recordings that are complete in the new index."""
    total: int
    missing: int
    """Recordings that could not be read again, for which the old index stayed in use."""
    problem: str
    """Why it ended without what was wished; empty if all is well."""

    @property
    def is_open(self) -> bool:
        """Whether there is still something to do for it."""
        return self.ended is None


class Reindexings:
    """The wishes of one catalog. Every method raises CatalogError if the file cannot be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def last(self) -> Reindexing | None:
        """The newest wish, open or not."""
        newest = select(ReindexingRow).order_by(ReindexingRow.id.desc()).limit(1)
        with self._database.reading() as session:
            row = session.scalar(newest)
            return None if row is None else _reindexing(row)

    def open(self) -> Reindexing | None:
        """The wish that is to be carried out; None if there is none."""
        last = self.last()
        return last if last is not None and last.is_open else None

    def ask(self, wish: Wish, asked_by: str) -> Reindexing | None:
        """Note a wish; None if another one is open."""
        unanswered = select(ReindexingRow.id).where(ReindexingRow.ended.is_(None))
        with self._database.writing() as session:
            if session.scalar(unanswered) is not None:
                return None
            row = ReindexingRow(
                asked=datetime.now(UTC),
                asked_by=asked_by,
                wish=wish.value,
                begun=None,
                ended=None,
                done=0,
                total=0,
                missing=0,
                problem="",
            )
            session.add(row)
            session.flush()
            return _reindexing(row)

    def call_off(self, why: str) -> bool:
        """End the open wish, with a sentence. Whether there was one."""
        still_open = ReindexingRow.ended.is_(None)
        with self._database.writing() as session:
            ended = session.execute(
                update(ReindexingRow).where(still_open).values(ended=datetime.now(UTC), problem=why)
            )
            return bool(ended.rowcount)  # type: ignore[attr-defined]

    def begin(self, identity: int, total: int) -> None:
        """The worker is at it now; `total`: recordings that it is about."""
        begun = func.coalesce(ReindexingRow.begun, datetime.now(UTC))  # not anew after a restart
        self._change(identity, begun=begun, total=total)

    def note_done(self, identity: int, done: int) -> None:
        """So many recordings are complete in the new index."""
        self._change(identity, done=done)

    def is_wanted(self, identity: int) -> bool:
        """Whether it is still open: somebody may have called it off."""
        query = select(ReindexingRow.ended).where(ReindexingRow.id == identity)
        with self._database.reading() as session:
            return session.scalars(query).one() is None

    def end(self, identity: int, problem: str = "", missing: int = 0) -> None:
        """It is carried out, or cannot be: `problem` says why. One that was called off stays so."""
        self._change(identity, ended=datetime.now(UTC), problem=problem, missing=missing)

    def _change(self, identity: int, **values: object) -> None:
        still_open = (ReindexingRow.id == identity) & ReindexingRow.ended.is_(None)
        with self._database.writing() as session:
            session.execute(update(ReindexingRow).where(still_open).values(**values))


def _reindexing(row: ReindexingRow) -> Reindexing:
    return Reindexing(
        id=row.id,
        wish=Wish(row.wish),
        asked=row.asked,
        asked_by=row.asked_by,
        begun=row.begun,
        ended=row.ended,
        done=row.done,
        total=row.total,
        missing=row.missing,
        problem=row.problem,
    )
