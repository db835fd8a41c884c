"""One line in the log for each day: what was done, what failed, how much room is left."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from mmrag_video.archive import Archive
from mmrag_video.catalog.jobs import JobState
from mmrag_video.catalog.tally import done_between, failed_by_kind, hits_between
from mmrag_video.counting import counted
from mmrag_video.health import disk_figures
from mmrag_video.work_done import WorkDone, sum_of

_log = logging.getLogger(__name__)
_MISSED = 7
"""Days that are made up for at most, after a stop."""
_LOOK_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class DayFigures:
    """What came of one day."""

    day: date
    """As `clock.zone` has it."""
    done: WorkDone
    failed: int
    """Recordings that failed and are to be tried again."""
    set_aside: int
    hits: int
    """Of saved searches."""
    let_go: int
    """Recordings, by the retention, since the line before."""
    free: int
    """Bytes on the data directory's disk, now."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing came of it."""
        return not (
            self.done.recordings or self.failed or self.set_aside or self.hits or self.let_go
        )


class DailyLine:
    """Logs the line of each day that is over, once, whatever stops and starts in between."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._zone = ZoneInfo(archive.settings.clock.zone)
        self._looked: datetime | None = None

    def tell(self, now: datetime) -> None:
        """Log what is due at `now`, an aware time. Cheap: call it every so often.

        Raises CatalogError. A day is noted first: better that its line is lost than there twice.
        """
        if self._looked is not None and abs(now - self._looked) < _LOOK_EVERY:
            return
        self._looked = now
        worker = self._archive.catalog.worker
        today = now.astimezone(self._zone).date()
        yesterday = today - timedelta(days=1)
        told = worker.told()
        if told is None or told > today:  # the first start, or a clock that was far ahead
            worker.note_told(yesterday)
            return
        for day in days_due(told, today):
            let_go = worker.note_told(day)
            figures = day_figures(self._archive, day, self._zone, let_go)
            if day == yesterday or not figures.is_empty:
                _log.info("%s", daily_words(figures), extra=_fields(figures))


def days_due(told: date, today: date) -> Iterator[date]:
    """The days after `told` that are over, oldest first: of a week at most.

    None where `told` is today: it was over before the clock was set back.
    """
    yesterday = today - timedelta(days=1)
    day = max(told + timedelta(days=1), today - timedelta(days=_MISSED))
    while day <= yesterday:
        yield day
        day += timedelta(days=1)


def day_figures(archive: Archive, day: date, zone: ZoneInfo, let_go: int) -> DayFigures:
    """What came of a local day, of 23 or 25 hours where clocks change. Raises CatalogError."""
    since, until = (
        datetime.combine(one, time.min, zone).astimezone(UTC)
        for one in (day, day + timedelta(days=1))
    )
    database = archive.catalog.database
    failed, set_aside = (
        sum(failed_by_kind(database, state, since, until).values())
        for state in (JobState.WAITING, JobState.SET_ASIDE)
    )
    return DayFigures(
        day=day,
        done=sum_of(done_between(database, since, until)),
        failed=failed,
        set_aside=set_aside,
        hits=hits_between(database, since, until),
        let_go=let_go,
        free=disk_figures(archive).free,
    )


def daily_words(told: DayFigures) -> str:
    """The day in one sentence."""
    done = told.done
    parts = [
        f"{counted(done.recordings, 'recording')} done, {done.footage / 3600:.1f} h of footage, "
        f"{counted(done.frames, 'frame')} kept"
    ]
    if done.times_real_time is not None:
        parts.append(f"{done.times_real_time:.0f} times real time")
    parts.append(f"{told.failed} failed and to be tried again, {told.set_aside} set aside")
    parts.append(counted(told.hits, "hit") + " of saved searches")
    parts.append(f"{counted(told.let_go, 'recording')} let go of")
    parts.append(f"{told.free / 1024**3:.1f} GB free now")
    return f"{told.day:%A} {told.day:%Y-%m-%d}: {'; '.join(parts)}."


def _fields(told: DayFigures) -> dict[str, object]:
    return {
        "day": told.day.isoformat(),
        "recordings": told.done.recordings,
        "footage_seconds": round(told.done.footage, 3),
        "seconds": round(told.done.seconds, 3),
        "frames": told.done.frames,
        "failed": told.failed,
        "set_aside": told.set_aside,
        "hits": told.hits,
        "let_go": told.let_go,
        "free_bytes": told.free,
    }
