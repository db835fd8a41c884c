"""Makes exports in the background: in threads of the page, a few at a time, the others wait.

What is decoded or encoded is so in child processes; the threads wait for them and for the disk.
"""

import hashlib
import logging
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from werkzeug.exceptions import ServiceUnavailable

from mmrag_video.archive import Archive
from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.users import LOCAL, User
from mmrag_video.errors import MmragError, UsageError
from mmrag_video.evidence.order import Progress as Follow
from mmrag_video.export.exporting import note_exported
from mmrag_video.video.child_process import WorkStoppedError, while_wanted
from web.making.clips import make_clips
from web.making.evidence import make_case_evidence
from web.making.job import ExportJob, JobKind, JobOrder, JobState, MadeFile, Progress
from web.making.outcome import Outcome
from web.making.room import free_bytes
from web.making.shelf import HeldJob, Shelf
from web.words import size_in_words

_log = logging.getLogger(__name__)

_AT_ONCE = 2
"""A clip need not wait for a large case; more would only take the disk from each other."""
_MOST_UNDER_WAY = 20
"""Of one user."""
_TOLD_EVERY = 0.5
"""Seconds between two notes of the progress."""
_SWEPT_EVERY = 3600.0
"""Seconds between two looks for what is old."""
_UNFORESEEN = "Something went wrong in the program itself; its log says what."


class ExportMaker:
    """One for each program that serves the page."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self.shelf = Shelf(archive.directory.exports)
        self._turns = threading.BoundedSemaphore(_AT_ONCE)
        self._closing = threading.Event()
        self._running: dict[int, threading.Thread] = {}
        self._changing = threading.Lock()
        self._swept = float("-inf")

    def order(
        self, order: JobOrder, user: User, address: str, cameras: tuple[str, ...], expected: int
    ) -> ExportJob:
        """Begin to make something. Raises ServiceUnavailable where there is no room for it, or the
        user has too much under way, ExportError where nothing can be written.
        """
        with self._changing:
            self._check_room(user, expected)
            held = self.shelf.put(order, user.name, address, cameras, expected)
            self._start(held)
        return held.read()

    def go_on(self, number: int) -> ExportJob:
        """Go on with what was cancelled or interrupted, or failed; what is there stays.

        Raises UsageError where it is being made or done already.
        """
        with self._changing:
            held = self.shelf.hold(number)
            try:
                job = held.read()
                if job.state is JobState.DONE:
                    raise UsageError("This export is made already.")
                held.begin_anew()
                job = held.change(state=JobState.WAITING, progress=None, problem="")
            except BaseException:
                held.let_go()
                raise
            self._start(held)
        return job

    def cancel(self, number: int, patience: float = 5.0) -> None:
        """Stop one, and wait a little for it: a child process is ended at once."""
        self.shelf.cancel(number)
        self.wait_for(number, patience)

    def wait_for(self, number: int, patience: float) -> None:
        """Wait so many seconds at most for one to end that is made by this program."""
        thread = self._running.get(number)
        if thread is not None:
            thread.join(patience)

    def remove_old(self) -> None:
        """Now and then, take away what has been there for as long as the settings say."""
        if time.monotonic() - self._swept > _SWEPT_EVERY:
            self._swept = time.monotonic()
            self.shelf.remove_old(self._archive.settings.exports.kept)

    def close(self) -> None:
        """Interrupt what is under way. It is gone on with when somebody says so."""
        self._closing.set()
        for thread in list(self._running.values()):
            thread.join(10)

    def _check_room(self, user: User, expected: int) -> None:
        under_way = [one for one in self.shelf.all() if one.state.is_under_way]
        if sum(one.owner == user.name for one in under_way) >= _MOST_UNDER_WAY:
            raise ServiceUnavailable(
                f"{_MOST_UNDER_WAY} exports of yours are under way; wait until one is done."
            )
        free = free_bytes(self.shelf.folder)
        wanted = expected + sum(one.expected for one in under_way)
        if wanted + self._archive.settings.exports.spare > free:
            raise ServiceUnavailable(
                f"The disk has no room for this: it takes about {size_in_words(wanted)} while it "
                f"is made, and of {size_in_words(free)} some must stay free. Delete exports that "
                "are no longer needed, or choose fewer moments."
            )

    def _start(self, held: HeldJob) -> None:
        number = held.read().number
        thread = threading.Thread(target=self._run, args=(held,), daemon=True)
        self._running[number] = thread
        thread.start()

    def _run(self, held: HeldJob) -> None:
        job = held.read()
        try:
            self._await_turn(held)
            try:
                with while_wanted(lambda: not self._is_stopped(held)):
                    self._make(held)
            finally:
                self._turns.release()
        except WorkStoppedError:
            # Where the program ends it stays "running", which without its lock is "interrupted".
            if held.is_cancelled:
                _note(held, state=JobState.CANCELLED, progress=None)
        except MmragError as error:
            _note(held, state=JobState.FAILED, progress=None, problem=str(error))
        except Exception:
            _log.exception("An export failed.")
            _note(held, state=JobState.FAILED, progress=None, problem=_UNFORESEEN)
        finally:
            self._running.pop(job.number, None)
            held.let_go()

    def _await_turn(self, held: HeldJob) -> None:
        while not self._turns.acquire(timeout=0.5):
            if self._is_stopped(held):
                raise WorkStoppedError
        held.change(state=JobState.RUNNING)

    def _is_stopped(self, held: HeldJob) -> bool:
        return self._closing.is_set() or held.is_cancelled

    def _make(self, held: HeldJob) -> None:
        job, follow = held.read(), self._follower(held)
        user = _user_named(self._archive, job.owner)
        # A program that ended between the file and the note of it left one that nobody vouches for.
        for stray in (*held.folder.glob("*.zip"), *held.folder.glob("*.mp4")):
            stray.unlink()
        if job.order.kind is JobKind.EVIDENCE:
            outcome = make_case_evidence(self._archive, job.order, user, held.folder, follow)
        else:
            outcome = make_clips(self._archive, job.order, held.folder, follow)
        made = _made_file(outcome, follow)
        self._note_made(job, outcome, made)
        held.change(state=JobState.DONE, progress=None, cameras=outcome.cameras, made=made)

    def _note_made(self, job: ExportJob, outcome: Outcome, made: MadeFile) -> None:
        catalog = self._archive.catalog
        about = {**outcome.about, "export": job.number, "sha256": made.sha256}
        catalog.audit.note(job.owner, Action.EXPORT, about, job.address)
        catalog.cases.mark_exported(outcome.moments, datetime.now(UTC))
        note_exported(self._archive, outcome.spans)

    def _follower(self, held: HeldJob) -> Follow:
        told = float("-inf")

        def follow(what: str, done: int, total: int) -> None:
            nonlocal told
            if time.monotonic() - told < _TOLD_EVERY:
                return
            told = time.monotonic()
            if self._is_stopped(held):
                raise WorkStoppedError
            held.change(progress=Progress(what, done, total))

        return follow


def _note(held: HeldJob, **changes: object) -> None:
    """How it ended; where not even that can be written, the log has it."""
    try:
        held.change(**changes)
    except MmragError as error:
        _log.error("%s", error)


def _user_named(archive: Archive, name: str) -> User:
    """As they are now. Raises UsageError where they may do nothing any more."""
    if name == LOCAL.name:
        return LOCAL
    account = archive.catalog.users.named(name)
    if account.disabled:
        raise UsageError(f"The user {name!r} is disabled.")
    return account.user


def _made_file(outcome: Outcome, follow: Follow) -> MadeFile:
    size = outcome.path.stat().st_size
    return MadeFile(
        name=outcome.path.name,
        size=size,
        sha256=_hash(outcome.path, size, follow),
        remarks=outcome.remarks,
        left_out=outcome.left_out,
        manifest=outcome.manifest,
        signed_by=outcome.signed_by,
    )


def _hash(path: Path, size: int, follow: Follow) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(4 * 1024 * 1024):
            digest.update(block)
            follow("the file’s SHA-256", file.tell(), size)
    return digest.hexdigest()
