"""The folders in which recordings arrive: those of the settings, and those added while it runs."""

import math
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from mmrag_video.catalog.catalog import Catalog
from mmrag_video.errors import FieldProblemsError, SettingsError
from mmrag_video.settings import Settings, SourceSettings
from mmrag_video.source_rules import Sources

_LONGEST_NAME = 80
"""Characters: a name stands in a column of a table."""


class SourceOrigin(StrEnum):
    """Where a source was named, which is where it can be taken away."""

    SETTINGS = "settings"
    PAGE = "page"
    """On the page, or by `mmrag-video sources add`."""


@dataclass(frozen=True)
class Source:
    """A folder in which recordings arrive."""

    name: str
    settings: SourceSettings
    origin: SourceOrigin


class SourceError(FieldProblemsError):
    """A source cannot be as it was asked for: fields of SourceSettings, or its `name`."""


def schedule_in_words(source: SourceSettings) -> str:
    """When the folder is looked at: `every 10 min`, or the crontab's fields."""
    return source.cron or f"every {source.every:g} min"


def camera_rule_in_words(source: SourceSettings) -> str:
    """Which camera its recordings are given."""
    return source.camera or f"from the {source.camera_from}"


def all_sources(settings: Settings, catalog: Catalog) -> dict[str, SourceSettings]:
    """By name; where the settings and the catalog have one of the same name, the settings' one.

    Read anew each time, so that what somebody adds is seen without a restart.
    """
    return {**catalog.sources.all(), **settings.sources}


def list_sources(settings: Settings, catalog: Catalog) -> list[Source]:
    """All sources, by name."""
    return [
        Source(
            name, source, SourceOrigin.SETTINGS if name in settings.sources else SourceOrigin.PAGE
        )
        for name, source in sorted(all_sources(settings, catalog).items())
    ]


def add_source(
    settings: Settings, catalog: Catalog, name: str, values: Mapping[str, object]
) -> SourceSettings:
    """Add a source to the catalog; the worker finds it within seconds.

    `values` are fields of SourceSettings as somebody typed them, texts or what they stand for. A
    time without an offset is in `clock.zone`. Raises SourceError with everything that is wrong.
    """
    problems = {}
    if name_problem := _name_problem(settings, catalog, name):
        problems["name"] = name_problem
    if folder_problem := _folder_problem(settings, catalog, str(values.get("folder", ""))):
        problems["folder"] = folder_problem
    try:
        source = _read(values, ZoneInfo(settings.clock.zone))
    except SourceError as error:
        raise SourceError({**error.problems, **problems}) from error
    if problems:
        raise SourceError(problems)
    catalog.sources.put(name, source)
    return source


def remove_source(settings: Settings, catalog: Catalog, name: str) -> None:
    """Take a source away, and its files out of the queue; what was ingested stays searchable.

    Raises SourceError if there is none of that name, or it is from the settings.
    """
    if name in settings.sources:
        raise SourceError(
            {"name": f"The source {name!r} is from the settings; take [sources.{name}] out there."}
        )
    if not catalog.sources.remove(name):
        sentence = (
            f"There is no source named {name!r}; `mmrag-video sources` lists those there are."
        )
        raise SourceError({"name": sentence})
    catalog.jobs.forget_source(name)


def _name_problem(settings: Settings, catalog: Catalog, name: str) -> str | None:
    if not name or name != name.strip():
        return "A source needs a name, without a space before or after it."
    if len(name) > _LONGEST_NAME or not name.isprintable():
        return f"A source's name is at most {_LONGEST_NAME} printable characters on one line."
    if name in settings.sources:
        return f"The settings have a source named {name!r} already; choose another name."
    if name in catalog.sources.all():
        return f"There is a source named {name!r} already; remove it first, or choose another name."
    return None


def _folder_problem(settings: Settings, catalog: Catalog, written: str) -> str | None:
    """Nothing in the folder is looked at, only the folder itself."""
    folder = Path(written)
    if not written:
        return "A source needs the folder in which its recordings arrive."
    if not folder.is_absolute():
        return f"The folder {written} must be given from the root, as in /mnt/nvr."
    if not _is_text(written):
        return f"The folder's name {written!r} is not valid text; rename it or link to it."
    others = all_sources(settings, catalog)
    return _reading_problem(folder) or _place_problem(settings, others, folder)


def _reading_problem(folder: Path) -> str | None:
    try:
        status = folder.stat()
    except (OSError, ValueError) as error:  # ValueError: a zero byte
        return f"The folder {folder} cannot be looked at: {getattr(error, 'strerror', error)}."
    if not stat.S_ISDIR(status.st_mode):
        return f"{folder} is not a folder."
    if not os.access(folder, os.R_OK | os.X_OK):
        return f"The folder {folder} may not be read by the user that this program runs as."
    return None


def refuse_misplaced(settings: Settings) -> None:
    """Raise SettingsError for a source of the settings in a place where none may be."""
    before: dict[str, SourceSettings] = {}
    for name, source in settings.sources.items():
        problem = _place_problem(settings, before, source.folder)
        if problem:
            raise SettingsError(f"sources.{name}: {problem}")
        before[name] = source


def _place_problem(settings: Settings, others: Sources, folder: Path) -> str | None:
    place, data = folder.resolve(), settings.data_dir.expanduser().resolve()
    if place.is_relative_to(data) or data.is_relative_to(place):
        return (
            f"The folder {folder} and the data directory {data} lie in one another; choose a folder"
            " of recordings alone."
        )
    for name, source in others.items():
        if source.folder.resolve() == place:
            return f"The folder {folder} is that of the source {name!r} already."
    return None


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _read(values: Mapping[str, object], zone: ZoneInfo) -> SourceSettings:
    problems = {}
    typed = dict(values)
    if isinstance(since := values.get("since"), str):
        try:
            typed["since"] = _time(since, zone)
        except ValueError:
            del typed["since"]
            problems["since"] = f"{since!r} is no time such as 2026-03-29 or 2026-03-29T14:00."
    # Its own sentence is _folder_problem's; here it must not keep other mistakes from being told.
    typed["folder"] = Path(os.sep, str(values.get("folder", "")))
    try:
        source = SourceSettings.model_validate(typed)
    except ValidationError as error:
        for problem in error.errors():
            complaint = problem["msg"].removeprefix("Value error, ")
            problems[str(problem["loc"][0])] = f"{problem['loc'][0]}: {complaint}."
        raise SourceError(problems) from error
    for field, value in source:
        if isinstance(value, float) and not math.isfinite(value):
            problems[field] = f"{field}: Input should be a finite number."
    if problems:
        raise SourceError(problems)
    return source


def _time(text: str, zone: ZoneInfo) -> datetime:
    time = datetime.fromisoformat(text)
    if not 1970 <= time.year < 2200:
        raise ValueError(text)
    return time if time.tzinfo else time.replace(tzinfo=zone)
