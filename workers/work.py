"""One job of the queue, from its lease to what became of it."""

import errno
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

from mmrag_video.archive import Archive
from mmrag_video.catalog.jobs import Job, JobQueue
from mmrag_video.catalog.records import Recording
from mmrag_video.counting import counted
from mmrag_video.errors import ErrorKind, MmragError, RecordingError, kind_of
from mmrag_video.index.identity import IndexIdentity
from mmrag_video.ingest import Outcome, OutcomeState, ingest_file
from mmrag_video.live_ingest import drop_live, finish_growing, ingest_growing
from mmrag_video.settings import WorkerSettings
from mmrag_video.video.discover import FoundFile, Unreachable
from workers.holding_back import Pace, Stopped
from workers.logs import about
from workers.standstill import StandstillError

_log = logging.getLogger(__name__)
_HEARTBEAT = 2.0
"""Seconds between signs of life in the queue."""
_NO_FILES_FAULT = frozenset(
    (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOMEM)
)
"""Errors of the system that the next file would meet as well."""
LONGEST_WAIT = timedelta(hours=6)
"""Between two tries."""


@dataclass(frozen=True)
class Work:
    """All that a job needs, for every thread that takes some."""

    archive: Archive
    identity: IndexIdentity
    name: str
    """Of the worker, for the leases."""
    settings: WorkerSettings
    pace: Callable[[], Pace]
    on_added: Callable[[Recording], None]
    """Called with each recording that has just become searchable."""

    def carry_out(self, job: Job) -> None:
        """Ingest the job's file, and note what became of it.

        Raises StandstillError, the job put back, where no other would fare better, and Stopped.
        """
        with about(job=job.id, source=job.source, path=job.file.path):
            self._carry_out(job, self.archive.catalog.jobs)

    def _carry_out(self, job: Job, queue: JobQueue) -> None:
        began = time.monotonic()
        try:
            outcome = self._ingest(job, queue)
        except Stopped:
            queue.put_back(job)
            raise
        except RecordingError as error:
            outcome = _failed(job, error)
        except MmragError as error:
            queue.put_back(job)
            raise StandstillError(str(error)) from error
        except OSError as error:
            if error.errno in _NO_FILES_FAULT:
                queue.put_back(job)
                raise StandstillError(f"{error}.") from error
            outcome = _failed(job, error)
        except Exception as error:
            _log.exception("The work on %s broke off.", job.file.path)
            outcome = _failed(job, error)
        except BaseException:
            queue.put_back(job)
            raise
        if job.growing:
            queue.finish(job, outcome.frames)
            _log.debug(
                "%s: %d frames while it grows. %s", job.file.path, outcome.frames, outcome.message
            )
        elif outcome.state is OutcomeState.FAILED:
            self._fail(job, queue, outcome)
        else:
            queue.finish(job, outcome.frames)
            self._tell(job, outcome, time.monotonic() - began)

    def _ingest(self, job: Job, queue: JobQueue) -> Outcome:
        pace = self.pace()
        beaten = 0.0

        def follow(path: Path, done: Fraction, total: Fraction) -> None:
            nonlocal beaten
            if time.monotonic() - beaten >= _HEARTBEAT:
                queue.beat(job, float(done), float(total))
                beaten = time.monotonic()
            pace.wait(path, done, total)

        pace.wait(job.file.path, Fraction(0), Fraction(0))
        file = self._file(job)
        if isinstance(file, Unreachable):
            return ingest_file(self.archive, self.identity, file, follow)
        if job.growing:
            return ingest_growing(self.archive, self.identity, file, follow)
        finished = finish_growing(self.archive, self.identity, file, follow)
        if finished is not None:
            return finished
        outcome = ingest_file(self.archive, self.identity, file, follow)
        if outcome.state is not OutcomeState.FAILED:
            drop_live(self.archive, job.file.path)
        return outcome

    @staticmethod
    def _file(job: Job) -> FoundFile | Unreachable:
        path = job.file.path
        try:
            path.stat()
        except FileNotFoundError:
            return Unreachable(path, f"{path} is not there any more.")
        except OSError as error:
            return Unreachable(path, f"{path} cannot be read ({error.strerror}).")
        return FoundFile(path, path.parent)  # of a source's file the root is the source's folder

    def _fail(self, job: Job, queue: JobQueue, outcome: Outcome) -> None:
        if job.attempts + 1 >= self.settings.attempts:
            queue.set_aside(job, outcome.message, outcome.kind or ErrorKind.OTHER)
            _log.warning(
                "%s It was tried %d times and is set aside.",
                outcome.message,
                job.attempts + 1,
            )
            return
        wait = back_off(job.attempts, self.settings.retry)
        queue.retry_later(job, outcome.message, wait, outcome.kind or ErrorKind.OTHER)
        # Once: the same sentence at every try tells nothing new.
        level = logging.WARNING if outcome.message != job.error else logging.DEBUG
        _log.log(level, "%s It is tried again in %s.", outcome.message, _span(wait))

    def _tell(self, job: Job, outcome: Outcome, seconds: float) -> None:
        if outcome.state is not OutcomeState.ADDED or outcome.recording is None:
            return
        recording = outcome.recording
        _log.info(
            "%s is searchable (%s, %.1f times real time)%s.",
            recording.path,
            counted(outcome.frames, "frame"),
            float(recording.duration) / max(seconds, 1e-3),
            f"; it is {recording.damage}" if recording.damage else "",
            extra={
                "recording": recording.id,
                "camera": recording.camera,
                "frames": outcome.frames,
                "seconds": round(seconds, 3),
            },
        )
        self.on_added(recording)


def _failed(job: Job, error: Exception) -> Outcome:
    path = job.file.path
    why = (
        str(error) if isinstance(error, MmragError) else f"{path} could not be worked on: {error}."
    )
    return Outcome(path, OutcomeState.FAILED, message=why, kind=kind_of(error))


def back_off(attempts: int, first: float) -> timedelta:
    """Before the next try, after so many failures: `first` seconds, then four times the last."""
    seconds = first * 4.0 ** min(attempts, 20)
    return timedelta(seconds=min(seconds, LONGEST_WAIT.total_seconds()))


def _span(wait: timedelta) -> str:
    seconds = wait.total_seconds()
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.0f} h"
