"""How all that the page stands on is, for people: each part with a plain word and what to do.

The same figures as `/metrics`, the same problems as `/healthz`, in the words of whoever looks after
it. Neither is worked out here.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from importlib.metadata import version

from mmrag_video.archive import Archive
from mmrag_video.catalog.jobs import JobState
from mmrag_video.counting import counted
from mmrag_video.disk_use import DiskUse
from mmrag_video.doctor import package_versions
from mmrag_video.errors import MmragError
from mmrag_video.health import Figures, figures
from mmrag_video.index_overview import Standing, index_overview
from web.health_check import HealthCheck, Part
from web.words import duration

_LATE = 1800.0
"""Seconds of lag from which somebody should look; configs/prometheus-alerts.yml has the same."""
_GIGABYTE = 1024**3
_DAY = 86_400.0


class Level(StrEnum):
    """How a part is."""

    WELL = "well"
    LOOK = "look here"
    FAILING = "failing"


@dataclass(frozen=True)
class Reading:
    """One part, and how it is."""

    subject: str
    level: Level
    facts: tuple[str, ...]
    remedy: str = ""
    """What to do; empty where nothing is."""
    endpoint: str = ""
    """The page where that is done, or more is said."""


def report(archive: Archive, check: HealthCheck, disk: DiskUse) -> list[Reading]:
    """Every part, as it is now. A part that cannot be looked at is failing."""
    problems = {problem.part: problem.sentence for problem in check.problems()}
    now = datetime.now(UTC)
    if Part.CATALOG in problems:
        remedy = "Look into the log of the page: it says what is wrong with the file."
        return [Reading("Catalog", Level.FAILING, (problems[Part.CATALOG],), remedy)]
    known = figures(archive, now)
    parts: tuple[Callable[[], Reading], ...] = (
        lambda: _worker(known, problems),
        lambda: _queue(archive, known),
        lambda: _pace(known),
        lambda: _sources(known, problems),
        lambda: _store(archive, problems),
        lambda: _index(archive),
        lambda: _footage(archive),
        lambda: _disk(known, disk.sizes(), problems),
        _versions,
    )
    return list(_read(parts))


def _read(parts: tuple[Callable[[], Reading], ...]) -> Iterator[Reading]:
    for read in parts:
        try:
            yield read()
        except MmragError as error:
            yield Reading("What could not be looked at", Level.FAILING, (str(error),))


def _worker(known: Figures, problems: Mapping[Part, str]) -> Reading:
    worker = known.worker
    if Part.WORKER in problems:
        remedy = "Start mmrag-video serve; or mmrag-video work, where the page runs alone."
        return Reading("Worker", Level.FAILING, (problems[Part.WORKER],), remedy)
    if not worker.is_alive:
        return Reading("Worker", Level.WELL, ("None is running, and there is nothing to do.",))
    facts = (f"{worker.activity[:1].upper()}{worker.activity[1:]}.",)
    if worker.paused:
        remedy = "Somebody paused it: let it go on when that is no longer wanted."
        return Reading("Worker", Level.LOOK, facts, remedy, "work.page")
    if worker.activity.startswith("waiting: "):
        return Reading("Worker", Level.LOOK, facts, "It goes on by itself when that is mended.")
    return Reading("Worker", Level.WELL, facts)


def _queue(archive: Archive, known: Figures) -> Reading:
    set_aside = sum(known.failed[JobState.SET_ASIDE].values())
    later = sum(known.failed[JobState.WAITING].values())
    waiting = known.jobs[JobState.WAITING] - later
    facts: tuple[str, ...] = (f"{known.jobs[JobState.RUNNING]} running, {waiting} waiting",)
    if later:
        facts += (f"{later} failed and tried again later",)
    facts += tuple(f"the last failure: {job.error}" for job in archive.catalog.jobs.failed(1))
    if not set_aside:
        return Reading("Queue", Level.WELL, facts, endpoint="work.page")
    remedy = "Look what is wrong with them, and try them again."
    return Reading("Queue", Level.LOOK, (*facts, f"{set_aside} set aside"), remedy, "failures.page")


def _pace(known: Figures) -> Reading:
    lately, pace = known.lately, known.lately.times_real_time
    facts = (
        f"The newest files are {_long(known.lag)} behind" if known.lag else "Nothing is behind",
        f"{counted(lately.recordings, 'recording')} in the last hour",
        "times real time: not known" if pace is None else f"{pace:.1f} times real time",
    )
    if known.lag <= _LATE:
        return Reading("Pace", Level.WELL, facts)
    remedy = "Below 1 times real time a lag grows: use a quicker model, or more worker.decoders."
    return Reading("Pace", Level.LOOK, facts, remedy, "work.page")


def _sources(known: Figures, problems: Mapping[Part, str]) -> Reading:
    unreadable = [name for name, is_readable in known.readable.items() if not is_readable]
    facts = (counted(len(known.readable), "source"),)
    if not unreadable:
        return Reading("Sources", Level.WELL, facts, endpoint="work.page")
    level = Level.FAILING if Part.SOURCES in problems else Level.LOOK
    remedy = "The worker's log says which folder or file it was, and why."
    named = f"Not all can be read of: {', '.join(unreadable)}"
    return Reading("Sources", level, (*facts, named), remedy, "work.page")


def _store(archive: Archive, problems: Mapping[Part, str]) -> Reading:
    where = "started here" if archive.settings.store.uri is None else "a Milvus server elsewhere"
    if Part.STORE in problems:
        remedy = "Nothing is lost. Look into the log, and whether the store's server runs."
        return Reading("Frame store", Level.FAILING, (where, problems[Part.STORE]), remedy)
    active = archive.catalog.active_index()
    rows = 0 if active is None else archive.store(active).count()
    return Reading("Frame store", Level.WELL, (where, counted(rows, "frame")))


def _index(archive: Archive) -> Reading:
    overview = index_overview(archive)
    active = next((one.identity.describe() for one in overview.indexes if one.is_active), "")
    facts = (active,) if active else ("none yet",)
    page, wish = "models.page", overview.reindexing
    if wish is not None and wish.is_open:
        told = f"being worked on: {wish.done} of {counted(wish.total, 'recording')}"
        return Reading("Index", Level.LOOK, (*facts, told), endpoint=page)
    if overview.standing in (Standing.OTHER_MODEL, Standing.UNKNOWN):
        told = overview.problem or "Searches are refused: the settings name another model."
        return Reading("Index", Level.FAILING, (*facts, told), "Make it anew.", page)
    if overview.standing is Standing.OTHER_SAMPLER:
        told = "Nothing can be added: the sampler's settings are others now."
        return Reading("Index", Level.LOOK, (*facts, told), "Make it anew.", page)
    if overview.outdated:
        told = f"{counted(overview.outdated, 'recording')} sampled with other settings"
        return Reading("Index", Level.LOOK, (*facts, told), "Make it anew when it suits.", page)
    return Reading("Index", Level.WELL, facts, endpoint=page)


def _footage(archive: Archive) -> Reading:
    cameras = archive.catalog.cameras()
    recordings = sum(camera.recordings for camera in cameras)
    length = _long(float(sum(camera.duration for camera in cameras)))
    facts = (f"{counted(recordings, 'recording')} of {counted(len(cameras), 'camera')}", length)
    return Reading("Searchable", Level.WELL, facts)


def _disk(known: Figures, sizes: Mapping[str, int], problems: Mapping[Part, str]) -> Reading:
    facts = (
        f"{_gigabytes(known.disk.free)} free of {_gigabytes(known.disk.free + known.disk.used)}",
        *(f"{part}: {_gigabytes(size)}" for part, size in sizes.items()),
    )
    if Part.DISK not in problems:
        return Reading("Disk", Level.WELL, facts)
    remedy = "Make room, let recordings go by the retention, or drop old indexes."
    return Reading("Disk", Level.FAILING, facts, remedy, "models.page")


def _versions() -> Reading:
    own = f"mmrag-video {version('mmrag-video')}"
    return Reading("Versions", Level.WELL, (own, *package_versions()))


def _long(seconds: float) -> str:
    """A length that may be one of weeks."""
    return duration(seconds) if seconds < 2 * _DAY else f"{seconds / _DAY:.0f} days"


def _gigabytes(size: int) -> str:
    if size < 1024**2:
        return "less than 1 MB"
    if size < _GIGABYTE:
        return f"{size / 1024**2:.0f} MB"
    return f"{size / _GIGABYTE:.1f} GB"
