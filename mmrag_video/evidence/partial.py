"""Evidence that is being made: a folder that the next run goes on with.

What is in it under its own name is whole. A journal says what each file was made of, so that one
that is there, and has the hash that it had, is not made again.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from mmrag_video.errors import UsageError
from mmrag_video.evidence.manifest import Piece, piece_of
from mmrag_video.export.writing import ExportError, sync, sync_folder, unfinished_file
from mmrag_video.file_lock import FileLock, LockMode
from mmrag_video.video.stream_copy import WrittenCut

_JOURNAL = ".made.json"
_LOCK = ".lock"
PACKED = ".packed"
"""The zip while it is written."""


class PartialFolder:
    """The folder NAME.partial beside the evidence. Use it as a context manager.

    Raises UsageError where another process is at it or it holds what is none of this, ExportError
    where it cannot be written.
    """

    def __init__(self, target: Path) -> None:
        self.path = target.with_name(f"{target.name}.partial")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            if _is_of_others(self.path):
                raise UsageError(
                    f"There are files in {self.path} that are not of an export that was begun "
                    "there; move them away, or name another place."
                )
            self._lock = FileLock(self.path / _LOCK)
        except OSError as error:
            raise _cannot_write(self.path, error) from error
        if not self._lock.try_acquire(LockMode.EXCLUSIVE):
            self._lock.close()
            raise UsageError(f"Another process is writing {target} now; wait until it is done.")
        self._journal: dict[str, Any] = {}
        with suppress(OSError, ValueError):
            self._journal = json.loads((self.path / _JOURNAL).read_bytes())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._lock.close()

    def clip(
        self, path: str, made_of: str, write: Callable[[Path], WrittenCut]
    ) -> tuple[Piece, WrittenCut]:
        """A clip under this relative path: the one that is there, if it was made of the same."""
        noted = self._still_there(path, made_of)
        if noted is not None:
            cut = noted["cut"]
            start, end = Fraction(cut["start"]), Fraction(cut["end"])
            known = Piece(path, noted["size"], noted["sha256"])
            return known, WrittenCut(start, end, cut["sound_left_out"])
        with self._named_when_whole(path) as unfinished:
            cut = write(unfinished)
            piece = replace(piece_of(unfinished.parent, unfinished.name, {}), path=path)
            facts = {
                "start": str(cut.start),
                "end": str(cut.end),
                "sound_left_out": cut.sound_left_out,
            }
            self._note(made_of, piece, facts)
        return piece, cut

    def file(self, path: str, made_of: str, content: Callable[[], bytes]) -> Piece:
        """A file likewise."""
        noted = self._still_there(path, made_of)
        if noted is not None:
            return Piece(path, noted["size"], noted["sha256"])
        made = content()
        piece = Piece(path, len(made), hashlib.sha256(made).hexdigest())
        with self._named_when_whole(path) as unfinished:
            unfinished.write_bytes(made)
            self._note(made_of, piece, None)
        return piece

    def anew(self, path: str, content: bytes) -> Piece:
        """A file that is written whatever is there."""
        with self._named_when_whole(path) as unfinished:
            unfinished.write_bytes(content)
        return Piece(path, len(content), hashlib.sha256(content).hexdigest())

    def keep_only(self, pieces: list[Piece]) -> None:
        """Take away what is none of these: what an earlier run made for a case as it was then."""
        kept = {piece.path for piece in pieces} | {_JOURNAL, _LOCK}
        for path in sorted(self.path.rglob("*"), reverse=True):
            relative = path.relative_to(self.path).as_posix()
            with suppress(OSError):
                if path.is_dir() and not path.is_symlink():
                    path.rmdir()  # only if it is empty
                elif relative not in kept:
                    path.unlink()

    def names(self) -> list[str]:
        """Relative paths, with slashes, of all files but those that only making it needs."""
        paths = sorted(path for path in self.path.rglob("*") if path.is_file())
        names = [path.relative_to(self.path).as_posix() for path in paths]
        return [name for name in names if name not in (_JOURNAL, _LOCK, PACKED)]

    def become(self, target: Path) -> None:
        """Give the folder its name, without what only making it needed. Raises ExportError."""
        for folder in (self.path, *filter(Path.is_dir, self.path.rglob("*"))):
            sync_folder(folder)
        try:
            self.path.rename(target)
            # Not before: what fails until then is gone on with, and the lock that is waited for
            # stays the one that is held.
            for name in (_JOURNAL, _LOCK):
                (target / name).unlink(missing_ok=True)
        except OSError as error:
            raise ExportError(
                f"{self.path} is whole, but cannot be named {target} ({error.strerror})."
            ) from error
        sync_folder(target)
        sync_folder(target.parent)

    def discard(self) -> None:
        """Take all of it away."""
        shutil.rmtree(self.path, ignore_errors=True)

    def _still_there(self, path: str, made_of: str) -> dict[str, Any] | None:
        """What was noted of a file that is there as it was made."""
        noted: dict[str, Any] | None = self._journal.get(path)
        if noted is None or noted.get("made_of") != made_of:
            return None
        with suppress(OSError):
            found = piece_of(self.path, path, {})
            if (found.size, found.sha256) == (noted["size"], noted["sha256"]):
                return noted
        return None

    def _note(self, made_of: str, piece: Piece, cut: dict[str, Any] | None) -> None:
        """Before the file has its name: who finds it by that finds the note too."""
        facts = {"made_of": made_of, "size": piece.size, "sha256": piece.sha256, "cut": cut}
        self._journal[piece.path] = facts
        self.anew(_JOURNAL, json.dumps(self._journal).encode())

    @contextmanager
    def _named_when_whole(self, path: str) -> Iterator[Path]:
        target = self.path / path
        with unfinished_file(target.parent) as unfinished:
            yield unfinished
            sync(unfinished)
            unfinished.replace(target)


def _is_of_others(folder: Path) -> bool:
    """Whether something lies in a folder in which nothing was begun."""
    names = {path.name for path in folder.iterdir()}
    return bool(names) and names.isdisjoint({_JOURNAL, _LOCK})


def _cannot_write(folder: Path, error: OSError) -> ExportError:
    return ExportError(
        f"Nothing can be written to {folder} ({error.strerror}): check the folder and the disk."
    )
