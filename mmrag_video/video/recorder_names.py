"""Camera and wall-clock time out of the names that recorders give their files.

A name gives a time only if it holds a whole date and a time of day to the second: a date alone,
digits that run on into further digits, and days no calendar has are never made into one. Years
run from 2001 to 2099, because recorders whose clock was never set write 1970 or 2000.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import PurePath

from mmrag_video.video.camera_names import camera_name


class TimeBase(Enum):
    """Which clock the time in a name belongs to."""

    UTC = "UTC"
    LOCAL = "the camera's local time"
    NAMED_ZONE = "the zone written in the name, else the camera's local time"
    EPOCH = "seconds since 1970 in UTC"
    MEDIA = "seconds into a longer recording: no wall-clock time"


@dataclass(frozen=True)
class RecorderPattern:
    """How one recorder names its files."""

    recorder: str
    example: str
    """A path that it matches, and no pattern before it."""
    regex: re.Pattern[str]
    """Over the end of the POSIX path. Groups `date` and `time` (or `epoch`); as the name has them
    `hour` (before a `time` of minutes and seconds), `fraction`, `end`, `camera`, `zone`, `dst`."""
    time_base: TimeBase
    is_end: bool = False
    """The name's time is when the recording ended."""
    note: str = ""
    """What a person who doubts the time should know."""


@dataclass(frozen=True)
class NamedTime:
    """What a name says. Times are as written: no camera's zone or clock offset is applied yet."""

    recorder: str
    camera: str | None
    time: datetime | None
    """Aware where the name says its zone, else naive; None where it names a camera alone."""
    is_end: bool
    duration: timedelta | None
    """From the name's start to its end, where it has both."""
    daylight_saving: bool | None
    """Whether daylight saving time was in force; None where the name cannot say."""
    zone_abbreviation: str | None
    """Such as EST: it tells the two halves of a repeated hour apart, but is no zone by itself."""
    note: str


_DATE = r"(?P<date>\d{4}-\d{2}-\d{2})"
_COMPACT = r"(?P<date>\d{8})"
_TIME = r"(?P<time>\d{2}[-.:_]\d{2}[-.:_]\d{2})"
_EXTENSION = r"\.[A-Za-z0-9]{2,4}"
_CAMERA_BEFORE = r"(?:(?P<camera>[^/]*?)[ _.\-]+)?"
_REST = r"(?:[ _.\-@(\[][^/]*)?"
# Abbreviations of the IANA database; other capitals after a time are words such as HD or SUB.
_ABBREVIATIONS = (
    "ACDT|ACST|ADT|AEDT|AEST|AKDT|AKST|AST|AWST|BST|CAT|CDT|CEST|CET|CST|EAT|EDT|EEST|EET|EST|GMT|"
    "HDT|HKT|HST|IDT|IST|JST|KST|MDT|MSK|MST|NDT|NST|NZDT|NZST|PDT|PKT|PST|SAST|UTC|WAT|WEST|WET|"
    "WIB|WITA|WIT|Z"
)
# Offsets that exist. `-01` counts only after a space or `_`: after a digit it numbers a segment.
_OFFSETS = (
    r"\+(?:0\d|1[0-4])(?::?(?:00|30|45))?|-(?:0[1-9]|1[0-2]):?(?:00|30)|(?<=[ _])-(?:0[1-9]|1[0-2])"
)
_ZONE = rf"(?:[ _]?(?P<zone>{_ABBREVIATIONS}|{_OFFSETS})(?![A-Za-z0-9]))?"


def _ending(expression: str) -> re.Pattern[str]:
    return re.compile(rf"(?:^|/){expression}{_EXTENSION}\Z", re.ASCII)


RECORDER_PATTERNS: tuple[RecorderPattern, ...] = (
    RecorderPattern(
        "Frigate",
        "recordings/2024-05-15/13/front_door/18.40.mp4",
        _ending(rf"{_DATE}/(?P<hour>\d{{2}})/(?P<camera>[^/]+)/(?P<time>\d{{2}}\.\d{{2}})"),
        TimeBase.UTC,
    ),
    RecorderPattern(
        "Dahua or Amcrest",
        "AMC0123/2024-05-15/001/dav/13/13.18.40-13.19.10[M][0@0][0].dav",
        _ending(
            rf"{_DATE}/(?:[^/]+/){{0,3}}(?P<time>\d{{2}}\.\d{{2}}\.\d{{2}})"
            r"-(?P<end>\d{2}\.\d{2}\.\d{2})(?:\[[^/]*)?"
        ),
        TimeBase.LOCAL,
    ),
    RecorderPattern(
        "Reolink SD card",
        "Mp4Record/2024-05-15/RecM0A_DST20240515_131840_131910_6D28808_1A468F9.mp4",
        _ending(
            rf"Rec[MS]\d[0-9A-F]_(?P<dst>DST)?{_COMPACT}_(?P<time>\d{{6}})_(?P<end>\d{{6}})(?:_[^/]*)?"
        ),
        TimeBase.LOCAL,
    ),
    RecorderPattern(
        "VIRAT",
        "VIRAT_S_010204_05_000856_000890.mp4",
        # Two digits of collection group and two of scene are the camera; the next two count takes.
        _ending(r"(?P<camera>VIRAT_S_\d{4})\d{2}(?:_\d{2})?_\d{6}_\d{6}"),
        TimeBase.MEDIA,
        note="its numbers are seconds into a longer recording",
    ),
    RecorderPattern(
        "Tesla",
        "SentryClips/2024-05-15_13-20-00/2024-05-15_13-18-40-left_repeater.mp4",
        _ending(rf"{_DATE}_{_TIME}-(?P<camera>front|back|(?:left|right)_(?:repeater|pillar))"),
        TimeBase.LOCAL,
    ),
    RecorderPattern(
        "UniFi Protect archiver",
        "Front Door 8F2A - 2024-05-15 - 13.18.40+0200.mp4",
        _ending(rf"(?P<camera>[^/]+?) \(?[0-9A-Fa-f]{{4}}\)? - {_DATE} - {_TIME}{_ZONE}"),
        TimeBase.NAMED_ZONE,
    ),
    RecorderPattern(
        "unifi-protect-backup",
        "Front Door/2024-05-15/2024-05-15T13-18-40 person.mp4",
        _ending(rf"(?P<camera>[^/]+)/\d{{4}}-\d{{2}}-\d{{2}}/{_DATE}T{_TIME}{_ZONE} [^/]+"),
        TimeBase.NAMED_ZONE,
        is_end=True,
    ),
    RecorderPattern(
        "Blue Iris",
        "CAM.20240515_131840312.mp4",
        _ending(
            rf"(?P<camera>[^/]+?)\.{_COMPACT}_(?P<time>\d{{6}})(?P<fraction>\d{{3}})?(?!\d){_REST}"
        ),
        TimeBase.LOCAL,
    ),
    RecorderPattern(
        "Reolink FTP",
        "Driveway_00_20240515131840.mp4",
        _ending(rf"(?P<camera>[^/]+?)_\d{{2}}_{_COMPACT}(?P<time>\d{{6}})"),
        TimeBase.LOCAL,
    ),
    RecorderPattern(
        "Hikvision",
        "ch01_20240515131840_20240515132000.mp4",
        _ending(
            rf"(?P<camera>[^/]+?)_{_COMPACT}(?P<time>\d{{6}})(?!\d)"
            rf"(?:[_-]\d{{8}}(?P<end>\d{{6}})(?!\d))?{_REST}"
        ),
        TimeBase.LOCAL,
        note="other recorders name files like this too",
    ),
    RecorderPattern(
        "date and time",  # wyze-bridge, mediamtx, Shinobi and most strftime settings
        "GARAGE_2024-05-15_13-18-40_UTC.mp4",
        _ending(
            rf"{_CAMERA_BEFORE}{_DATE}(?:[ _T\-]| - ){_TIME}"
            rf"(?:[.\-](?P<fraction>\d{{6}}|\d{{3}}))?(?!\d){_ZONE}{_REST}"
        ),
        TimeBase.NAMED_ZONE,
    ),
    RecorderPattern(
        "compact date and time",
        "garage_20240515_131840.mp4",
        _ending(
            rf"{_CAMERA_BEFORE}{_COMPACT}[ _T\-]?(?P<time>\d{{2}}[-._]?\d{{2}}[-._]?\d{{2}})"
            rf"(?:[.\-]?(?P<fraction>\d{{6}}|\d{{3}}))?(?!\d){_ZONE}{_REST}"
        ),
        TimeBase.NAMED_ZONE,
    ),
    RecorderPattern(
        "seconds since 1970",  # mediamtx %s, alone or after the camera
        "garage_1715779120.mp4",
        _ending(rf"{_CAMERA_BEFORE}(?P<epoch>\d{{10}})(?:[.\-](?P<fraction>\d{{6}}|\d{{3}}))?"),
        TimeBase.EPOCH,
        note="a number of ten digits read as seconds since 1970",
    ),
)
"""Most specific first: the first that matches and holds a possible time is taken."""

# 2015-01-01 to 2033-05-18. Beyond it, ten digits may be a day and its hour (2034010113).
_EPOCHS = range(1_420_070_400, 2_000_000_000)
_YEARS = range(2001, 2100)
_Groups = Mapping[str, str | None]
_UTC_NAMES = frozenset({"Z", "UTC", "GMT"})


def read_name(path: PurePath) -> NamedTime | None:
    """What the recording's path says, by the first built-in pattern that fits; None if none does.

    >>> read_name(PurePath("GARAGE_2024-05-15_13-18-40_UTC.mp4")).camera
    'GARAGE'
    """
    posix = path.as_posix()
    for pattern in RECORDER_PATTERNS:
        match = pattern.regex.search(posix)
        if match is None:
            continue
        named = _read_match(pattern, match)
        if named is not None:
            return named
    return None


def _read_match(pattern: RecorderPattern, match: re.Match[str]) -> NamedTime | None:
    """None if the digits are no possible time."""
    groups = match.groupdict()
    time = _written_time(pattern.time_base, groups)
    if time is None and pattern.time_base is not TimeBase.MEDIA:
        return None
    zone = groups.get("zone")
    return NamedTime(
        recorder=pattern.recorder,
        camera=camera_name(groups.get("camera") or ""),
        time=time,
        is_end=pattern.is_end,
        duration=_duration(time, groups.get("end")),
        daylight_saving=groups["dst"] is not None if "dst" in groups else None,
        zone_abbreviation=zone if zone and zone.isalpha() and zone not in _UTC_NAMES else None,
        note=pattern.note,
    )


def _written_time(base: TimeBase, groups: _Groups) -> datetime | None:
    """Aware where the name or the recorder's habit says the offset from UTC."""
    if base is TimeBase.MEDIA:
        return None
    time = _epoch(groups) if base is TimeBase.EPOCH else _date_time(groups)
    zone = groups.get("zone")
    if time is None or base is TimeBase.EPOCH:
        return time
    if base is TimeBase.UTC or zone in _UTC_NAMES:
        return time.replace(tzinfo=UTC)
    if zone is None or zone.isalpha():
        return time
    offset = datetime.strptime(zone.replace(":", "").ljust(5, "0"), "%z")
    return time.replace(tzinfo=offset.tzinfo)


def _date_time(groups: _Groups) -> datetime | None:
    """Naive, as written; None if no calendar or no clock shows it."""
    written = "".join(groups.get(part) or "" for part in ("date", "hour", "time"))
    try:
        time = datetime.strptime(re.sub(r"\D", "", written), "%Y%m%d%H%M%S")
    except ValueError:
        return None
    return time + _fraction(groups) if time.year in _YEARS else None


def _epoch(groups: _Groups) -> datetime | None:
    seconds = int(groups["epoch"] or 0)
    if seconds not in _EPOCHS:
        return None
    return datetime.fromtimestamp(seconds, tz=UTC) + _fraction(groups)


def _fraction(groups: _Groups) -> timedelta:
    digits = groups.get("fraction") or "0"
    return timedelta(microseconds=int(digits.ljust(6, "0")))


def _duration(start: datetime | None, end: str | None) -> timedelta | None:
    """To the next time that the clock shows `end`: such names give no date for it."""
    if start is None or end is None:
        return None
    try:
        clock = datetime.strptime(re.sub(r"\D", "", end), "%H%M%S")
    except ValueError:
        return None
    same_day = start.replace(hour=clock.hour, minute=clock.minute, second=clock.second)
    return (same_day - start) % timedelta(days=1)
