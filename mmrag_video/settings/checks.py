"""What a value must be, beyond its type, and the sentence for one that is not."""

import re
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator

from mmrag_video.video.frame_rate import BY_CLOCK, DROP_FRAME_RATES, FrameRate
from mmrag_video.video.sampled import Polygon


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(
            f"{name!r} is not an IANA time zone such as Europe/Lisbon or UTC"
        ) from error
    return name


def _inside_the_picture(polygon: Polygon) -> Polygon:
    if len(polygon) < 3:
        raise ValueError("a polygon needs at least three corners")
    if any(not 0 <= share <= 1 for corner in polygon for share in corner):
        raise ValueError("corners are shares of the picture's width and height, from 0 to 1")
    return polygon


def _pattern_with_time(pattern: str) -> str:
    try:
        groups = re.compile(pattern).groupindex
    except re.error as error:
        raise ValueError(f"{pattern!r} is not a regular expression: {error}") from error
    if "time" not in groups:
        raise ValueError(f"{pattern!r} has no group (?P<time>...)")
    return pattern


def _format_of_day_and_time(time_format: str) -> str:
    """A format that loses the day or the hour would place recordings in the year 1900."""
    probe = datetime(2024, 10, 31, 16, 45, tzinfo=UTC)
    try:
        kept = datetime.strptime(probe.strftime(time_format), time_format)
    except ValueError as error:
        raise ValueError(f"{time_format!r} is not a strptime format: {error}") from error
    if kept.replace(tzinfo=UTC) != probe:
        raise ValueError(f"{time_format!r} must give the whole date and the time of day")
    return time_format


def _daily_hours(hours: str) -> str:
    match = re.fullmatch(r"(\d\d):(\d\d)-(\d\d):(\d\d)", hours)
    limits = (23, 59, 24, 59)
    if match is None or any(
        int(part) > most for part, most in zip(match.groups(), limits, strict=True)
    ):
        raise ValueError(f"{hours!r} is not a span of hours such as 08:00-18:00 or 22:00-06:00")
    return hours


def _several(hours: object) -> object:
    """One span may stand alone."""
    if isinstance(hours, str):
        return (hours,)
    if not isinstance(hours, list | tuple):
        raise ValueError(
            f'{hours!r} is not a list of spans of hours such as ["08:00-18:00", "22:00-06:00"]'
        )
    return hours


def _schedule(cron: str) -> str:
    # Only here: most commands read no schedule.
    from apscheduler.triggers.cron import CronTrigger  # noqa: PLC0415

    try:
        CronTrigger.from_crontab(cron)
    except ValueError as error:
        raise ValueError(
            f"{cron!r} is not five fields of a crontab such as */15 * * * *: {error}"
        ) from error
    return cron


def _timecode_or_clock(text: str) -> str:
    if text != BY_CLOCK:
        FrameRate.as_written(DROP_FRAME_RATES[0], text)  # at this rate either way of counting is
    return text


DailyHours = Annotated[str, AfterValidator(_daily_hours)]
QuietHours = Annotated[tuple[DailyHours, ...], BeforeValidator(_several)]
Schedule = Annotated[str, AfterValidator(_schedule)]
Zone = Annotated[str, AfterValidator(_known_zone)]
Area = Annotated[Polygon, AfterValidator(_inside_the_picture)]
StartTimecode = Annotated[str, AfterValidator(_timecode_or_clock)]
TimePattern = Annotated[str, AfterValidator(_pattern_with_time)]
TimeFormat = Annotated[str, AfterValidator(_format_of_day_and_time)]
