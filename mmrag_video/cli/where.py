"""The options that say where to look: in which cameras, over which time, at which hours."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

import click

from mmrag_video.archive import Archive
from mmrag_video.asking.clock_times import minute_of_day
from mmrag_video.asking.weekdays import NAMES
from mmrag_video.cli.console import check_camera
from mmrag_video.errors import UsageError
from mmrag_video.index.frames import MINUTES_A_DAY, FrameFilter, TimesOfDay

_Command = TypeVar("_Command", bound=Callable[..., object])
_OPTIONS = (
    click.option("--camera", "cameras", multiple=True, help="Only this camera; may be repeated."),
    click.option("--from", "start", help="Only after this time: 2026-03-29 or 2026-03-29T14:00."),
    click.option(
        "--to", "end", help="Only before this time; a date alone includes that whole day."
    ),
)
_HOURS_OPTIONS = (
    click.option("--hours", help="Only at this time of each day: 22:00-06:00."),
    click.option(
        "--weekday",
        "weekdays",
        multiple=True,
        type=click.Choice([name.lower() for name in NAMES], case_sensitive=False),
        help="Only what begins on this day of the week; may be repeated.",
    ),
)


def where_options(command: _Command) -> _Command:
    """Give a command the parameters `cameras`, `start` and `end`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def hours_options(command: _Command) -> _Command:
    """Give a command the parameters `hours` and `weekdays`."""
    for option in reversed(_HOURS_OPTIONS):
        command = option(command)
    return command


def filter_of(
    archive: Archive,
    cameras: tuple[str, ...],
    start: str | None,
    end: str | None,
    hours: str | None = None,
    weekdays: tuple[str, ...] = (),
) -> FrameFilter:
    """What the options ask for. Raises UsageError for an unknown camera or an impossible time."""
    for name in cameras:
        check_camera(archive, name)
    zone = ZoneInfo(archive.settings.clock.zone)
    where = FrameFilter(
        cameras=cameras,
        start=_time(start, "--from", zone, is_end=False) if start else None,
        end=_time(end, "--to", zone, is_end=True) if end else None,
        daily=_daily(hours, weekdays, zone),
    )
    if where.start and where.end and where.start >= where.end:
        raise UsageError(f"--from {start} is not before --to {end}.")
    return where


def _daily(hours: str | None, weekdays: tuple[str, ...], zone: ZoneInfo) -> TimesOfDay | None:
    if not hours and not weekdays:
        return None
    minutes = [minute_of_day(time) for time in (hours or "00:00-24:00").split("-")]
    match minutes:
        case [int(start), int(end)] if start != end and start < MINUTES_A_DAY:
            names = [name.lower() for name in NAMES]
            days = frozenset(names.index(day.lower()) for day in weekdays)
            return TimesOfDay(zone.key, start, end or MINUTES_A_DAY, days)
    raise UsageError(f"--hours {hours!r} is not a time of day such as 22:00-06:00.")


def _time(text: str, option: str, zone: ZoneInfo, *, is_end: bool) -> datetime:
    try:
        time = datetime.fromisoformat(text)
        if is_end and _is_date(text):
            time += timedelta(days=1)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"{option} {text!r} is not a time such as 2026-03-29 or 2026-03-29T14:00."
        ) from error
    return time if time.tzinfo else time.replace(tzinfo=zone)


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
