"""What changed in a source's folder since it was last looked at."""

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mmrag_video.catalog.jobs import JobState, SeenFile
from mmrag_video.live_ingest import SUFFIXES
from mmrag_video.settings import SourceSettings
from mmrag_video.video.discover import FoundFile, find_files
from workers.settling import Settling

Known = Mapping[Path, tuple[int, int, JobState]]
"""Size, change and state of the files that were seen before."""


@dataclass(frozen=True)
class Changes:
    """Of one source, at one look."""

    new: tuple[SeenFile, ...]
    """To be ingested: not seen before, changed since, or back again."""
    growing: tuple[SeenFile, ...]
    """To be taken as far as they go: not finished, but larger than they were."""
    gone: tuple[Path, ...]
    unsettled: int
    """Files that still change: the folder is to be looked at again soon."""
    problems: tuple[str, ...]
    """Sentences about what cannot be read."""


def look_at(
    source: SourceSettings, known: Known, settling: Settling, others: Collection[Path] = ()
) -> Changes:
    """Compare the folder with what is known of it. Opens no file.

    `others`: folders of other sources; what lies in one within this folder is theirs. A folder that
    is missing, cannot be read or is empty has lost nothing: it may be a disk that is not mounted.
    """
    inner = [folder for folder in others if _is_within(folder, source.folder)]
    new: list[SeenFile] = []
    growing: list[SeenFile] = []
    there: set[Path] = set()
    problems: list[str] = []
    unsettled = 0
    for found in find_files([source.folder]):
        if not isinstance(found, FoundFile):
            problems.append(found.why)
            continue
        if not _belongs(found.path, source) or any(map(found.path.is_relative_to, inner)):
            continue
        there.add(found.path)
        file = seen(found.path)
        if file is None or _is_too_old(file, source) or _is_known(file, known):
            continue
        if settling.is_finished(file, source.settle):
            new.append(file)
            continue
        unsettled += 1
        if source.live and file.path.suffix.lower() in SUFFIXES and settling.has_grown(file):
            growing.append(file)
    gone = () if problems or not there else tuple(_gone(known, there))
    settling.forget_others(there, source.folder)
    return Changes(tuple(new), tuple(growing), gone, unsettled, tuple(problems))


def seen(path: Path) -> SeenFile | None:
    """A file as it is now; None if it has just gone."""
    try:
        status = path.stat()
    except OSError:
        return None
    modified = datetime.fromtimestamp(status.st_mtime, tz=UTC)
    return SeenFile(path, status.st_size, status.st_ctime_ns, modified)


def turn_of(file: SeenFile, source: SourceSettings) -> float:
    """The lower, the sooner: by the source's priority first, then by age."""
    written = file.modified.timestamp()
    # A priority outweighs every age: 1e11 seconds are 3000 years.
    return (-written if source.order == "newest" else written) - source.priority * 1e11


def _belongs(path: Path, source: SourceSettings) -> bool:
    below = path.relative_to(source.folder) if path.is_relative_to(source.folder) else path
    if not source.recursive and len(below.parts) > 1:
        return False
    if any(_matches(below, pattern) for pattern in source.ignore):
        return False
    return not source.include or any(_matches(below, pattern) for pattern in source.include)


def _is_within(folder: Path, outer: Path) -> bool:
    return folder != outer and folder.is_relative_to(outer)


def _matches(below: Path, pattern: str) -> bool:
    """As in a shell; a pattern without a slash is one for the name of the file or any folder."""
    if "/" not in pattern:
        return any(Path(part).match(pattern) for part in below.parts)
    return _parts_match(below.parts, Path(pattern).parts)


def _parts_match(parts: tuple[str, ...], patterns: tuple[str, ...]) -> bool:
    """`**` stands for any number of folders, none among them, which Path.match takes for one."""
    if not patterns:
        return not parts
    if patterns[0] == "**":
        return any(_parts_match(parts[skip:], patterns[1:]) for skip in range(len(parts) + 1))
    if not parts or not Path(parts[0]).match(patterns[0]):
        return False
    return _parts_match(parts[1:], patterns[1:])


def _is_too_old(file: SeenFile, source: SourceSettings) -> bool:
    if source.since is None:
        return False
    since = source.since if source.since.tzinfo else source.since.replace(tzinfo=UTC)
    return file.modified < since


def _is_known(file: SeenFile, known: Known) -> bool:
    """One that grew may be finished by now: it is not known as that."""
    before = known.get(file.path)
    return (
        before is not None
        and before[:2] == (file.size, file.changed_ns)
        and before[2] not in (JobState.GONE, JobState.GROWING)
    )


def _gone(known: Known, there: set[Path]) -> Iterator[Path]:
    for path, (_, _, state) in known.items():
        if state is not JobState.GONE and path not in there and not os.path.lexists(path):
            yield path
