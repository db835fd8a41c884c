"""A recording's camera and its place in real time, with where that was learned.

The order is the settings' own pattern for the camera, the built-in recorder names, the container,
the file's time if that is trusted. A source that cannot be relied on is passed over, and the
clock's note says why; where none is left the time stays unknown.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

from mmrag_video.settings import CameraSettings, Settings
from mmrag_video.video.camera_names import camera_by_place, camera_name
from mmrag_video.video.recorder_names import NamedTime, read_name
from mmrag_video.video.wall_clock import Clock, ClockOrigin, offset_note

# A file that is closed this soon after its container's time was stamped when it was finished.
_SAME_MOMENT = timedelta(seconds=2)
# File times are local on FAT disks, and some cameras write local time where UTC belongs.
_ZONES_APART = timedelta(hours=26)
_LENGTHS_DIFFER = timedelta(seconds=5)
_CLOCK_NEVER_SET = datetime(2001, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class _Placed:
    """What one source says of the recording's start; None where it cannot be relied on."""

    start: datetime | None
    note: str


@dataclass(frozen=True)
class _OwnPattern:
    """A camera's own pattern from the settings that matched the path."""

    table: str
    """The camera whose pattern it is."""
    camera: str
    """The pattern's group `camera` if it has one."""
    settings: CameraSettings
    time: datetime


def camera_of(path: Path, root: Path, settings: Settings, known_as: str | None = None) -> str:
    """The name of the camera that a file belongs to.

    `root` is the path that was ingested: a folder, or `path` itself. `known_as` is the camera of a
    known recording: it stays, unless the settings or the file's name say another.
    """
    named = read_name(path)
    matched = _own_pattern(path, settings)
    return (
        (matched.camera if matched else None)
        or _camera_by_folder(path, settings)
        or (named.camera if named else None)
        or known_as
        or camera_by_place(
            path, path.parent if root == path else root, stem_may_name_it=named is None
        )
    )


@dataclass(frozen=True)
class FileTimes:
    """What the file itself says of time."""

    created: datetime | None
    """The container's `creation_time`, aware."""
    modified: datetime
    """The file's modification time, aware."""
    duration: Fraction
    """Seconds."""
    grows: bool = False
    """The duration is not yet the whole one: a time that is the recording's end says nothing."""


def clock_of(path: Path, camera: str, times: FileTimes, settings: Settings) -> Clock:
    """A recording's place in real time, from its arguments and the time zone database alone."""
    matched = _own_pattern(path, settings)
    own = settings.cameras.get(camera, CameraSettings())
    if matched is not None:
        own = own.over(matched.settings)
    zone = own.zone or settings.clock.zone
    duration = timedelta(microseconds=round(times.duration * 1_000_000))
    whole = None if times.grows else duration
    sources = (
        (ClockOrigin.CAMERA_PATTERN, _by_own_pattern(matched, own, zone, whole)),
        (ClockOrigin.NAME, _by_name(read_name(path), own, zone, whole)),
        (ClockOrigin.CONTAINER, _by_container(times.created, own, times.modified, duration)),
        (ClockOrigin.FILE_TIME, _by_file_time(times.modified, duration, settings)),
    )
    return _first_placed(sources, zone)


def _first_placed(sources: Iterable[tuple[ClockOrigin, _Placed | None]], zone: str) -> Clock:
    """The first source that gives a start; the notes of those refused before it stay with it."""
    notes: list[str] = []
    for origin, placed in sources:
        if placed is None:
            continue
        notes.append(placed.note)
        if placed.start is not None:
            return Clock(placed.start.astimezone(ZoneInfo(zone)), origin, "; ".join(notes), zone)
    return Clock(None, ClockOrigin.UNKNOWN, "; ".join(notes), zone)


def _camera_by_folder(path: Path, settings: Settings) -> str | None:
    return next(
        (name for name, own in settings.cameras.items() if _lies_in(path, own.folder)), None
    )


def _lies_in(path: Path, folder: str | None) -> bool:
    """A relative folder may lie anywhere: its parts follow each other somewhere in the path."""
    if folder is None:
        return False
    wanted = Path(folder).expanduser()
    if wanted.is_absolute():
        return path.is_relative_to(wanted)
    parts, length = path.parent.parts, len(wanted.parts)
    return any(parts[at : at + length] == wanted.parts for at in range(len(parts) - length + 1))


def _own_pattern(path: Path, settings: Settings) -> _OwnPattern | None:
    for name, own in settings.cameras.items():
        if own.pattern is None or own.time_format is None:
            continue
        match = re.search(own.pattern, path.as_posix())
        if match is None or (own.folder is not None and not _lies_in(path, own.folder)):
            continue
        try:
            time = datetime.strptime(match["time"], own.time_format)
        except (ValueError, TypeError):  # TypeError: the group `time` is optional and absent
            continue
        camera = camera_name(match.groupdict().get("camera") or "") or name
        return _OwnPattern(name, camera, own, time)
    return None


def _by_own_pattern(
    matched: _OwnPattern | None, own: CameraSettings, zone: str, duration: timedelta | None
) -> _Placed | None:
    if matched is None:
        return None
    located = _noted(f"pattern of camera {matched.table}", _locate(matched.time, zone))
    is_end = matched.settings.time_is == "end"
    return _to_true_start(located, own.clock_offset, duration if is_end else timedelta(0))


def _by_name(
    named: NamedTime | None, own: CameraSettings, zone: str, duration: timedelta | None
) -> _Placed | None:
    if named is None:
        return None
    title = f"{named.recorder} name" + (", DST" if named.daylight_saving else "")
    if named.note:
        title += f": {named.note}"
    if named.time is None:
        return _Placed(None, title)
    if (
        named.duration is not None
        and duration is not None
        and abs(named.duration - duration) > _LENGTHS_DIFFER
    ):
        title += (
            f", the name says {named.duration.total_seconds():.0f} s,"
            f" the file lasts {duration.total_seconds():.0f} s"
        )
    located = _noted(
        title, _locate(named.time, zone, named.daylight_saving, named.zone_abbreviation)
    )
    says_which = "time_is" in own.model_fields_set
    is_end = own.time_is == "end" if says_which else named.is_end
    return _to_true_start(located, own.clock_offset, duration if is_end else timedelta(0))


def _by_container(
    created: datetime | None, own: CameraSettings, modified: datetime, duration: timedelta
) -> _Placed | None:
    """Many writers stamp the end, the export, or nothing sensible: those are refused."""
    if created is None:
        return None
    if created < _CLOCK_NEVER_SET:
        return _Placed(None, f"the container's time {created:%Y-%m-%d} is of a clock never set")
    if created > modified + _ZONES_APART:
        return _Placed(None, "the container's time is later than the file's own")
    if abs(modified - created) <= _SAME_MOMENT and duration > 2 * _SAME_MOMENT:
        return _Placed(None, "the container's time is when the file was finished, not its start")
    placed = _Placed(created, "creation_time of the container, taken as the start in UTC")
    return _to_true_start(placed, own.clock_offset, timedelta(0))


def _by_file_time(modified: datetime, duration: timedelta, settings: Settings) -> _Placed | None:
    """The computer's clock stamped it, so the camera's offset does not apply."""
    if not settings.clock.trust_file_time:
        return None
    return _Placed(modified.astimezone(UTC) - duration, "file time less the duration")


def _to_true_start(
    placed: _Placed, clock_offset: timedelta, after_start: timedelta | None
) -> _Placed:
    """Corrects the camera's clock and goes back from a time `after_start` to the start.

    None: how long after the start it is will be known when the file is finished.

    In UTC: adding to a time in its zone moves the clock's hands, which a change of the clocks
    in between makes wrong by an hour.
    """
    if placed.start is None:
        return placed
    note = placed.note
    if after_start is None:
        return _Placed(None, f"{note}, its time is the end, which is not there yet")
    note += offset_note(clock_offset)
    if after_start:
        note += ", its time is the end, the duration was taken off"
    return _Placed(placed.start.astimezone(UTC) + clock_offset - after_start, note)


def _noted(title: str, placed: _Placed) -> _Placed:
    return _Placed(placed.start, f"{title}, {placed.note}" if placed.note else title)


def _locate(
    time: datetime,
    zone: str,
    daylight_saving: bool | None = None,
    abbreviation: str | None = None,
) -> _Placed:
    """The instant at which the zone's clocks show `time`; an aware time is one already.

    PEP 495: of an hour that is shown twice `fold` picks one; an hour that is skipped read with
    the offset before the change (fold 0) moves forward.
    """
    if time.tzinfo is not None:
        return _Placed(time, "")
    first, second = (time.replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1))
    readings = [first, second] if _offset(first) > _offset(second) else [first]
    if abbreviation is not None:
        readings = [reading for reading in readings if reading.tzname() == abbreviation]
        if not readings:
            return _Placed(None, f"it says {abbreviation}, which {zone} does not keep then")
    if len(readings) > 1 and daylight_saving is not None:
        readings = readings[:1] if daylight_saving else readings[1:]
    note = ""
    if len(readings) > 1:
        note = f"{zone} had this hour twice, the earlier one was taken"
    elif _offset(first) < _offset(second):
        note = f"{zone} skipped this hour, the time was moved forward"
    elif daylight_saving not in (None, _keeps_daylight_saving(readings[0])):
        keeps = "does not keep" if daylight_saving else "keeps"
        note = f"{zone} {keeps} daylight saving time then, unlike the name"
    return _Placed(readings[0].astimezone(UTC), note)


def _offset(moment: datetime) -> timedelta:
    return moment.utcoffset() or timedelta(0)


def _keeps_daylight_saving(moment: datetime) -> bool:
    """By the year's smaller offset: tzinfo.dst() is negative in Dublin's winter instead."""
    return _offset(moment) > min(_offset(moment.replace(month=month, day=1)) for month in (1, 7))
