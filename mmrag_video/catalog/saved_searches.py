"""Saved searches, and how each has scored in the recordings so far: its history."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, delete, exists, func, insert, select, update
from sqlalchemy.orm import Session

from mmrag_video.catalog.camera_names import name_now
from mmrag_video.catalog.database import Database
from mmrag_video.catalog.hits import FoundMoment, Hit, add_hits
from mmrag_video.catalog.records import Recording
from mmrag_video.catalog.work_schema import HitRow, SavedScoreRow, SavedSearchRow
from mmrag_video.errors import UsageError


@dataclass(frozen=True)
class Target:
    """Who is told of a hit: a webhook, or a command, or nobody."""

    webhook: str = ""
    """Its address."""
    secret: str = field(default="", repr=False)
    """What the webhook's messages are signed with."""
    command: tuple[str, ...] = ()
    """Program and arguments, run without a shell."""

    @property
    def is_set(self) -> bool:
        """Whether anybody is to be told."""
        return bool(self.webhook or self.command)


@dataclass(frozen=True)
class SavedSearch:
    """A search that is put to every new recording."""

    id: int
    name: str
    text: str
    cameras: tuple[str, ...]
    """Empty: all."""
    target: Target
    created: datetime

    def watches(self, camera: str) -> bool:
        """Whether its filter lets this camera's recordings through."""
        return not self.cameras or camera in self.cameras


class SavedSearches:
    """Those of one catalog. Every method raises CatalogError if the file cannot be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        name: str,
        text: str,
        cameras: Sequence[str],
        target: Target,
        known: Iterable[Recording],
    ) -> SavedSearch:
        """Save one. Recordings that are `known` are its history, and never ring.

        Raises UsageError if there is one of that name. From the first secret on, only the
        catalog's owner and group may read it.
        """
        if target.secret:
            self._database.hide_from_others()
        now = datetime.now(UTC)
        with self._database.writing() as session:
            if session.scalar(select(exists().where(SavedSearchRow.name == name))):
                raise UsageError(f"There is a saved search named {name!r} already.")
            row = SavedSearchRow(
                name=name,
                text=text,
                cameras=list(cameras),
                webhook=target.webhook,
                secret=target.secret,
                command=list(target.command),
                created=now,
            )
            session.add(row)
            session.flush()
            saved = _saved(row)
            # Apart by a microsecond, so that the order in which they are given stays.
            scores = [
                _score_row(saved.id, recording, now + timedelta(microseconds=number))
                for number, recording in enumerate(known)
                if saved.watches(recording.camera)
            ]
            if scores:
                session.execute(insert(SavedScoreRow), scores)
            return saved

    def all(self) -> list[SavedSearch]:
        """By name."""
        with self._database.reading() as session:
            rows = session.scalars(select(SavedSearchRow).order_by(SavedSearchRow.name))
            return [_saved(row) for row in rows]

    def named(self, name: str) -> SavedSearch:
        """The one of a name. Raises UsageError if there is none."""
        for saved in self.all():
            if saved.name == name:
                return saved
        raise UsageError(
            f"There is no saved search named {name!r}; `mmrag-video saved list` lists them."
        )

    def remove(self, search: SavedSearch) -> None:
        """Take one away, with its history and its hits."""
        with self._database.writing() as session:
            session.execute(delete(SavedSearchRow).where(SavedSearchRow.id == search.id))

    def has_heard(self, search: SavedSearch, recording: str) -> bool:
        """Whether a recording was put to a search, or was there before it."""
        with self._database.reading() as session:
            return _has_heard(session, search, recording)

    def not_heard(self, search: SavedSearch, recordings: Iterable[Recording]) -> list[Recording]:
        """Those of these recordings that it watches and was never asked about."""
        query = select(SavedScoreRow.recording).where(SavedScoreRow.search == search.id)
        with self._database.reading() as session:
            heard = set(session.scalars(query))
        return [one for one in recordings if search.watches(one.camera) and one.id not in heard]

    def unmeasured(self, search: SavedSearch, camera: str, index: str, limit: int) -> list[str]:
        """Of a camera's last `limit` recordings those that have no score in this index."""
        last = (
            select(SavedScoreRow.recording, SavedScoreRow.index, SavedScoreRow.score)
            .where(_of(search, camera))
            .order_by(SavedScoreRow.noted.desc())
            .limit(limit)
        )
        with self._database.reading() as session:
            return [
                recording
                for recording, measured_in, score in session.execute(last)
                if score is None or measured_in != index
            ]

    def measure(self, search: SavedSearch, recording: str, index: str, score: float) -> None:
        """Note how it scores in a recording of its history."""
        with self._database.writing() as session:
            session.execute(
                update(SavedScoreRow)
                .where(SavedScoreRow.search == search.id, SavedScoreRow.recording == recording)
                .values(score=score, index=index)
            )

    def history(self, search: SavedSearch, camera: str, index: str, limit: int) -> list[float]:
        """Its best scores in this camera's last `limit` recordings, newest first."""
        query = (
            select(SavedScoreRow.score)
            .where(_of(search, camera), *_measured_in(index))
            .order_by(SavedScoreRow.noted.desc())
            .limit(limit)
        )
        with self._database.reading() as session:
            return [score for score in session.scalars(query) if score is not None]

    def rang_lately(self, search: SavedSearch, camera: str, recordings: int) -> bool:
        """Whether it rang for one of this camera's last so many recordings."""
        last = (
            select(SavedScoreRow.recording)
            .where(_of(search, camera))
            .order_by(SavedScoreRow.noted.desc())
            .limit(recordings)
        )
        rang = exists().where(HitRow.search == search.id, HitRow.recording.in_(last))
        with self._database.reading() as session:
            return bool(session.scalar(select(rang)))

    def note(
        self,
        search: SavedSearch,
        recording: Recording,
        index: str,
        score: float,
        moments: Sequence[FoundMoment],
        gap: timedelta,
    ) -> list[Hit]:
        """Note a new recording's best score and its hits, all or nothing.

        No hits if somebody else was quicker, or the search is gone since. `gap`: see `add_hits`.
        """
        with self._database.writing() as session:
            is_gone = session.get(SavedSearchRow, search.id) is None
            if is_gone or _has_heard(session, search, recording.id):
                return []
            camera = name_now(session, recording.camera)  # it may have been renamed meanwhile
            recording = replace(recording, camera=camera)
            moments = [replace(moment, camera=camera) for moment in moments]
            noted = self._after_the_last(session, search)
            row = _score_row(search.id, recording, noted)
            session.add(SavedScoreRow(**{**row, "index": index, "score": score}))
            return add_hits(session, search.id, moments, gap, tells=search.target.is_set)

    @staticmethod
    def _after_the_last(session: Session, search: SavedSearch) -> datetime:
        """Now, or just after the newest row: the order holds though the clock is set back."""
        last = session.scalar(
            select(func.max(SavedScoreRow.noted)).where(SavedScoreRow.search == search.id)
        )
        now = datetime.now(UTC)
        return now if last is None else max(now, last + timedelta(microseconds=1))


def _has_heard(session: Session, search: SavedSearch, recording: str) -> bool:
    return session.get(SavedScoreRow, (search.id, recording)) is not None


def _of(search: SavedSearch, camera: str) -> ColumnElement[bool]:
    return (SavedScoreRow.search == search.id) & (SavedScoreRow.camera == camera)


def _measured_in(index: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return SavedScoreRow.index == index, SavedScoreRow.score.is_not(None)


def _score_row(search: int, recording: Recording, noted: datetime) -> dict[str, object]:
    return {
        "search": search,
        "recording": recording.id,
        "camera": recording.camera,
        "index": "",
        "score": None,
        "noted": noted,
    }


def _saved(row: SavedSearchRow) -> SavedSearch:
    return SavedSearch(
        id=row.id,
        name=row.name,
        text=row.text,
        cameras=tuple(row.cameras),
        target=Target(row.webhook, row.secret, tuple(row.command)),
        created=row.created,
    )
