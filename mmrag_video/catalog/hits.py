"""Hits: the moments that saved searches rang for, and how telling somebody of them stands."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from mmrag_video.catalog.database import Database
from mmrag_video.catalog.rows import in_zone
from mmrag_video.catalog.work_schema import HitRow
from mmrag_video.moments import Confidence
from mmrag_video.video.wall_clock import ClockOrigin


class Delivery(StrEnum):
    """Whether somebody was told of a hit."""

    NONE = "none"
    """Nobody is to be told."""
    PENDING = "pending"
    DELIVERED = "delivered"
    GIVEN_UP = "given up"


@dataclass(frozen=True)
class FoundMoment:
    """A moment of one recording, as a saved search found it."""

    recording: str
    """SHA-256 of the recording, which may be gone since."""
    camera: str
    start: Fraction
    """Media time, seconds."""
    end: Fraction
    best: Fraction
    """Of the frame that answers best."""
    wall_start: datetime | None
    """Aware, in the camera's zone; None where the clock is unknown."""
    wall_end: datetime | None
    zone: str
    clock_origin: ClockOrigin
    score: float
    """0 to 1."""
    confidence: Confidence
    threshold: float
    """What the score was measured by; 0 where the camera had too little history for one."""
    why: str


@dataclass(frozen=True)
class Hit:
    """A moment that a saved search rang for."""

    id: int
    search: int
    moment: FoundMoment
    found: datetime
    continues: int | None
    """The hit of the same moment in another recording: nobody is told twice."""
    delivery: Delivery
    attempts: int
    due: datetime
    error: str
    """Why the last attempt failed, in one sentence; empty unless one did."""


class Hits:
    """The hits of one catalog. Every method raises CatalogError if the file cannot be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def newest(
        self, limit: int = 100, search: int | None = None, cameras: Collection[str] = ()
    ) -> list[Hit]:
        """What was found last comes first. `cameras`: only theirs; empty: all."""
        query = select(HitRow).order_by(HitRow.found.desc(), HitRow.id.desc()).limit(limit)
        if search is not None:
            query = query.where(HitRow.search == search)
        if cameras:
            query = query.where(HitRow.camera.in_(cameras))
        with self._database.reading() as session:
            return [_hit(row) for row in session.scalars(query)]

    def searches_due(self, now: datetime) -> set[int]:
        """The searches with hits that somebody is to be told of now."""
        query = select(HitRow.search).where(*_due_at(now)).distinct()
        with self._database.reading() as session:
            return set(session.scalars(query))

    def due(self, now: datetime, search: int, limit: int = 100) -> list[Hit]:
        """Hits of a search that somebody is to be told of now, oldest first."""
        query = select(HitRow).where(*_due_at(now), HitRow.search == search)
        with self._database.reading() as session:
            return [_hit(row) for row in session.scalars(query.order_by(HitRow.id).limit(limit))]

    def shift_due(self, jump: timedelta) -> None:
        """The clock was set: what is to be told again waits as long as before."""
        pending = select(HitRow).where(HitRow.delivery == Delivery.PENDING.value)
        with self._database.writing() as session:
            for row in session.scalars(pending):
                row.due += jump

    def delivered(self, hit: Hit) -> None:
        """Somebody was told of it."""
        self._change(hit, delivery=Delivery.DELIVERED.value, error="")

    def retry_later(self, hit: Hit, error: str, due: datetime) -> None:
        """It could not be told, and is tried again."""
        self._change(hit, error=error, due=due)

    def give_up(self, hit: Hit, error: str) -> None:
        """It could not be told for the last time."""
        self._change(hit, delivery=Delivery.GIVEN_UP.value, error=error)

    def forget_before(self, moment: datetime) -> int:
        """Take away what was found before then, and nobody is still to be told of. How many."""
        old = delete(HitRow).where(HitRow.found < moment, HitRow.delivery != Delivery.PENDING.value)
        with self._database.writing() as session:
            return int(session.execute(old).rowcount)  # type: ignore[attr-defined]

    def _change(self, hit: Hit, **values: object) -> None:
        with self._database.writing() as session:
            session.execute(
                update(HitRow)
                .where(HitRow.id == hit.id)
                .values(attempts=hit.attempts + 1, **values)
            )


def add_hits(
    session: Session, search: int, moments: Sequence[FoundMoment], gap: timedelta, *, tells: bool
) -> list[Hit]:
    """Note moments in a transaction under way.

    One that goes on from, or overlaps, a hit of the same camera in another recording by the wall
    clock, or lies at most `gap` from it, continues that one. One that rang already, before its
    recording was let go of and came back, is not noted again.
    """
    rang = select(HitRow.recording, HitRow.start).where(
        HitRow.search == search, HitRow.recording.in_({moment.recording for moment in moments})
    )
    known = {(recording, start) for recording, start in session.execute(rang)}
    hits = []
    for moment in moments:
        if (moment.recording, moment.start) in known:
            continue
        continues = _same_moment(session, search, moment, gap)
        is_told = tells and continues is None
        now = datetime.now(UTC)
        row = HitRow(
            search=search,
            found=now,
            continues=continues,
            delivery=(Delivery.PENDING if is_told else Delivery.NONE).value,
            attempts=0,
            due=now,
            error="",
            **_columns(moment),
        )
        session.add(row)
        session.flush()
        hits.append(_hit(row))
    return hits


def _due_at(now: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return HitRow.delivery == Delivery.PENDING.value, HitRow.due <= now


def _same_moment(session: Session, search: int, moment: FoundMoment, gap: timedelta) -> int | None:
    if moment.wall_start is None or moment.wall_end is None:
        return None
    return session.scalar(
        select(HitRow.id)
        .where(
            HitRow.search == search,
            HitRow.camera == moment.camera,
            HitRow.recording != moment.recording,
            HitRow.wall_end >= moment.wall_start - gap,
            HitRow.wall_start <= moment.wall_end + gap,
        )
        .order_by(HitRow.id)
        .limit(1)
    )


def _columns(moment: FoundMoment) -> dict[str, Any]:
    return {
        "recording": moment.recording,
        "camera": moment.camera,
        "start": moment.start,
        "end": moment.end,
        "best": moment.best,
        "wall_start": moment.wall_start,
        "wall_end": moment.wall_end,
        "zone": moment.zone,
        "clock_origin": moment.clock_origin.value,
        "score": moment.score,
        "confidence": moment.confidence.value,
        "threshold": moment.threshold,
        "why": moment.why,
    }


def _hit(row: HitRow) -> Hit:
    return Hit(
        id=row.id,
        search=row.search,
        moment=FoundMoment(
            recording=row.recording,
            camera=row.camera,
            start=row.start,
            end=row.end,
            best=row.best,
            wall_start=in_zone(row.wall_start, row.zone),
            wall_end=in_zone(row.wall_end, row.zone),
            zone=row.zone,
            clock_origin=ClockOrigin(row.clock_origin),
            score=row.score,
            confidence=Confidence(row.confidence),
            threshold=row.threshold,
            why=row.why,
        ),
        found=row.found,
        continues=row.continues,
        delivery=Delivery(row.delivery),
        attempts=row.attempts,
        due=row.due,
        error=row.error,
    )
