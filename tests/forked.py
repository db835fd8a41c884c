"""The command in a process of its own, forked from one that has imported it already.

A command takes a second of CPU to import, and the tests give hundreds.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["mmrag_video.cli", "mmrag_video.index.store", "workers.worker"])


class ForkedCommand:
    """`mmrag-video` with these arguments, while it runs: as much of Popen as is needed here.

    What it says goes to two files.
    """

    def __init__(
        self, arguments: Sequence[str], env: Mapping[str, str], said: Path, told: Path
    ) -> None:
        self.arguments = arguments
        for file in (said, told):
            file.touch()
        self._process = _CONTEXT.Process(target=_command, args=(arguments, env, said, told))
        self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float) -> int:
        """Its exit code. Raises TimeoutExpired."""
        self._process.join(timeout)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired(self.arguments, timeout)
        return code

    def send_signal(self, number: signal.Signals) -> None:
        """Nothing happens if it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """And wait until it is gone."""
        self._process.kill()
        self._process.join()


def run_forked(
    arguments: list[str], env: dict[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    """Gives `mmrag-video` these arguments, and returns what it said and its exit code."""
    with TemporaryDirectory() as folder:
        said, told = Path(folder, "stdout"), Path(folder, "stderr")
        process = ForkedCommand(arguments, env, said, told)
        try:
            code = process.wait(timeout)
        finally:
            process.kill()
        return subprocess.CompletedProcess(
            arguments, code, said.read_text(encoding="utf-8"), told.read_text(encoding="utf-8")
        )


def _command(arguments: Sequence[str], env: Mapping[str, str], said: Path, told: Path) -> None:
    for stream, file in ((sys.stdout, said), (sys.stderr, told)):
        stream.flush()
        written = os.open(file, os.O_WRONLY | os.O_APPEND)
        os.dup2(written, stream.fileno())
        os.close(written)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["mmrag-video", *arguments]
    from mmrag_video.__main__ import main

    main()
