"""Evidence that is read: a folder, or a zip, of which nothing is unpacked."""

import os
import stat
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

from mmrag_video.errors import ExitCode, MmragError, UsageError
from mmrag_video.evidence.strict_zip import Entry, ZipError, blocks_of, read_entries


class EvidenceError(MmragError):
    """Evidence is not what was written."""

    exit_code = ExitCode.EVIDENCE_CHANGED


class OpenedEvidence(Protocol):
    """The files of evidence, wherever they lie."""

    def names(self) -> list[str]:
        """Relative paths, with slashes, of all files."""

    def strange(self) -> list[str]:
        """What is no plain file, or would be unpacked elsewhere: sentences."""

    def empty_folders(self) -> list[str]:
        """Relative paths, with slashes, of folders that nothing lies in."""

    def blocks(self, name: str) -> Iterator[bytes]:
        """The content of one of `names`, in parts.

        Raises EvidenceError where it cannot be read to its end.
        """


@contextmanager
def open_evidence(path: Path) -> Iterator[OpenedEvidence]:
    """Raises UsageError if there is nothing, EvidenceError if it is no folder and no zip that was
    written as evidence.
    """
    if path.is_dir():
        yield _Folder(path)
        return
    if not path.exists():
        raise UsageError(f"{path} is not there: name the folder or the zip that was exported.")
    try:
        file = path.open("rb")
    except OSError as error:
        raise EvidenceError(f"{path} cannot be read: {error.strerror}.") from error
    with file:
        try:
            entries = read_entries(file)
        except (ZipError, OSError) as error:
            raise EvidenceError(
                f"{path} is no zip as it was written as evidence: {error}. It was changed, or "
                "packed anew by another program; then verify the folder that it unpacks to."
            ) from error
        yield _Zip(file, entries)


def stays_inside(name: str) -> bool:
    """Whether a relative path leads to a place below where it starts from, on every system."""
    parts = PurePosixPath(name).parts
    plain = "/".join(parts) == name and "\\" not in name and "\0" not in name and ":" not in name
    return plain and bool(parts) and not name.startswith("/") and ".." not in parts


class _Folder:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: list[str] = []
        self._strange: list[str] = []
        self._empty: list[str] = []
        for place, folders, files in os.walk(folder, onerror=self._note, followlinks=False):
            names = (*folders, *files)
            if not names:
                self._empty.append(self._relative(place))
            for name in names:
                self._look_at(Path(place) / name)

    def _look_at(self, path: Path) -> None:
        try:
            mode = path.lstat().st_mode
        except OSError as error:
            self._note(error)
            return
        if stat.S_ISREG(mode):
            self._files.append(self._relative(path))
        elif not stat.S_ISDIR(mode):
            self._strange.append(f"{self._relative(path)} is a link or no file; it was added.")

    def _note(self, error: OSError) -> None:
        """What cannot be looked into may hold anything."""
        where = self._relative(error.filename or self._folder)
        sentence = f"{where} cannot be read: {error.strerror}."
        if sentence not in self._strange:  # it may be asked of itself and of what lies in it
            self._strange.append(sentence)

    def _relative(self, path: Path | str) -> str:
        return Path(path).relative_to(self._folder).as_posix()

    def names(self) -> list[str]:
        return self._files

    def strange(self) -> list[str]:
        return self._strange

    def empty_folders(self) -> list[str]:
        return self._empty

    def blocks(self, name: str) -> Iterator[bytes]:
        try:
            with (self._folder / name).open("rb") as file:
                while block := file.read(_BLOCK):
                    yield block
        except OSError as error:
            raise EvidenceError(f"{name} cannot be read: {error.strerror}.") from error


class _Zip:
    def __init__(self, file: BinaryIO, entries: list[Entry]) -> None:
        self._file = file
        self._entries = {entry.name: entry for entry in entries if stays_inside(entry.name)}
        counts = Counter(entry.name for entry in entries)
        self._strange = [
            f"{name} would be unpacked outside of the folder; it was added."
            for name in counts
            if not stays_inside(name)
        ] + [f"{name} is there {count} times." for name, count in counts.items() if count > 1]

    def names(self) -> list[str]:
        return list(self._entries)

    def strange(self) -> list[str]:
        return self._strange

    def empty_folders(self) -> list[str]:
        return []

    def blocks(self, name: str) -> Iterator[bytes]:
        try:
            yield from blocks_of(self._file, self._entries[name])
        except (ZipError, OSError) as error:
            raise EvidenceError(f"{name} cannot be read to its end: it was changed.") from error


_BLOCK = 1024 * 1024
