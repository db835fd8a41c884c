"""The worker: what arrives becomes searchable, whatever comes in between."""

import json
import os
import shutil
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from mmrag_video.archive import Archive
from mmrag_video.catalog.jobs import JobState, SeenFile
from mmrag_video.catalog.writer_lock import writer_lock
from mmrag_video.check import look
from mmrag_video.errors import ExitCode
from mmrag_video.index.keeper import ADDRESS_FILE
from mmrag_video.settings import Settings, SourceSettings
from tests.conftest import Command, decoders_of, with_own_store
from tests.worker_process import counted, found_by_search, worker_on, worker_with

THREE_TRIES = {"MMRAG_WORKER__RETRY": "0.2", "MMRAG_WORKER__ATTEMPTS": "3"}

pytestmark = pytest.mark.toy_model


@pytest.fixture
def nvr(tmp_path: Path) -> Path:
    folder = tmp_path / "nvr"
    folder.mkdir()
    return folder


def frames_are_written(settings: Settings) -> bool:
    return any(settings.data_dir.glob("thumbnails/**/*.jpg"))


def test_what_arrives_becomes_searchable(settings: Settings, nvr: Path, yard_clip: Path):
    with worker_on(settings, nvr) as worker:
        worker.wait_until(settings.data_dir.exists, "it runs")
        shutil.copy(yard_clip, nvr)
        worker.wait_for(f"{yard_clip.name} is searchable")
        assert found_by_search(settings) == {yard_clip.name}
        assert worker.stop() == ExitCode.INTERRUPTED
    assert "Traceback" not in "".join(worker.log)


def test_a_recording_that_fails_is_tried_again_set_aside_and_stops_no_other(
    settings: Settings, nvr: Path, yard_clip: Path
):
    (nvr / "a_broken.mp4").write_text("no video at all")
    with worker_on(settings, nvr, **THREE_TRIES) as worker:
        shutil.copy(yard_clip, nvr)
        worker.wait_for("tried 3 times and is set aside")
        worker.wait_for("is searchable")
        with Archive(settings) as archive:
            [failed] = archive.catalog.jobs.jobs(JobState.SET_ASIDE)
            assert failed.file.path.name == "a_broken.mp4"
            assert failed.attempts == 3
            assert "a_broken.mp4" in failed.error
            # It is tried again when somebody asks, and when it changes.
            assert archive.catalog.jobs.ask_again([failed.id]) == 1
            worker.wait_until(
                lambda: sum("set aside" in line for line in worker.log) == 2, "it is tried again"
            )
            shutil.copy(yard_clip, nvr / "a_broken.mp4")
            worker.wait_until(lambda: counted(archive, JobState.DONE) == 2, "both are known")
    first_failures = [line for line in worker.log if "tried again in" in line]
    assert len(first_failures) == 2, "the same sentence is said once for each series of tries"


def test_a_file_that_grows_is_left_alone_until_it_is_finished(
    settings: Settings, nvr: Path, yard_clip: Path
):
    content = yard_clip.read_bytes()
    with worker_with(settings, {"nvr": {"folder": nvr, "settle": 2}}) as worker:
        worker.wait_until(settings.data_dir.exists, "it runs")
        with (nvr / "growing.mp4").open("wb") as file:
            for part in range(10):
                file.write(content[part * len(content) // 10 : (part + 1) * len(content) // 10])
                file.flush()
                time.sleep(0.4)
                assert not any("growing" in line for line in worker.log)
        worker.wait_for("growing.mp4 is searchable")
    assert not any("WARNING" in line for line in worker.log)


def test_another_file_under_the_same_name_takes_the_place_of_the_first(
    settings: Settings, nvr: Path, yard_clip: Path, long_clip: Path
):
    with worker_on(settings, nvr) as worker, Archive(settings) as archive:
        shutil.copy(yard_clip, nvr / "gate.mp4")
        worker.wait_for("is searchable")
        [first] = archive.catalog.recordings()
        shutil.copy(long_clip, nvr / "gate.mp4")
        worker.wait_until(
            lambda: [one.id for one in archive.catalog.recordings()] not in ([first.id], []),
            "the other content is known",
        )
        [second] = archive.catalog.recordings()
        assert second.path == first.path


def test_a_file_that_was_moved_is_the_same_recording(
    settings: Settings, nvr: Path, yard_clip: Path
):
    with worker_on(settings, nvr) as worker, Archive(settings) as archive:
        shutil.copy(yard_clip, nvr)
        worker.wait_for("is searchable")
        [before] = archive.catalog.recordings()
        (nvr / "archive").mkdir()
        (nvr / yard_clip.name).rename(nvr / "archive" / "moved.mp4")
        worker.wait_until(
            lambda: [one.path.name for one in archive.catalog.recordings()] == ["moved.mp4"],
            "it is known where it lies now",
        )
        [after] = archive.catalog.recordings()
        assert (after.id, after.camera) == (before.id, before.camera)
        assert sum("is searchable" in line for line in worker.log) == 1, "it was not read again"
        worker.wait_until(lambda: counted(archive, JobState.GONE) == 1, "the old path is gone")


@pytest.mark.parametrize("gone", ["mark", "forget"])
def test_a_recording_whose_file_is_deleted_stays_or_goes_by_setting(
    settings: Settings, nvr: Path, yard_clip: Path, long_clip: Path, gone: str
):
    with (
        worker_with(settings, {"nvr": {"folder": nvr, "gone": gone}}) as worker,
        Archive(settings) as archive,
    ):
        shutil.copy(yard_clip, nvr / "stays.mp4")
        shutil.copy(long_clip, nvr / "goes.mp4")
        worker.wait_until(lambda: counted(archive, JobState.DONE) == 2, "both are searchable")
        (nvr / "goes.mp4").unlink()
        worker.wait_until(lambda: counted(archive, JobState.GONE) == 1, "it is missed")
        if gone == "forget":
            worker.wait_for("1 recording let go of")
        names = {recording.path.name for recording in archive.catalog.recordings()}
        assert names == ({"stays.mp4", "goes.mp4"} if gone == "mark" else {"stays.mp4"})
        assert [one for one in look(archive) if not one.is_remark] == []


def test_what_there_is_no_room_for_goes_by_itself_also_while_the_worker_is_paused(
    settings: Settings, nvr: Path, yard_clip: Path
):
    shutil.copy(yard_clip, nvr)
    with worker_on(settings, nvr) as worker:
        worker.wait_for("is searchable")
        worker.stop()
    (nvr / "waits.mp4").write_text("it waits, whatever it is")
    with Archive(settings) as archive:
        archive.catalog.worker.pause(True)
    with worker_on(settings, nvr, MMRAG_RETENTION__GIGABYTES="1e-9") as worker:
        worker.wait_for("1 recording let go of, as the retention says")
        with Archive(settings) as archive:
            assert archive.catalog.recordings() == []
            assert counted(archive, JobState.DONE) == 1, "the file is not ingested again"


def test_a_folder_that_is_not_mounted_has_lost_nothing(
    settings: Settings, nvr: Path, yard_clip: Path
):
    with worker_on(settings, nvr) as worker, Archive(settings) as archive:
        shutil.copy(yard_clip, nvr)
        worker.wait_for("is searchable")
        nvr.rename(nvr.with_name("elsewhere"))
        worker.wait_for("There is nothing to read at")
        state = archive.catalog.worker
        worker.wait_until(lambda: state.read().unreadable == ("nvr",), "health can name it")
        nvr.mkdir()  # the bare mount point
        worker.wait_for("can be read again")
        worker.wait_until(lambda: state.read().unreadable == (), "health is told so")
        assert counted(archive, JobState.GONE) == 0
        nvr.rmdir()
        nvr.with_name("elsewhere").rename(nvr)
        shutil.copy(yard_clip, nvr / "later.mp4")
        worker.wait_until(lambda: counted(archive, JobState.DONE) == 2, "it goes on")
        assert counted(archive, JobState.GONE) == 0


def test_a_file_that_cannot_be_looked_at_is_a_failure_of_its_own(
    settings: Settings, nvr: Path, yard_clip: Path
):
    loop = nvr / "newest.mp4"
    shutil.copy(yard_clip, nvr)
    file = SeenFile(loop, 1, 1, datetime.now(UTC))
    with Archive(settings) as archive:
        archive.catalog.jobs.add("nvr", [(file, -1e12)])
    loop.symlink_to(loop)
    with worker_on(settings, nvr, **THREE_TRIES) as worker:
        worker.wait_for("is searchable")
        worker.wait_for(f"{loop} cannot be read .* set aside")
    assert not [line for line in worker.log if "Nothing is lost" in line]


def test_another_disk_in_the_place_of_a_source_is_watched_too(
    settings: Settings, nvr: Path, yard_clip: Path
):
    """The schedule is too slow to notice anything here."""
    sources = {"nvr": {"folder": nvr, "every": 600}}
    with worker_with(settings, sources) as worker:
        (nvr / "first.mp4").write_bytes(yard_clip.read_bytes())
        worker.wait_for("first.mp4 is searchable")
        if os.system(f"mount -t tmpfs -o size=24m tmpfs {nvr} 2>/dev/null") != 0:
            pytest.skip("only root may mount a disk")
        try:
            time.sleep(3)  # sources are looked through every two seconds
            (nvr / "second.mp4").write_bytes(yard_clip.read_bytes() + b"2")
            worker.wait_for("second.mp4 is searchable")
        finally:
            os.system(f"umount -l {nvr}")


def test_it_waits_while_somebody_else_ingests(settings: Settings, nvr: Path, yard_clip: Path):
    with worker_on(settings, nvr) as worker:
        worker.wait_until(settings.data_dir.exists, "it runs")
        with writer_lock(settings.data_dir):
            shutil.copy(yard_clip, nvr)
            worker.wait_for("Another ingest .* Nothing is lost")
            assert found_by_search(settings) == set()
        worker.wait_for("is searchable")
        assert found_by_search(settings) == {yard_clip.name}
        worker.wait_until(lambda: _is_free(settings.data_dir), "between jobs anybody may write")


def _is_free(data: Path) -> bool:
    try:
        with writer_lock(data):
            return True
    except Exception:
        return False


def test_a_second_worker_says_so_and_waits_and_then_takes_over(
    settings: Settings, nvr: Path, yard_clip: Path
):
    with worker_on(settings, nvr) as first:
        first.wait_until((settings.data_dir / "worker.lock").exists, "it runs")
        with worker_on(settings, nvr) as second:
            second.wait_for("Another worker .* waiting until it ends")
            shutil.copy(yard_clip, nvr)
            first.wait_for("is searchable")
            first.process.kill()
            shutil.copy(yard_clip, nvr / "later.mp4")
            with Archive(settings) as archive:
                second.wait_until(lambda: counted(archive, JobState.DONE) == 2, "it took over")
            assert second.stop() == ExitCode.INTERRUPTED


def test_a_second_worker_that_waits_ends_when_it_is_told(settings: Settings, nvr: Path):
    with worker_on(settings, nvr) as first, worker_on(settings, nvr) as second:
        both = (first, second)
        waiting = _the_one_that_waits(both)
        assert waiting.stop() == ExitCode.INTERRUPTED


def _the_one_that_waits(workers):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for worker in workers:
            if any("Another worker" in line for line in worker.log):
                return worker
        time.sleep(0.05)
    raise AssertionError("none of them waits")


@pytest.mark.parametrize(
    "how", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)]
)
def test_a_stop_in_the_middle_of_a_recording_leaves_nothing_half(
    settings: Settings, nvr: Path, endless_clip: Path, how: signal.Signals
):
    shutil.copy(endless_clip, nvr)
    with worker_on(settings, nvr) as worker:
        worker.wait_until(lambda: frames_are_written(settings), "frames are written")
        assert worker.stop(how) == ExitCode.INTERRUPTED
    assert found_by_search(settings) == set()
    with Archive(settings) as archive:
        assert archive.catalog.failures() == [], "it was stopped, it did not fail"
        # In the middle of a batch that takes longer than it has, it leaves the rest to the next.
        assert counted(archive, JobState.WAITING) + counted(archive, JobState.RUNNING) == 1
    with worker_on(settings, nvr) as worker:
        worker.wait_for("is searchable")
    assert found_by_search(settings) == {endless_clip.name}


def test_it_holds_still_while_it_is_paused_and_goes_on_where_it_was(
    settings: Settings, nvr: Path, endless_clip: Path, yard_clip: Path
):
    shutil.copy(endless_clip, nvr)
    small_lots = {"MMRAG_DECODE__QUEUE": "4", "MMRAG_MODEL__BATCH": "4"}
    # As often as by default, so that the decoder is not done when the first frames are written.
    with (
        worker_on(settings, nvr, MMRAG_SAMPLER__INTERVAL="0.5", **small_lots) as worker,
        Archive(settings) as archive,
    ):
        worker.wait_until(lambda: frames_are_written(settings), "frames are written")
        archive.catalog.worker.pause(True)
        worker.wait_until(lambda: archive.catalog.worker.read().activity == "paused", "it is told")
        shutil.copy(yard_clip, nvr)
        worker.wait_until(lambda: counted(archive, JobState.WAITING) == 1, "it still looks")
        assert counted(archive, JobState.RUNNING) == 1
        [decoder] = decoders_of(psutil.Process(worker.process.pid))
        archive.catalog.worker.pause(False)
        worker.wait_until(lambda: counted(archive, JobState.DONE) == 2, "both are done")
        assert not decoder.is_running()
        assert sum("is searchable" in line for line in worker.log) == 2


def test_nothing_is_worked_on_in_quiet_hours(settings: Settings, nvr: Path, yard_clip: Path):
    shutil.copy(yard_clip, nvr)
    with (
        worker_on(settings, nvr, MMRAG_WORKER__QUIET='["00:00-24:00"]') as worker,
        Archive(settings) as archive,
    ):
        worker.wait_until(lambda: counted(archive, JobState.WAITING) == 1, "it is queued")
        worker.wait_until(
            lambda: "quiet hours" in archive.catalog.worker.read().activity, "it says why"
        )
        time.sleep(1)
        assert counted(archive, JobState.WAITING) == 1


@pytest.mark.slow
def test_several_recordings_are_worked_on_at_a_time(
    settings: Settings, nvr: Path, long_clip: Path, yard_clip: Path
):
    for number in range(4):
        # Other bytes, so that each is a recording of its own; what follows the last box is ignored.
        (nvr / f"gate{number}.mp4").write_bytes(long_clip.read_bytes() + bytes(number + 1))
    most = 0
    with (
        worker_on(settings, nvr, MMRAG_WORKER__DECODERS="3") as worker,
        Archive(settings) as archive,
    ):

        def all_are_done() -> bool:
            nonlocal most
            most = max(most, len(decoders_of(psutil.Process(worker.process.pid))))
            return counted(archive, JobState.DONE) == 4

        worker.wait_until(all_are_done, "all are done")
        index = archive.catalog.active_index()
        assert index is not None
        for recording in archive.catalog.recordings():
            run = archive.catalog.complete_run_of(recording.id, index.fingerprint)
            assert run is not None
            assert len(archive.store(index).frames_of_run(run.id)) == run.frames > 0
        assert archive.catalog.unfinished_runs(index.fingerprint) == []
    assert most > 1


def test_a_store_that_is_killed_costs_no_recording_and_no_frame(
    settings: Settings, nvr: Path, endless_clip: Path
):
    settings = with_own_store(settings)
    shutil.copy(endless_clip, nvr)
    with worker_on(settings, nvr) as worker:
        worker.wait_until(lambda: frames_are_written(settings), "frames are written")
        keeper = json.loads((settings.data_dir / "store" / ADDRESS_FILE).read_text())["pid"]
        os.kill(keeper, signal.SIGKILL)
        worker.wait_for("is searchable")
        with Archive(settings) as archive:
            [job] = archive.catalog.jobs.jobs(JobState.DONE)
            assert job.attempts == 0, "it was not the recording's fault"
            index = archive.catalog.active_index()
            assert index is not None
            [recording] = archive.catalog.recordings()
            run = archive.catalog.complete_run_of(recording.id, index.fingerprint)
            assert run is not None
            assert len(archive.store(index).frames_of_run(run.id)) == run.frames


def test_a_source_that_is_added_meanwhile_is_taken_up_with_its_own_rules(
    settings: Settings, nvr: Path, tmp_path: Path, yard_clip: Path
):
    door = tmp_path / "door"
    (door / "old").mkdir(parents=True)
    shutil.copy(yard_clip, door / "yes.mp4")
    shutil.copy(yard_clip, door / "old" / "no.mp4")
    with worker_on(settings, nvr) as worker, Archive(settings) as archive:
        worker.wait_until(lambda: archive.catalog.worker.read().name != "", "it runs")
        source = SourceSettings(
            folder=door, camera="The door", ignore=("old/*",), settle=0, heartbeat=1.0
        )
        archive.catalog.sources.put("door", source)
        worker.wait_for("yes.mp4 is searchable")
        [recording] = archive.catalog.recordings()
        assert recording.camera == "The door"
        index = archive.catalog.active_index()
        assert index is not None
        run = archive.catalog.complete_run_of(recording.id, index.fingerprint)
        assert run is not None
        wanted = settings.sampler_for("The door", source).fingerprint
        assert run.sampler == wanted != settings.sampler_for("The door").fingerprint


def test_a_wrong_setting_ends_it_in_one_sentence(run: Command):
    told = run("work", MMRAG_SOURCES='{"nvr": {"folder": "/x", "cron": "* *"}}')
    assert told.returncode == ExitCode.USAGE
    assert "five fields of a crontab" in told.stderr
    assert "Traceback" not in told.stderr


def test_a_file_of_a_name_that_is_no_text_is_ingested(
    settings: Settings, nvr: Path, yard_clip: Path
):
    stray = os.fsencode(nvr) + b"/gate-\xff.mp4"
    shutil.copy(yard_clip, os.fsdecode(stray))
    with worker_on(settings, nvr) as worker, Archive(settings) as archive:
        worker.wait_until(lambda: counted(archive, JobState.DONE) == 1, "it is done")
