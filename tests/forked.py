"""The command in a process of its own, forked from one that has imported it already.

A command takes a second of CPU to import, and the tests give hundreds.
"""

import multiprocessing
import os
import subprocess
import sys
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from tempfile import TemporaryDirectory

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["mmrag_video.cli", "mmrag_video.index.store"])


def run_forked(
    arguments: list[str], env: dict[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    """Gives `mmrag-video` these arguments, and returns what it said and its exit code."""
    with TemporaryDirectory() as folder:
        said, told = Path(folder, "stdout"), Path(folder, "stderr")
        process = _CONTEXT.Process(target=_command, args=(arguments, env, said, told))
        process.start()
        code = _wait_for(process, arguments, timeout)
        return subprocess.CompletedProcess(
            arguments, code, said.read_text(encoding="utf-8"), told.read_text(encoding="utf-8")
        )


def _wait_for(process: ForkServerProcess, arguments: list[str], timeout: float) -> int:
    process.join(timeout)
    if process.exitcode is None:
        process.kill()
        process.join()
        raise subprocess.TimeoutExpired(arguments, timeout)
    return process.exitcode


def _command(arguments: list[str], env: dict[str, str], said: Path, told: Path) -> None:
    for stream, file in ((sys.stdout, said), (sys.stderr, told)):
        stream.flush()
        written = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(written, stream.fileno())
        os.close(written)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["mmrag-video", *arguments]
    from mmrag_video.__main__ import main

    main()
