"""Evidence that is read: a folder, or a zip, of which nothing is unpacked."""

import os
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from mmrag_video.errors import ExitCode, MmragError, UsageError


class EvidenceError(MmragError):
    """Evidence is not what was written."""

    exit_code = ExitCode.EVIDENCE_CHANGED


class OpenedEvidence(Protocol):
    """The files of evidence, wherever they lie."""

    def names(self) -> list[str]:
        """Relative paths, with slashes, of all files."""

    def strange(self) -> list[str]:
        """What is no plain file, or would be unpacked elsewhere: sentences."""

    def open(self, name: str) -> IO[bytes]:
        """Read one of `names`. Raises EvidenceError if that cannot be done."""


@contextmanager
def open_evidence(path: Path) -> Iterator[OpenedEvidence]:
    """Raises UsageError if there is nothing, EvidenceError if it is no folder and no zip."""
    if path.is_dir():
        yield _Folder(path)
        return
    if not path.exists():
        raise UsageError(f"{path} is not there: name the folder or the zip that was exported.")
    try:
        packed = zipfile.ZipFile(path)
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError) as error:
        raise EvidenceError(f"{path} is no zip, or its list of files was changed.") from error
    with closing(packed):
        yield _Zip(packed)


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
        for place, folders, files in os.walk(folder, followlinks=False):
            for name in (*folders, *files):
                path = Path(place) / name
                relative = path.relative_to(folder).as_posix()
                if path.is_symlink() or not (path.is_file() or path.is_dir()):
                    self._strange.append(f"{relative} is a link or no file; it was added.")
                elif name in files:
                    self._files.append(relative)

    def names(self) -> list[str]:
        return self._files

    def strange(self) -> list[str]:
        return self._strange

    def open(self, name: str) -> IO[bytes]:
        try:
            return (self._folder / name).open("rb")
        except OSError as error:
            raise EvidenceError(f"{name} cannot be read: {error.strerror}.") from error


class _Zip:
    def __init__(self, packed: zipfile.ZipFile) -> None:
        self._packed = packed
        members = [one.filename for one in packed.infolist() if not one.is_dir()]
        counts = Counter(members)
        self._names = [name for name in counts if stays_inside(name)]
        self._strange = [
            f"{name} would be unpacked outside of the folder; it was added."
            for name in counts
            if not stays_inside(name)
        ] + [f"{name} is there {count} times." for name, count in counts.items() if count > 1]

    def names(self) -> list[str]:
        return self._names

    def strange(self) -> list[str]:
        return self._strange

    def open(self, name: str) -> IO[bytes]:
        try:
            return self._packed.open(name)
        except _UNREADABLE as error:
            raise _unreadable(name) from error


_UNREADABLE = (
    OSError,
    EOFError,
    ValueError,
    RuntimeError,  # it says that it is encrypted
    NotImplementedError,
    zlib.error,
    zipfile.BadZipFile,
)
_BLOCK = 1024 * 1024


def blocks(evidence: OpenedEvidence, name: str) -> Iterator[bytes]:
    """The content of a file, in parts. Raises EvidenceError where it cannot be read to its end."""
    with evidence.open(name) as file:
        while True:
            try:
                block = file.read(_BLOCK)
            except _UNREADABLE as error:
                raise _unreadable(name) from error
            if not block:
                return
            yield block


def _unreadable(name: str) -> EvidenceError:
    return EvidenceError(f"{name} cannot be read to its end: it was changed.")
