"""The worker under fire: whatever is killed at whatever moment, every recording is there once."""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import psutil
import pytest

from mmrag_video.archive import Archive
from mmrag_video.catalog.jobs import JobState
from mmrag_video.check import look
from mmrag_video.errors import ExitCode
from mmrag_video.settings import Settings, StoreSettings
from tests.conftest import decoders_of, toy_settings, with_own_store
from tests.supervised import Supervised, address_of, keeper_of, serve_over, wait_until
from tests.worker_process import counted, worker_on

pytestmark = [pytest.mark.slow, pytest.mark.toy_model]
ROUNDS = int(os.environ.get("MMRAG_FAULT_ROUNDS", "2"))
"""20 with 30 recordings take some minutes: `MMRAG_FAULT_ROUNDS=20 MMRAG_FAULT_RECORDINGS=30`."""
RECORDINGS = int(os.environ.get("MMRAG_FAULT_RECORDINGS", "4"))
SEED = int(os.environ.get("MMRAG_FAULT_SEED", "1"))
GONE_FOR = float(os.environ.get("MMRAG_FAULT_GONE_FOR", "2"))
"""Seconds for which the store is gone; a minute was tried."""
DROPPED = int(os.environ.get("MMRAG_FAULT_DROPPED", "6"))
"""Files that arrive at once; a thousand were tried."""
STORE = """
import sys, time
from milvus_lite.adapter.grpc.server import start_server_in_thread
server, database, port = start_server_in_thread(sys.argv[1], port=int(sys.argv[2]))
print(port, flush=True)
time.sleep(3600)
"""


@pytest.fixture
def nvr(tmp_path: Path, long_clip: Path) -> Path:
    """As many recordings of 14 s as asked for, each with bytes of its own."""
    folder = tmp_path / "nvr"
    folder.mkdir()
    for number in range(RECORDINGS):
        # What follows the last box of an mp4 is not looked at.
        content = long_clip.read_bytes() + bytes(number + 1)
        (folder / f"gate{number:02}.mp4").write_bytes(content)
    return folder


def test_kills_at_random_moments_lose_nothing_and_leave_nothing_twice(
    settings: Settings, nvr: Path
):
    chance = random.Random(SEED)
    killed: set[str] = set()
    for _ in range(ROUNDS):
        with serving(settings.data_dir, nvr) as served:
            address_of(served)
            for _ in range(chance.randint(1, 3)):
                # All of it is up again after some seconds, and a recording takes some.
                time.sleep(chance.uniform(0.2, 9))
                killed |= chance.choice(VICTIMS)(served, settings.data_dir)
            if chance.random() < 0.5:
                served.process.kill()
                served.nothing_is_left()
            else:
                assert served.stop() == ExitCode.INTERRUPTED
    assert killed, "the tests' own patterns still find what they are to kill"
    with serving(settings.data_dir, nvr) as served, Archive(settings) as archive:
        # A decoder that is killed counts as a try of its recording: the next comes a minute later.
        archive.catalog.jobs.ask_again()
        wait_until(
            lambda: counted(archive, JobState.DONE) == RECORDINGS,
            lambda: f"not all are done: {served.lines}",
            patience=60 + 15 * RECORDINGS,
        )
        assert served.stop() == ExitCode.INTERRUPTED
    assert_each_is_there_once(settings, RECORDINGS)


@contextmanager
def serving(data: Path, nvr: Path) -> Iterator[Supervised]:
    source = {"nvr": {"folder": str(nvr), "settle": 0.5, "every": 0.05}}
    served = serve_over(data, MMRAG_SOURCES=json.dumps(source), MMRAG_WORKER__DECODERS="2")
    try:
        yield served
    finally:
        served.close()


def kill_program(name: str, served: Supervised, _: Path) -> set[str]:
    """One of the supervisor's own, unless it has just died; gives what was killed."""
    with suppress(psutil.Error, StopIteration):
        served.child(f"stdin {name}").kill()
        return {name}
    return set()


def kill_decoders(served: Supervised, _: Path) -> set[str]:
    killed = set()
    with suppress(psutil.Error, StopIteration):
        for decoder in decoders_of(served.child("stdin work")):
            decoder.kill()
            killed.add("decoder")
    return killed


def kill_store(_: Supervised, data: Path) -> set[str]:
    with suppress(OSError, ValueError, psutil.Error):
        keeper_of(data).kill()
        return {"store"}
    return set()


VICTIMS = (partial(kill_program, "work"), partial(kill_program, "page"), kill_decoders, kill_store)


def assert_each_is_there_once(settings: Settings, expected: int) -> None:
    with Archive(settings) as archive:
        recordings = archive.catalog.recordings()
        assert len(recordings) == len({one.path for one in recordings}) == expected
        index = archive.catalog.active_index()
        assert index is not None
        assert archive.catalog.unfinished_runs(index.fingerprint) == []
        store = archive.store(index)
        frames = 0
        for recording in recordings:
            run = archive.catalog.complete_run_of(recording.id, index.fingerprint)
            assert run is not None
            rows = store.frames_of_run(run.id)
            assert len(rows) == len({frame.time for frame, _ in rows}) == run.frames > 0
            pictures = [archive.thumbnail(recording.id, frame.time) for frame, _ in rows]
            assert all(picture.exists() for picture in pictures)
            assert set(pictures[0].parent.iterdir()) == set(pictures)
            frames += run.frames
        assert store.count() == frames, "nothing else is in the store"
        assert look(archive) == [], "and `mmrag-video check` says the same"


def test_a_decoder_that_hangs_costs_a_try_and_the_others_go_on(
    settings: Settings, nvr: Path, tmp_path: Path
):
    with worker_on(
        settings, nvr, MMRAG_DECODE__TIME_LIMIT="2", MMRAG_WORKER__RETRY="0.1"
    ) as worker:
        stopped: list[psutil.Process] = []

        def a_decoder_is_stopped() -> bool:
            with suppress(psutil.Error):
                stopped.extend(decoders_of(psutil.Process(worker.process.pid))[:1])
                for decoder in stopped:
                    decoder.suspend()
            return bool(stopped)

        worker.wait_until(a_decoder_is_stopped, "a decoder hangs")
        worker.wait_for("gave no sign of life for 2 s")
        with Archive(settings) as archive:
            worker.wait_until(lambda: counted(archive, JobState.DONE) == RECORDINGS, "all are done")
        assert not any(decoder.is_running() for decoder in stopped)


@contextmanager
def store_on(folder: Path, port: int) -> Iterator[tuple[str, Callable[[], None]]]:
    """A server of frames that nobody keeps alive: its address, and how to kill it."""
    server = subprocess.Popen(
        [sys.executable, "-c", STORE, str(folder), str(port)], stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(server.stdout.readline())}", server.kill
    finally:
        server.kill()
        server.communicate()


def test_a_store_elsewhere_that_is_gone_for_a_while_stops_the_work_and_nothing_is_lost(
    settings: Settings, tmp_path: Path, nvr: Path
):
    folder = tmp_path / "store"
    with (
        store_on(folder, 0) as (uri, kill),
        worker_on(settings, nvr, MMRAG_STORE__URI=uri) as worker,
    ):
        worker.wait_for("is searchable")
        kill()
        worker.wait_for("Nothing is lost; trying again")
        time.sleep(GONE_FOR)
        there = settings.model_copy(update={"store": StoreSettings(uri=uri)})
        with store_on(folder, int(uri.rpartition(":")[2])), Archive(there) as archive:
            worker.wait_until(
                lambda: counted(archive, JobState.DONE) == RECORDINGS,
                "all are done",
                patience=120 + 15 * RECORDINGS,
            )
            assert counted(archive, JobState.SET_ASIDE) == 0
            assert worker.stop() == ExitCode.INTERRUPTED
            assert_each_is_there_once(there, RECORDINGS)


def test_many_files_that_are_dropped_at_once_are_each_taken_once(
    settings: Settings, tmp_path: Path, yard_clip: Path
):
    nvr, elsewhere = tmp_path / "nvr", tmp_path / "elsewhere"
    nvr.mkdir()
    elsewhere.mkdir()
    for number in range(DROPPED):
        content = yard_clip.read_bytes() + bytes(number + 1)
        (elsewhere / f"{number:04}.mp4").write_bytes(content)
    with (
        worker_on(settings, nvr, MMRAG_WORKER__DECODERS="2") as worker,
        Archive(settings) as archive,
    ):
        worker.wait_until((settings.data_dir / "worker.lock").exists, "it runs")
        elsewhere.rename(nvr / "all of them")
        worker.wait_until(
            lambda: counted(archive, JobState.DONE) == DROPPED, "all are done", 60 + 5 * DROPPED
        )
        assert worker.stop() == ExitCode.INTERRUPTED
    assert_each_is_there_once(settings, DROPPED)


def test_a_disk_that_fills_up_stops_the_work_until_there_is_room(
    tmp_path: Path, endless_clip: Path
):
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.system(f"mount -t tmpfs -o size=24m tmpfs {disk} 2>/dev/null") != 0:
        pytest.skip("only root may mount a small disk")
    try:
        ballast = disk / "ballast"
        settings = with_own_store(toy_settings(disk / "data"))
        folder = tmp_path / "nvr"
        folder.mkdir()
        with worker_on(settings, folder) as worker:
            worker.wait_until((settings.data_dir / "worker.lock").exists, "it runs")
            with Archive(settings) as archive:
                worker.wait_until(lambda: archive.catalog.worker.read().name != "", "it runs")
            ballast.write_bytes(bytes(max(0, free(disk) - 300_000)))
            (folder / "gate.mp4").write_bytes(endless_clip.read_bytes())
            worker.wait_for("Nothing is lost; trying again")
            ballast.unlink()
            worker.wait_for("is searchable")
            assert worker.stop() == 130
        assert_each_is_there_once(settings, 1)
    finally:
        os.system(f"umount -l {disk}")


def free(disk: Path) -> int:
    status = os.statvfs(disk)
    return status.f_bavail * status.f_frsize
