"""What changed in a source's folder since it was last looked at."""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mmrag_video.catalog.jobs import JobState, SeenFile
from mmrag_video.live_ingest import SUFFIXES
from mmrag_video.settings import SourceSettings
from mmrag_video.video.discover import FoundFile, Unreachable, find_files
from workers.settling import Settling

_TO_COME = (JobState.WAITING, JobState.RUNNING)

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
    is empty or cannot be read has lost nothing: it may be a place where a disk is not mounted.
    """
    inner = [folder for folder in others if _is_within(folder, source.folder)]
    new: list[SeenFile] = []
    growing: list[SeenFile] = []
    there: set[Path] = set()
    problems: list[Unreachable] = []
    unsettled: set[Path] = set()
    for found in find_files([source.folder]):
        if not isinstance(found, FoundFile):
            if found.path == source.folder or _belongs(found.path, source, is_folder=True):
                problems.append(found)
            continue
        if not _belongs(found.path, source) or any(map(found.path.is_relative_to, inner)):
            continue
        there.add(found.path)
        file = seen(found.path)
        if file is None or _is_too_old(file, source):
            continue
        if _is_known(file, known):
            if settling.is_followed(file.path) and known[file.path][2] in _TO_COME:
                unsettled.add(file.path)
            continue
        if settling.is_finished(file, source.settle):
            new.append(file)
            continue
        unsettled.add(file.path)
        if source.live and file.path.suffix.lower() in SUFFIXES and settling.has_grown(file):
            growing.append(file)
    unread = [problem.path for problem in problems]
    gone = tuple(_gone(known, there, source.folder, unread)) if there else ()
    settling.forget_others(unsettled)
    why = tuple(problem.why for problem in problems)
    return Changes(tuple(new), tuple(growing), gone, len(unsettled), why)


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


def _belongs(path: Path, source: SourceSettings, *, is_folder: bool = False) -> bool:
    """A folder belongs if files in it may."""
    below = path.relative_to(source.folder) if path.is_relative_to(source.folder) else path
    if not source.recursive and len(below.parts) + is_folder > 1:
        return False
    if any(_matches(below, pattern) for pattern in source.ignore):
        return False
    is_chosen = any(_matches(below, pattern) for pattern in source.include)
    return is_folder or not source.include or is_chosen


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


def _gone(known: Known, there: set[Path], folder: Path, unread: Sequence[Path]) -> Iterator[Path]:
    """Files that were deleted, as far as that can be told."""
    empty: dict[Path, bool] = {}
    for path, (_, _, state) in known.items():
        if state is JobState.GONE or path in there or os.path.lexists(path):
            continue
        if any(map(path.is_relative_to, unread)):
            continue
        left = _folder_left(path, folder)
        if left not in empty:
            empty[left] = _is_empty(left)
        if not empty[left]:
            yield path


def _folder_left(path: Path, folder: Path) -> Path:
    """The innermost folder on the way to it that is there."""
    for parent in path.parents:
        if parent == folder or os.path.isdir(parent):  # noqa: PTH112 - Path.is_dir may raise
            return parent
    return folder


def _is_empty(folder: Path) -> bool:
    """Also where one may not look."""
    with suppress(OSError), os.scandir(folder) as entries:
        return next(entries, None) is None
    return True
