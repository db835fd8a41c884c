"""A supervisor in a process of its own, with all that it started."""

import json
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from tests.conftest import COMMAND, environment, toy_settings, with_own_store


class Supervised:
    """A supervisor in a process of its own, and all that it and its programs print."""

    def __init__(self, command: list[str], env: dict[str, str], told: str = "") -> None:
        # Buffered, or two programs that print at one time print into one line.
        buffered = {name: text for name, text in env.items() if name != "PYTHONUNBUFFERED"}
        self.process = subprocess.Popen(
            command,
            env=buffered,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdin is not None
        self.process.stdin.write(told)
        self.process.stdin.close()
        self.lines: list[str] = []
        self.seen: set[psutil.Process] = set()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(line.rstrip() for line in self.process.stdout)

    def wait_for(self, words: str, times: int = 1) -> list[str]:
        """The lines that hold these words, as soon as there are so many."""

        def found() -> list[str]:
            return [line for line in list(self.lines) if re.search(words, line)]

        wait_until(lambda: len(found()) >= times, lambda: f"nothing says {words!r}: {self.lines}")
        return found()

    def family(self) -> list[psutil.Process]:
        """All processes below the supervisor now; they are remembered for the end."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        self.seen.update(children)
        return children

    def child(self, words: str) -> psutil.Process:
        """The child in whose command line these words stand."""
        return next(one for one in self.family() if words in " ".join(one.cmdline()))

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Its exit code; nothing that it had started is left."""
        self.family()
        self.process.send_signal(how)
        code = self.process.wait(timeout=30)
        self.nothing_is_left()
        return code

    def nothing_is_left(self) -> None:
        wait_until(lambda: not any(lives(one) for one in self.seen), lambda: str(self.seen))

    def close(self) -> None:
        family = self.family() if self.process.poll() is None else []
        self.process.kill()
        self.process.wait()
        for one in {*family, *self.seen}:
            if lives(one):
                one.kill()
        self._reader.join(timeout=15)


def lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until(
    condition: Callable[[], bool],
    otherwise: Callable[[], str] = lambda: "it never happened",
    patience: float = 60,
) -> None:
    """Until something is so, for `patience` seconds at most."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, otherwise()
        time.sleep(0.05)


def serve_over(data: Path, *options: str, **variables: str) -> Supervised:
    """`mmrag-video serve` on a free port."""
    command = [*COMMAND, "serve", "--port", "0", *options]
    return Supervised(command, environment(with_own_store(toy_settings(data)), **variables))


def address_of(one: Supervised, times: int = 1) -> str:
    return one.wait_for("The search page is at", times)[-1].split()[-1]


def keeper_of(data: Path) -> psutil.Process:
    return psutil.Process(json.loads((data / "store" / "server.json").read_text())["pid"])
