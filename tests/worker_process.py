"""A worker in a process of its own, and what it logs."""

import json
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from mmrag_video.archive import Archive
from mmrag_video.catalog.jobs import JobState
from mmrag_video.catalog.tally import counts_by_state
from mmrag_video.index.frames import FrameFilter
from mmrag_video.models.base import Query
from mmrag_video.search import search
from mmrag_video.settings import Settings
from tests.conftest import COMMAND, environment
from tests.forked import ForkedCommand

PATIENCE = 90
"""Seconds for what takes two on a machine that has nothing else to do."""


class WorkerProcess:
    """`mmrag-video work` over some sources."""

    def __init__(
        self, settings: Settings, sources: dict[str, dict[str, Any]], **variables: str
    ) -> None:
        written = {name: {"settle": 0.5, "every": 0.05, **one} for name, one in sources.items()}
        env = environment(settings, MMRAG_SOURCES=json.dumps(written, default=str), **variables)
        self._folder = TemporaryDirectory()
        self._told = Path(self._folder.name, "stderr")
        self._last: list[str] | None = None
        self.process: ForkedCommand | subprocess.Popen[bytes]
        if "LD_PRELOAD" in variables:  # that has to be there when the program starts
            with self._told.open("wb") as told:
                self.process = subprocess.Popen([*COMMAND, "work"], env=env, stderr=told)
        else:
            said = Path(self._folder.name, "stdout")
            self.process = ForkedCommand(["work"], env, said, self._told)

    @property
    def log(self) -> list[str]:
        """The lines so far; the last one may be half written."""
        if self._last is not None:
            return self._last
        return self._told.read_text(encoding="utf-8").splitlines(keepends=True)

    def wait_for(self, words: str) -> str:
        """The first line of the log that holds these words."""
        lines: list[str] = []

        def is_said() -> bool:
            lines[:] = [line for line in self.log if re.search(words, line)]
            return bool(lines)

        self.wait_until(is_said, f"somebody says {words!r}")
        return lines[0]

    def wait_until(self, is_so: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
        deadline = time.monotonic() + patience
        while not is_so():
            assert self.process.poll() is None, self.log
            assert time.monotonic() < deadline, f"waited for: {what}; the log: {self.log}"
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Its exit code; whatever it had started must end with it."""
        started = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(how)
        code = self.process.wait(timeout=30)
        assert not psutil.wait_procs(started, timeout=15)[1], "no decoder and no server is left"
        return code

    def close(self) -> None:
        self.process.kill()
        self.process.wait(timeout=30)
        self._last = self.log
        self._folder.cleanup()


@contextmanager
def worker_on(settings: Settings, *folders: Path, **variables: str) -> Iterator[WorkerProcess]:
    """One whose sources are these folders, with settings by variables."""
    with worker_with(
        settings, {folder.name: {"folder": folder} for folder in folders}, **variables
    ) as (worker):
        yield worker


@contextmanager
def worker_with(
    settings: Settings, sources: dict[str, dict[str, Any]], **variables: str
) -> Iterator[WorkerProcess]:
    worker = WorkerProcess(settings, sources, **variables)
    try:
        yield worker
    finally:
        worker.close()


def found_by_search(settings: Settings) -> set[str]:
    with Archive(settings) as archive:
        answer = search(archive, Query(text="something red"), FrameFilter())
    return {moment.spans[0].recording.path.name for moment in answer.moments}


def counted(archive: Archive, state: JobState) -> int:
    return counts_by_state(archive.catalog.database)[state]
