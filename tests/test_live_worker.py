"""The worker over sources whose files are taken while they still grow."""

import signal
from itertools import islice
from pathlib import Path

import pytest

from mmrag_video.archive import Archive
from mmrag_video.catalog.jobs import JobState
from mmrag_video.check import look
from mmrag_video.settings import Settings
from mmrag_video.video.pyav_reader import PyavReader
from tests.conftest import passing_block
from tests.growing import GrowingFile
from tests.worker_process import counted, found_by_search, worker_with

pytestmark = pytest.mark.toy_model


@pytest.fixture
def nvr(tmp_path: Path) -> Path:
    folder = tmp_path / "nvr"
    folder.mkdir()
    return folder


def test_the_worker_takes_a_file_while_it_grows_also_after_it_was_killed(
    settings: Settings, nvr: Path
):
    name = "gate.ts"
    sources = {"nvr": {"folder": nvr, "live": True, "settle": 3}}
    file = GrowingFile(nvr / name)
    pictures = iter(passing_block(14))

    def is_taken() -> bool:
        """Whether what was written can be found; it is written to at each look."""
        if archive.catalog.recordings():
            return True
        file.write(islice(pictures, 2))
        return False

    with Archive(settings) as archive:
        with worker_with(settings, sources) as worker:
            worker.wait_until(settings.data_dir.exists, "it runs")
            worker.wait_until(is_taken, "the file is searchable while it grows")
            assert found_by_search(settings) == {name}
            [live] = archive.catalog.recordings()
            assert live.live
            worker.stop(signal.SIGKILL)
        with worker_with(settings, sources) as worker:
            file.write(pictures)
            file.close()
            worker.wait_for(f"{name} is searchable")
        [recording] = archive.catalog.recordings()
        assert not recording.live and recording.id != live.id
        assert recording.duration == PyavReader(nvr / name).facts.duration
        assert counted(archive, JobState.DONE) == 1
        assert look(archive, deep=True) == []
    assert not any("WARNING" in line for line in worker.log)
