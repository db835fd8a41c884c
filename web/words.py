"""Times, lengths and origins in words: the templates' filters."""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import PurePath
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from mmrag_video.counting import counted
from mmrag_video.model_overview import here_in_words
from mmrag_video.moments import Confidence, Moment, Span
from mmrag_video.queue_overview import worker_in_words
from mmrag_video.recording_file import file_problem
from mmrag_video.saved_search import webhook_host
from mmrag_video.sources import camera_rule_in_words, schedule_in_words
from mmrag_video.video.timecode import Timecode, address_seconds
from mmrag_video.video.wall_clock import Clock, ClockOrigin

ORIGINS: Mapping[ClockOrigin, str] = {
    ClockOrigin.CAMERA_PATTERN: "from the file's name, read by this camera's own pattern",
    ClockOrigin.NAME: "from the file's name",
    ClockOrigin.CONTAINER: "from the creation time stored in the file",
    ClockOrigin.FILE_TIME: "from the file's modification time, which copying may have changed",
    ClockOrigin.UNKNOWN: "unknown: neither the file's name nor its contents say when it was made",
}
CONFIDENCE: Mapping[Confidence, str] = {
    Confidence.STRONG: "Strong: stands out clearly from the rest of the collection",
    Confidence.POSSIBLE: "Possible: stands out, but look for yourself",
    Confidence.WEAK: "Weak: no better than much else in the collection",
}


def printable(value: object) -> object:
    """A template's value, fit for UTF-8: file names may hold bytes that are no characters."""
    if isinstance(value, Markup) or not isinstance(value, str | PurePath):
        return value
    return str(value).encode(errors="backslashreplace").decode()


def timecode(seconds: Fraction) -> str:
    """Media time: `00:01:02.480`."""
    return str(Timecode(seconds))


def duration(seconds: Fraction | float) -> str:
    """A length for people: `0.8 s`, `42 s`, `3:05 min`, `2:10 h`."""
    if seconds < 10:
        return f"{float(seconds):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02d} h"


def wall_span(first: Span, last: Span) -> str:
    """`Tue 4 Mar 2025 14:03:22 – 14:03:31 CET`: from the start of one span to the end of another.

    In the camera's zone; empty where the wall-clock time is unknown.
    """
    start, end = first.recording.clock.at(first.start), last.recording.clock.at(last.end)
    if start is None or end is None:
        return ""
    zone = ZoneInfo(first.recording.clock.zone)
    start, end = start.astimezone(zone), end.astimezone(zone)
    until = f"{end:%H:%M:%S %Z}" if start.date() == end.date() else day_and_time(end)
    return f"{_day(start)} {start:%H:%M:%S} – {until}"


def day_and_time(time: datetime) -> str:
    """`Tue 4 Mar 2025 14:03:22 CET`."""
    return f"{_day(time)} {time:%H:%M:%S %Z}"


def hour_of(start: datetime) -> str:
    """`Tue 4 Mar 2025, 14:00 – 15:00 CET`: the hour that starts then."""
    end = (start.astimezone(UTC) + timedelta(hours=1)).astimezone(start.tzinfo)
    begin = f"{start:%H:%M}" if start.tzname() == end.tzname() else f"{start:%H:%M %Z}"
    return f"{_day(start)}, {begin} – {end:%H:%M %Z}"


def size_in_words(size: int) -> str:
    """Bytes for people: `812 kB`, `3.4 MB`, `12.0 GB`."""
    for unit, least in (("GB", 1000**3), ("MB", 1000**2)):
        if size >= least:
            return f"{size / least:.1f} {unit}"
    return f"{math.ceil(size / 1000)} kB"


def in_zone(time: datetime, zone: str) -> datetime:
    """The same moment on the clock of an IANA zone."""
    return time.astimezone(ZoneInfo(zone))


def clock_origin(clock: Clock) -> str:
    """Where the wall-clock time was learned, in words, for a person who doubts it."""
    note = f" ({clock.note})" if clock.note else ""
    return f"Clock time {ORIGINS[clock.origin]}{note}. Time zone {clock.zone}."


def clock_source(clock: Clock) -> str:
    """The same in short; empty where the time is unknown."""
    return "" if clock.origin is ClockOrigin.UNKNOWN else ORIGINS[clock.origin]


def score_meaning(moment: Moment) -> str:
    """What the score says, in words."""
    # Never "100 %": the share comes from a sample.
    share = min(99, math.floor(moment.above * 100))
    return (
        f"{CONFIDENCE[moment.confidence]}. "
        f"Answers better than about {share} % of the collection; scores go from 0 to 1."
    )


def logged(value: object) -> str:
    """A value that an entry of the audit log holds: plain JSON."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={logged(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(logged, value))
    return "nothing" if value is None else str(value)


def _day(time: datetime) -> str:
    # Not %-d, which Windows lacks.
    return f"{time:%a} {time.day} {time:%b %Y}"


FILTERS: Mapping[str, Callable[..., Any]] = {
    "timecode": timecode,
    "duration": duration,
    "address_seconds": address_seconds,
    "wall_span": wall_span,
    "day_and_time": day_and_time,
    "clock_origin": clock_origin,
    "clock_source": clock_source,
    "score_meaning": score_meaning,
    "counted": counted,
    "logged": logged,
    "file_problem": file_problem,
    "in_zone": in_zone,
    "size_in_words": size_in_words,
    "worker_in_words": worker_in_words,
    "here_in_words": here_in_words,
    "schedule_in_words": schedule_in_words,
    "camera_rule_in_words": camera_rule_in_words,
    "webhook_host": webhook_host,
}
