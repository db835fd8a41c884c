"""Keeps programs running, and ends them together: the processes behind `mmrag-video serve`.

Each program is a child in a session of its own, so that a terminal's Ctrl-C reaches the supervisor
alone, and has a pipe as standard input whose other end only the supervisor holds: it ends by
itself where the supervisor is killed (mmrag_video/end_with_parent.py).
"""

import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import NoReturn

import psutil

from mmrag_video.errors import ExitCode
from workers.logs import Format, set_up

_log = logging.getLogger("workers.supervisor")
_POLL_SECONDS = 0.1
_LAST_WORD = 1.0
"""Seconds for a process whose program has ended to end by itself."""
_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""A terminal that closes sends SIGHUP. Settings are not read anew: that takes a restart."""


@dataclass(frozen=True)
class Program:
    """What is kept running."""

    name: str
    command: tuple[str, ...]
    takes_its_children_along: bool = True
    """Whether all that it started is killed if it is still there when all programs have ended."""


@dataclass(frozen=True)
class Waits:
    """In seconds."""

    first: float = 1.0
    """From a program's end to its next start; twice as much each time that it ends again."""
    longest: float = 60.0
    settled: float = 60.0
    """A program that lived this long starts again as after its first end."""
    stop: float = 9.0
    """For all to end when told to; what still lives then is killed, within the tenth second."""


def become_supervisor(
    programs: Sequence[Program], environment: Mapping[str, str], log: Format
) -> NoReturn:
    """Replace this process, under its own number, by one that supervises the programs."""
    told = json.dumps({"programs": [asdict(program) for program in programs], "log": log})
    # -P: a file named like a library in the current folder must not be imported.
    os.execve(sys.executable, [sys.executable, "-P", "-m", "workers.supervisor", told], environment)


def supervise(
    programs: Sequence[Program], environment: Mapping[str, str], waits: Waits = Waits()
) -> ExitCode:
    """Run the programs until SIGTERM, SIGINT or SIGHUP; whatever ends is started again.

    They are started in order, and stopped one by one in the opposite order. INTERRUPTED, or USAGE
    where one ended with that code soon after its first start: it was told what cannot be done,
    such as a setting that is wrong or a port that is taken, which no further start mends. Only
    for the main thread. Nothing is left running on return.
    """
    with _stop_signals() as told:
        children = [_Child(program, environment, waits) for program in programs]
        try:
            while not told:
                for child in children:
                    child.tend()
                    if child.is_refused:
                        return ExitCode.USAGE
                time.sleep(_POLL_SECONDS)
            _log.info("Stopping: %s.", signal.Signals(told[0]).name)
            return ExitCode.INTERRUPTED
        finally:
            _stop(children[::-1], waits.stop)


class _Child:
    """A program's process, or the time at which it gets the next one."""

    def __init__(self, program: Program, environment: Mapping[str, str], waits: Waits) -> None:
        self.name = program.name
        self.is_refused = False
        self._command = program.command
        self._takes_its_children_along = program.takes_its_children_along
        self._environment = environment
        self._waits = waits
        self._process: subprocess.Popen[bytes] | None = None
        self._started = self._due = time.monotonic()
        self._starts = 0
        self._wait = waits.first

    def tend(self) -> None:
        """Note that it ended, or start it when that is due."""
        if self._process is None:
            if time.monotonic() >= self._due:
                self._start()
        elif self._process.poll() is not None:
            self._note_end(self._process)

    def family(self) -> list[psutil.Process]:
        """Its process and all below, such as decoders, which have sessions of their own."""
        if self._process is None or not self._takes_its_children_along:
            return []
        with suppress(psutil.NoSuchProcess):
            leader = psutil.Process(self._process.pid)
            return [leader, *leader.children(recursive=True)]
        return []

    def stop(self, patience: float) -> None:
        """Let it end in order; kill it if that takes longer than `patience` seconds."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            _log.warning("The %s did not end in %.1f s and is killed.", self.name, patience)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._let_go()

    def _start(self) -> None:
        self._started = time.monotonic()
        try:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                env=dict(self._environment),
                start_new_session=True,
            )
        except OSError as error:
            self._start_later(f"cannot be started ({error.strerror})")
            return
        self._starts += 1
        if self._starts > 1:
            _log.info("The %s was started again (process %d).", self.name, self._process.pid)

    def _note_end(self, process: subprocess.Popen[bytes]) -> None:
        settled = time.monotonic() - self._started >= self._waits.settled
        if process.returncode == ExitCode.USAGE and self._starts == 1 and not settled:
            self.is_refused = True
            _log.error("The %s cannot run as told and has said why, so all is stopped.", self.name)
            return
        if settled:
            self._wait = self._waits.first
        self._let_go()
        self._start_later(_how_it_ended(process.returncode))

    def _start_later(self, why: str) -> None:
        _log.warning("The %s %s; next try in %g s.", self.name, why, self._wait)
        self._due = time.monotonic() + self._wait
        self._wait = min(2 * self._wait, self._waits.longest)

    def _let_go(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        self._process = None


def _how_it_ended(status: int) -> str:
    if status < 0:
        return f"was killed by {signal.Signals(-status).name}"
    return f"ended with exit code {status}"


def _stop(children: Sequence[_Child], seconds: float) -> None:
    """One after the other, each in half of what is left of the time, the last in all of it."""
    deadline = time.monotonic() + seconds
    families = [member for child in children for member in child.family()]
    for child in children:
        left = max(0.0, deadline - time.monotonic())
        child.stop(left if child is children[-1] else left / 2)
    # What is left is a decoder that hangs, and so did not see that its parent is gone.
    left = min(_LAST_WORD, max(0.0, deadline - time.monotonic()))
    for member in psutil.wait_procs(families, timeout=left)[1]:
        _log.warning("Process %d did not end and is killed.", member.pid)
        with suppress(psutil.NoSuchProcess):
            member.kill()


@contextmanager
def _stop_signals() -> Iterator[list[int]]:
    """The signals to stop that have come; those that were ignored before (nohup) still are."""
    told: list[int] = []
    before = {number: signal.getsignal(number) for number in _STOP_SIGNALS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, lambda number, _: told.append(number))
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def main(told: str) -> ExitCode:
    """Supervise the programs that `become_supervisor` was given."""
    given = json.loads(told)
    set_up(given["log"])
    programs = [
        Program(**{**fields, "command": tuple(fields["command"])}) for fields in given["programs"]
    ]
    return supervise(programs, os.environ)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
