"""What page and commands ask of the worker, and what it says of itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select, update

from mmrag_video.catalog.database import Database
from mmrag_video.catalog.work_schema import WorkerRow

SIGN_OF_LIFE = timedelta(seconds=60)
"""A worker gives one every few seconds; whose last is older, is taken to have ended."""


@dataclass(frozen=True)
class WorkerState:
    """How the worker is."""

    paused: bool
    name: str
    """Process and machine; empty before there was one."""
    heartbeat: datetime | None
    activity: str
    """What it is doing or waiting for, in words."""
    unreadable: tuple[str, ...] = ()
    """Names of the sources of which it could not read all at the last look."""

    def is_alive(self, at: datetime) -> bool:
        """Whether it has lately said that it lives."""
        return self.heartbeat is not None and at - self.heartbeat < SIGN_OF_LIFE


class WorkerStates:
    """The worker's row in one catalog."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self) -> WorkerState:
        """How it was when it last said so."""
        with self._database.reading() as session:
            row = session.scalars(select(WorkerRow)).one()
            return WorkerState(
                row.paused, row.name, row.heartbeat, row.activity, tuple(row.unreadable)
            )

    def pause(self, paused: bool) -> None:
        """Ask it to hold still after the frames at hand, or to go on."""
        self._set(paused=paused)

    def say(self, name: str, activity: str, unreadable: Sequence[str] = ()) -> None:
        """The worker lives, is at this, and cannot read all of these sources."""
        self._set(
            name=name,
            activity=activity,
            unreadable=list(unreadable),
            heartbeat=datetime.now(UTC),
        )

    def told(self) -> date | None:
        """The last day of whose work the log has its line; None before the first."""
        with self._database.reading() as session:
            return session.scalars(select(WorkerRow.told)).one()

    def note_told(self, day: date) -> int:
        """The log gets a day's line now; how many recordings were let go of since the last one."""
        with self._database.writing() as session:
            row = session.scalars(select(WorkerRow)).one()
            let_go, row.let_go, row.told = row.let_go, 0, day
            return let_go

    def note_let_go(self, recordings: int) -> None:
        """The retention let go of so many more."""
        self._set(let_go=WorkerRow.let_go + recordings)

    def _set(self, **values: object) -> None:
        with self._database.writing() as session:
            session.execute(update(WorkerRow).values(**values))
