"""The scheduled ingest: what arrives becomes searchable, and nothing but a signal ends it."""

import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from mmrag_video.archive import Archive
from mmrag_video.catalog.writer_lock import writer_lock
from mmrag_video.errors import ExitCode
from mmrag_video.index.frames import FrameFilter
from mmrag_video.models.base import Query
from mmrag_video.search import search
from mmrag_video.settings import Settings
from tests.conftest import environment

WORKER = [sys.executable, "-m", "workers.scheduled_ingest"]


class Worker:
    """A scheduled ingest in a process of its own, a round every second, and what it logs."""

    def __init__(self, data: Path, *paths: Path) -> None:
        self.process = subprocess.Popen(
            [*WORKER, *map(str, paths), "--every", "0.0167"],
            env=environment(data),
            stderr=subprocess.PIPE,
            text=True,
        )
        self.log: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        self.log.extend(iter(self.process.stderr.readline, ""))

    def wait_for(self, words: str) -> str:
        """The first line of the log that holds these words."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            for line in list(self.log):
                if re.search(words, line):
                    return line
            assert self.process.poll() is None, self.log
            time.sleep(0.05)
        raise AssertionError(f"nothing says {words!r}: {self.log}")

    def stop(self, how: signal.Signals) -> int:
        """Its exit code; whatever it had started must end with it."""
        started = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(how)
        code = self.process.wait(timeout=30)
        assert not psutil.wait_procs(started, timeout=15)[1], "no decoder and no server is left"
        return code

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join(timeout=15)


@contextmanager
def worker_on(data: Path, *paths: Path) -> Iterator[Worker]:
    worker = Worker(data, *paths)
    try:
        yield worker
    finally:
        worker.close()


@pytest.fixture
def nvr(tmp_path: Path) -> Path:
    folder = tmp_path / "nvr"
    folder.mkdir()
    return folder


def found_by_search(settings: Settings) -> set[str]:
    with Archive(settings) as archive:
        answer = search(archive, Query(text="something red"), FrameFilter())
    return {moment.spans[0].recording.path.name for moment in answer.moments}


def test_what_arrives_becomes_searchable_and_a_failure_is_told_once(
    settings: Settings, nvr: Path, yard_clip: Path
):
    (nvr / "broken.mp4").write_text("no video at all")
    with worker_on(settings.data_dir, nvr) as worker:
        assert "WARNING" in worker.wait_for(r"broken\.mp4")
        shutil.copy(yard_clip, nvr)
        worker.wait_for(f"{re.escape(yard_clip.name)} is searchable")
        worker.wait_for(r"This round: 1 added \(\d+ frames\)\.$")
        assert found_by_search(settings) == {yard_clip.name}
        assert worker.stop(signal.SIGTERM) == ExitCode.INTERRUPTED
    assert sum("broken.mp4" in line for line in worker.log) == 1, "though each round tries it again"
    assert "Stopped." in worker.log[-1]
    assert "Traceback" not in "".join(worker.log)


def test_a_round_is_skipped_while_somebody_else_ingests(
    settings: Settings, nvr: Path, yard_clip: Path
):
    with worker_on(settings.data_dir, nvr) as worker:
        with writer_lock(settings.data_dir):
            shutil.copy(yard_clip, nvr)
            worker.wait_for("Another ingest .* The next round tries again")
            assert found_by_search(settings) == set()
        worker.wait_for("is searchable")
        assert found_by_search(settings) == {yard_clip.name}
        with writer_lock(settings.data_dir):
            assert worker.stop(signal.SIGINT) == ExitCode.INTERRUPTED


def test_a_stop_in_the_middle_of_a_recording_leaves_nothing_half(
    settings: Settings, nvr: Path, long_clip: Path
):
    shutil.copy(long_clip, nvr)
    with worker_on(settings.data_dir, nvr) as worker:
        deadline = time.monotonic() + 60
        while not list(settings.data_dir.glob("thumbnails/**/*.jpg")):
            assert time.monotonic() < deadline, f"it was to write frames: {worker.log}"
            time.sleep(0.05)
        assert worker.stop(signal.SIGTERM) == ExitCode.INTERRUPTED
    assert found_by_search(settings) == set()
    with Archive(settings) as archive:
        assert archive.catalog.failures() == [], "it was stopped, it did not fail"


def test_a_wrong_setting_ends_it_in_one_sentence(nvr: Path, tmp_path: Path):
    told = subprocess.run(
        [*WORKER, str(nvr)],
        env=environment(tmp_path / "data", MMRAG_CLOCK__ZONE="Lisboa"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert told.returncode == ExitCode.USAGE
    [sentence] = told.stderr.splitlines()
    assert "Lisboa" in sentence


@pytest.mark.parametrize("every", ["nan", "0", "-1", "inf", "soon"])
def test_an_interval_that_is_none_is_refused(nvr: Path, tmp_path: Path, every: str):
    told = subprocess.run(
        [*WORKER, str(nvr), "--every", every],
        env=environment(tmp_path / "data"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert told.returncode == ExitCode.USAGE
    assert "Traceback" not in told.stderr
