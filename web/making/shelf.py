"""Where exports lie: a folder for each, with its state, its parts while it is made, its file.

Whoever makes one holds a lock in its folder, which the kernel takes back however the program
ends: so one that says "running" and is not locked was interrupted, whoever looks.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mmrag_video.errors import UsageError
from mmrag_video.export.writing import ExportError
from mmrag_video.file_lock import FileLock, LockMode
from mmrag_video.video.clips import UNFINISHED
from web.making.job import AS_JSON, ExportJob, JobOrder, JobState

_STATE = "job.json"
_LOCK = ".lock"
_CANCEL = ".cancel"
_PATIENCE = 2.0
"""Seconds: who only looks holds a lock for a moment too."""


@dataclass(frozen=True)
class HeldJob:
    """A job that nobody else writes: between `Shelf.hold` or `Shelf.put` and `let_go`."""

    folder: Path
    lock: FileLock

    def read(self) -> ExportJob:
        """As it stands. Raises ExportError."""
        return _read(self.folder)

    def write(self, job: ExportJob) -> None:
        """Let it be so from now on. Raises ExportError."""
        unfinished = self.folder / f".{_STATE}{UNFINISHED}"
        try:
            unfinished.write_bytes(AS_JSON.dump_json(replace(job, changed=datetime.now(UTC))))
            unfinished.replace(self.folder / _STATE)
        except OSError as error:
            raise ExportError(
                f"Nothing can be written to {self.folder} ({error.strerror}): check the disk."
            ) from error

    def change(self, **changes: Any) -> ExportJob:
        """Give fields other values."""
        job = replace(self.read(), **changes)
        self.write(job)
        return job

    @property
    def is_cancelled(self) -> bool:
        """Whether somebody wants it stopped."""
        return (self.folder / _CANCEL).exists()

    def begin_anew(self) -> None:
        """Forget what was wanted, and what a killed program left that nobody goes on with."""
        (self.folder / _CANCEL).unlink(missing_ok=True)
        for stray in self.folder.glob(f".*{UNFINISHED}"):
            stray.unlink(missing_ok=True)

    def let_go(self) -> None:
        """Others may write it now."""
        self.lock.close()


class Shelf:
    """All exports in one folder. Several programs may use it at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def all(self) -> list[ExportJob]:
        """The newest first."""
        return [job for number in self._numbers() if (job := self.job(number)) is not None]

    def job(self, number: int) -> ExportJob | None:
        """One by its number; None if there is none, or it cannot be read any more."""
        folder = self.place_of(number)
        try:
            job = _read(folder)
            if job.state.is_under_way and not _is_held(folder):
                job = _read(folder)  # it may have ended between the two looks
                if job.state.is_under_way:
                    return replace(job, state=JobState.INTERRUPTED)
        except ExportError:
            return None
        return job

    def put(
        self, order: JobOrder, owner: str, address: str, cameras: tuple[str, ...], expected: int
    ) -> HeldJob:
        """A new one, waiting, and held by the caller. Raises ExportError."""
        try:
            with self._numbering() as number:
                folder = self.place_of(number)
                folder.mkdir()
        except OSError as error:
            raise self._cannot_write(error) from error
        now = datetime.now(UTC)
        job = ExportJob(number, owner, address, order, cameras, expected, now, now)
        try:
            return _begun(folder, job)
        except BaseException as error:
            shutil.rmtree(folder, ignore_errors=True)
            if isinstance(error, OSError):
                raise self._cannot_write(error) from error
            raise

    def hold(self, number: int) -> HeldJob:
        """Let nobody else write it. Raises UsageError where it is being made, or gone."""
        folder = self.place_of(number)
        try:
            lock = FileLock(folder / _LOCK)
        except OSError as error:
            raise UsageError("This export is gone.") from error
        if not lock.acquire(LockMode.EXCLUSIVE, _PATIENCE):
            lock.close()
            raise UsageError("This export is being made.")
        return HeldJob(folder, lock)

    def cancel(self, number: int) -> None:
        """Ask whoever makes it to stop; it takes them a moment."""
        with suppress(OSError):
            (self.place_of(number) / _CANCEL).touch()

    def remove(self, number: int) -> None:
        """Take one away with its file. Raises UsageError where it is being made."""
        held = self.hold(number)
        try:
            shutil.rmtree(held.folder, ignore_errors=True)
        finally:
            held.let_go()

    def remove_old(self, kept: timedelta) -> None:
        """Take away what nobody is at and was not written for so long, readable or not."""
        for number in self._numbers():
            job = self.job(number)
            under_way = job is not None and job.state.is_under_way
            changed = self._written(number) if job is None else job.changed
            if not under_way and datetime.now(UTC) - changed > kept:
                with suppress(UsageError):
                    self.remove(number)

    def place_of(self, number: int) -> Path:
        """The folder of one."""
        return self.folder / str(number)

    def _numbers(self) -> list[int]:
        """Of all that there are, the newest first."""
        with suppress(FileNotFoundError):
            names = (one.name for one in self.folder.iterdir())
            return sorted((int(name) for name in names if name.isdecimal()), reverse=True)
        return []

    def _written(self, number: int) -> datetime:
        """When something was last put into the folder of one; now, if it is gone."""
        with suppress(OSError):
            return datetime.fromtimestamp(self.place_of(number).stat().st_mtime, UTC)
        return datetime.now(UTC)

    def _cannot_write(self, error: OSError) -> ExportError:
        return ExportError(
            f"Nothing can be written to {self.folder} ({error.strerror}): check the disk."
        )

    @contextmanager
    def _numbering(self) -> Iterator[int]:
        """A number that none has had: those that were removed are in the audit log still."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / ".last") as last:
            last.acquire(LockMode.EXCLUSIVE, patience=30)
            number = int(last.read() or 0) + 1
            last.write(str(number))
            yield number


def _begun(folder: Path, job: ExportJob) -> HeldJob:
    """A job in its folder, held. Raises OSError and ExportError, and then nobody holds it."""
    lock = FileLock(folder / _LOCK)
    try:
        lock.try_acquire(LockMode.EXCLUSIVE)
        held = HeldJob(folder, lock)
        held.write(job)
    except BaseException:
        lock.close()
        raise
    return held


def _read(folder: Path) -> ExportJob:
    try:
        return AS_JSON.validate_json((folder / _STATE).read_bytes())
    except (OSError, ValidationError) as error:
        raise ExportError(f"The export in {folder} cannot be read any more.") from error


def _is_held(folder: Path) -> bool:
    try:
        lock = FileLock(folder / _LOCK)
    except OSError:
        return False
    with lock:
        return not lock.try_acquire(LockMode.SHARED)
