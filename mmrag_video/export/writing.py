"""Files that appear when they are whole, and never in another's place."""

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from mmrag_video.errors import MmragError
from mmrag_video.export.naming import numbered_names
from mmrag_video.video.clips import UNFINISHED


class ExportError(MmragError):
    """An exported file cannot be written."""


@contextmanager
def unfinished_file(folder: Path, name: str = "") -> Iterator[Path]:
    """A name in the folder to write to, which is there no more afterwards.

    `name`: one that only the caller uses, so that the next run writes over what a killed one left.
    Raises ExportError where the system refuses: a full disk, a folder that may not be written to.
    """
    unfinished = folder / (name or f".{uuid.uuid4().hex}{UNFINISHED}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield unfinished
    except OSError as error:
        raise ExportError(
            f"Nothing can be written to {folder} ({error.strerror}): check the folder and the disk."
        ) from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def put_in_place(unfinished: Path, target: Path) -> Path:
    """Give a finished file its name, or the next number of it that is free.

    When it has the name it is on the disk: what it was made of may be deleted then. Raises OSError.
    """
    sync(unfinished)
    for candidate in numbered_names(target.name):
        named = target.with_name(candidate)
        with suppress(FileExistsError):
            _name_it(unfinished, named)
            sync_folder(target.parent)
            return named
    raise AssertionError("numbers do not end")


def sync(file: Path) -> None:
    """Have the disk write what is in a file. Raises OSError."""
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Have the disk write the names in a folder; some file systems have no need of that."""
    with suppress(OSError):
        sync(folder)


def _name_it(unfinished: Path, target: Path) -> None:
    """At once, and not over what is there. Raises FileExistsError."""
    try:
        os.link(unfinished, target)
    except FileExistsError:
        raise
    except OSError:  # FAT and some network folders have no hard links
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        unfinished.replace(target)


def write_new(folder: Path, name: str, write: Callable[[BinaryIO], None]) -> Path:
    """Write a file that nobody sees before it is whole; returns what it is called.

    Where the name is taken it gets a number. If the writing fails, nothing is left of it. Raises
    ExportError.
    """
    with unfinished_file(folder) as unfinished:
        with unfinished.open("xb") as file:
            write(file)
        return put_in_place(unfinished, folder / name)
