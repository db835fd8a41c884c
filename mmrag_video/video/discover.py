"""From the paths a user names to the files that may be recordings."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

VIDEO_SUFFIXES = frozenset(
    (
        *(".mp4", ".m4v", ".mov", ".3gp", ".mkv", ".webm", ".avi", ".flv", ".wmv", ".asf"),
        *(".ts", ".m2ts", ".mts", ".mpg", ".mpeg", ".dav"),
    )
)
"""Taken from folders by these endings; a file named outright is tried whatever its ending."""


@dataclass(frozen=True)
class FoundFile:
    """A file that may be a recording, and the path the user gave that led to it."""

    path: Path
    root: Path


@dataclass(frozen=True)
class Unreachable:
    """A path that leads to nothing that can be read, and why."""

    path: Path
    why: str


def find_files(paths: Iterable[Path]) -> Iterator[FoundFile | Unreachable]:
    """Files named in `paths` and video files in the folders named there, each once, in order.

    Links are followed; a folder reached a second time, as in a loop of links, is not entered again.
    """
    files_seen: set[tuple[int, int]] = set()
    for given in paths:
        path = given.absolute()
        for found in _look_at(path):
            if isinstance(found, Unreachable):
                yield found
                continue
            try:
                identity = _identity(found.path)
            except OSError as error:
                yield Unreachable(found.path, f"{found.path} cannot be read ({error.strerror}).")
                continue
            if identity not in files_seen:
                files_seen.add(identity)
                yield found


def _look_at(path: Path) -> Iterator[FoundFile | Unreachable]:
    try:
        path.stat()
    except OSError as error:
        yield Unreachable(path, f"There is nothing to read at {path} ({error.strerror}).")
        return
    if path.is_dir():
        yield from _walk(path)
    elif path.is_file():
        yield FoundFile(path, root=path.parent)
    else:
        yield Unreachable(path, f"{path} is neither a file nor a folder.")


def _walk(root: Path) -> Iterator[FoundFile | Unreachable]:
    problems: list[Unreachable] = []

    def note(error: OSError) -> None:
        folder = Path(error.filename)
        problems.append(
            Unreachable(folder, f"The folder {folder} cannot be read ({error.strerror}).")
        )

    folders_seen: set[tuple[int, int]] = set()
    for folder, subfolders, names in os.walk(root, followlinks=True, onerror=note):
        identity = _identity(Path(folder))
        if identity in folders_seen:
            subfolders.clear()
            continue
        folders_seen.add(identity)
        subfolders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            if path.suffix.lower() not in VIDEO_SUFFIXES or name.startswith("."):
                continue
            if os.path.isfile(path):  # noqa: PTH113 - Path.is_file raises where one may not look
                yield FoundFile(path, root)
            elif path.is_symlink():
                problems.append(Unreachable(path, f"{path} is a link that leads to no file."))
            else:
                problems.append(Unreachable(path, f"{path} is neither a file nor a folder."))
    yield from problems


def _identity(path: Path) -> tuple[int, int]:
    """Device and inode: the same for every way that leads to one file or folder."""
    status = path.stat()
    return status.st_dev, status.st_ino
