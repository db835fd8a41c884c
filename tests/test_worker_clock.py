"""The worker when the clock is set, and when clocks are put back: real processes under libfaketime.

Their clock on the wall is faked, as a file says that may change at any time; the one that counts
since the machine started is not.
"""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mmrag_video.archive import Archive
from mmrag_video.catalog.jobs import JobState
from mmrag_video.catalog.saved_searches import Target
from mmrag_video.check import look
from mmrag_video.settings import Settings
from tests.hits import hit_of
from tests.worker_process import counted, worker_with

LIBRARIES = list(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not LIBRARIES, reason="needs Debian's package faketime"),
]
EVERY_THREE_SECONDS = 0.05
"""In minutes. The system tells of no change in these tests: it would hide a schedule that waits."""


SLEEP = """
import threading, time
time.sleep = lambda seconds: (threading.Event().wait(seconds), None)[1]
"""
"""libfaketime 0.9.10 refuses Python's way to sleep (a point in time of the clock that is not faked)
with EINVAL; it takes a wait for an event."""


class FakeClock:
    """A clock on the wall for a process that is given these variables."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(SLEEP)
        self._file = folder / "clock"
        self.set("+0")
        self.variables = {
            "PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]),
            "LD_PRELOAD": str(LIBRARIES[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

    def set(self, offset: str) -> None:
        """Seconds and units, such as `+1h`, to the machine's own clock."""
        new = self._file.with_suffix(".new")
        new.write_text(offset)
        new.replace(self._file)


@pytest.fixture
def clock(tmp_path: Path) -> FakeClock:
    return FakeClock(tmp_path / "clock")


@pytest.fixture
def nvr(tmp_path: Path) -> Path:
    folder = tmp_path / "nvr"
    folder.mkdir()
    return folder


@pytest.fixture
def arrive(nvr: Path, yard_clip: Path) -> Callable[[str], None]:
    """Lets a recording of bytes of its own arrive."""

    def copy(name: str) -> None:
        # What follows the last box of an mp4 is not looked at.
        (nvr / name).write_bytes(yard_clip.read_bytes() + name.encode())

    return copy


def test_a_clock_that_is_set_by_an_hour_either_way_loses_and_repeats_nothing(
    settings: Settings, nvr: Path, clock: FakeClock, arrive: Callable[[str], None]
):
    source = {"folder": nvr, "watch": False, "every": EVERY_THREE_SECONDS}
    second_try = {"MMRAG_WORKER__RETRY": "4", "MMRAG_WORKER__ATTEMPTS": "3"}
    (nvr / "broken.mp4").write_text("no video at all")
    arrive("before.mp4")
    with (
        worker_with(settings, {"nvr": source}, **second_try, **clock.variables) as worker,
        Archive(settings) as archive,
    ):
        worker.wait_for("before.mp4 is searchable")
        worker.wait_for("broken.mp4.* It is tried again in")
        tells = archive.catalog.saved.add("red", "a red wall", [], Target(command=("false",)), [])
        hit_of(archive.catalog, tells)
        worker.wait_for("red: hit 1 is tried again in")
        clock.set("+1h")
        worker.wait_for(r"clock was set by \+3\d\d\d s")
        arrive("ahead.mp4")
        worker.wait_for("ahead.mp4 is searchable")
        clock.set("-1h")
        worker.wait_for(r"clock was set by -7\d\d\d s")
        arrive("behind.mp4")
        worker.wait_for("behind.mp4 is searchable")
        # Its later tries came neither at once nor hours too late.
        worker.wait_for("broken.mp4.* It was tried 3 times and is set aside")
        assert counted(archive, JobState.DONE) == 3
        [hit] = archive.catalog.hits.newest()
        assert hit.due < datetime.now(UTC), "some minutes off, by a clock that is an hour late"
        assert worker.stop() == 130
    with Archive(settings) as archive:
        assert len(archive.catalog.recordings()) == 3
        assert look(archive) == []
    assert "Traceback" not in "".join(worker.log)


def test_a_source_is_looked_at_by_its_crontab_when_clocks_are_put_back(
    settings: Settings, nvr: Path, clock: FakeClock, arrive: Callable[[str], None]
):
    """At 02:00 of that night in Lisbon it is 01:00 once more, and the next minute comes at once."""
    put_back = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)
    begin = put_back - timedelta(seconds=25)
    clock.set(f"{(begin - datetime.now(UTC)).total_seconds():+.0f}s")
    source = {"folder": nvr, "watch": False, "cron": "* * * * *"}
    began = time.monotonic()
    with worker_with(
        settings, {"nvr": source}, MMRAG_CLOCK__ZONE="Europe/Lisbon", **clock.variables
    ) as worker:
        worker.wait_until((settings.data_dir / "worker.lock").exists, "it runs")
        time.sleep(max(0.0, 15 - (time.monotonic() - began)))  # past the look at its start
        arrive("in_the_fold.mp4")
        found = worker.wait_for("1 new files? in nvr")
        worker.wait_for("in_the_fold.mp4 is searchable")
    told = datetime.fromisoformat(found[:19]).replace(tzinfo=UTC)
    assert put_back <= told < put_back + timedelta(seconds=50), found
