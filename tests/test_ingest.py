"""Ingest: once is enough, and whatever interrupts it loses nothing and leaves nothing half."""

import itertools
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import psutil
import pytest

from mmrag_video.archive import Archive
from mmrag_video.catalog.records import RunState
from mmrag_video.catalog.writer_lock import writer_lock
from mmrag_video.check import look
from mmrag_video.errors import CatalogError, DecoderError, ExitCode, IndexMismatchError
from mmrag_video.index.frames import FrameFilter
from mmrag_video.index.server import lease_server
from mmrag_video.ingest import OutcomeState, ingest_file, ingest_paths
from mmrag_video.models.base import Query
from mmrag_video.reindex import drop_other_indexes, reindex_paths
from mmrag_video.search import search
from mmrag_video.settings import CameraSettings, SamplerSection, Settings, StoreSettings
from mmrag_video.video.discover import FoundFile
from mmrag_video.video.wall_clock import ClockOrigin
from tests.conftest import COMMAND, Command, environment, ingest_all, toy_settings, with_own_store
from tests.footage import Encoding, cut_short, steadily, write_numbered, write_sound_only

pytestmark = pytest.mark.toy_model
RED_BLOCK = Query(text="something red")


def frames(archive: Archive) -> int:
    identity = archive.active_identity
    return archive.store(identity).count() if identity else 0


def findable(archive: Archive) -> list[str]:
    return [moment.best.recording.path.name for moment in search(archive, RED_BLOCK).moments]


def test_a_recording_becomes_searchable_with_its_camera_its_time_and_its_pictures(
    yard_archive: Archive,
):
    [recording] = yard_archive.catalog.recordings()
    assert recording.camera == "yard"
    assert recording.duration == Fraction(6)
    assert recording.clock.origin is ClockOrigin.NAME
    identity = yard_archive.active_identity
    assert identity is not None
    kept = yard_archive.store(identity).frames_between(recording.id, Fraction(0), Fraction(99))
    assert kept[0].time == 0
    assert kept[-1].valid_until == recording.duration
    for before, after in itertools.pairwise(kept):
        assert before.valid_until == after.time, "every moment is stood for by one frame"
    assert all(yard_archive.thumbnail(recording.id, frame.time).is_file() for frame in kept)


def test_a_second_ingest_does_nothing_twice(archive: Archive, yard_clip: Path):
    [first] = ingest_all(archive, yard_clip)
    once = frames(archive)
    [second] = ingest_all(archive, yard_clip)
    assert (first.state, second.state) == (OutcomeState.ADDED, OutcomeState.KNOWN)
    assert first.frames == once == frames(archive)


def test_a_recording_is_its_content_wherever_it_lies(
    archive: Archive, yard_clip: Path, tmp_path: Path
):
    folder = tmp_path / "nvr"
    folder.mkdir()
    copied = shutil.copy(yard_clip, folder / "old.mp4")
    ingest_all(archive, folder)
    moved = Path(copied).rename(folder / "new.mp4")
    [outcome] = ingest_all(archive, folder)
    assert outcome.state is OutcomeState.KNOWN
    assert [recording.path for recording in archive.catalog.recordings()] == [moved]


def test_a_file_that_was_overwritten_is_found_by_what_it_holds_now(
    archive: Archive, yard_clip: Path, long_clip: Path, tmp_path: Path
):
    clip = Path(shutil.copy(yard_clip, tmp_path / "front.mp4"))
    ingest_all(archive, clip)
    shutil.copy(long_clip, clip)
    [outcome] = ingest_all(archive, clip)
    assert [recording.duration for recording in archive.catalog.recordings()] == [14]
    assert frames(archive) == outcome.frames


def test_two_archives_on_one_server_do_not_meet(
    yard_archive: Archive, settings: Settings, long_clip: Path
):
    server = lease_server(yard_archive.directory.store, linger=0.5)
    with server as lease, Archive(changed(settings, store=StoreSettings(uri=lease.uri))) as other:
        before = frames(yard_archive)
        [outcome] = ingest_all(other, long_clip)
        assert frames(other) == outcome.frames
        assert frames(yard_archive) == before
        assert set(findable(other)) == {"gate.mp4"}


def test_every_kind_of_bad_file_is_one_sentence_and_costs_only_itself(
    archive: Archive, yard_clip: Path, tmp_path: Path
):
    nvr = tmp_path / "nvr"
    (nvr / "folder.mp4").mkdir(parents=True)
    (nvr / "up").symlink_to(nvr)
    (nvr / "loop.mp4").symlink_to(nvr / "loop.mp4")
    (nvr / "empty.mp4").touch()
    write_sound_only(nvr / "sound.mp4")
    (nvr / "half.mp4").write_bytes(yard_clip.read_bytes()[:-20_000])
    os.mkfifo(nvr / "pipe.mp4")
    write_numbered(nvr / "tiny.mkv", steadily(10), Encoding(codec="mpeg4"), size=(16, 16))
    shutil.copy(yard_clip, nvr / "good.mp4")
    outcomes = {one.path.name: one for one in ingest_all(archive, nvr)}
    failed = {name for name, one in outcomes.items() if one.state is OutcomeState.FAILED}
    assert failed == {"loop.mp4", "empty.mp4", "sound.mp4", "half.mp4", "pipe.mp4"}
    assert all(name in outcomes[name].message for name in failed)
    assert {run.path.name for run in archive.catalog.failures()} == failed
    assert outcomes["good.mp4"].state is OutcomeState.ADDED


def test_a_recording_that_is_cut_off_is_searchable_and_says_what_is_missing(
    archive: Archive, tmp_path: Path, run: Command
):
    front = Encoding(container_options={"movflags": "faststart"})
    path = write_numbered(tmp_path / "cut.mp4", steadily(600), front).path
    cut_short(path, 0.5)
    [outcome] = ingest_all(archive, path)
    assert outcome.state is OutcomeState.ADDED
    assert "cut.mp4 is cut off: its container speaks of 00:00:24.000" in outcome.message
    [recording] = archive.catalog.recordings()
    assert 0 < recording.duration < 20
    assert recording.damage in run("recordings").stderr


def test_a_file_that_lies_as_it_did_is_not_read_again(
    archive: Archive, yard_clip: Path, tmp_path: Path
):
    path = Path(shutil.copy(yard_clip, tmp_path / "gate.mp4"))
    ingest_all(archive, path)
    before = path.stat()
    path.write_bytes(bytes(before.st_size))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    [unread] = ingest_all(archive, path)
    assert unread.state is OutcomeState.KNOWN
    path.touch()
    [read] = ingest_all(archive, path)
    assert read.state is OutcomeState.FAILED, "its time has changed, so it is looked into"


def test_a_store_that_was_killed_is_started_again_for_the_next_search(
    settings: Settings, yard_clip: Path
):
    with Archive(with_own_store(settings)) as archive:
        ingest_all(archive, yard_clip)
        found = findable(archive)
        server = json.loads((archive.directory.store / "server.json").read_text())
        keeper = psutil.Process(server["pid"])
        keeper.kill()
        psutil.wait_procs([keeper], timeout=15)
        assert findable(archive) == found != []


def test_what_cannot_be_read_is_told_and_the_rest_goes_on(
    run: Command, yard_clip: Path, tmp_path: Path
):
    folder = tmp_path / "nvr"
    folder.mkdir()
    (folder / "a-empty.mp4").touch()
    (folder / "b-words.mkv").write_text("no video at all")
    shutil.copy(yard_clip, folder / "c-good.mp4")
    outcome = run("ingest", folder)
    assert outcome.returncode == ExitCode.SOME_RECORDINGS_FAILED
    assert outcome.stdout.startswith("1 added")
    assert "2 failed" in outcome.stdout
    told = outcome.stderr.strip().splitlines()
    assert len(told) == 2, "one sentence for each"
    assert "a-empty.mp4" in told[0]
    assert "b-words.mkv" in told[1]
    assert "Traceback" not in outcome.stderr
    listed = run("recordings")
    assert "c-good.mp4" in listed.stdout
    assert "a-empty.mp4" in listed.stderr


@contextmanager
def ingest_under_way(data: Path, clip: Path) -> Iterator[subprocess.Popen[bytes]]:
    """An ingest in a process of its own that has written some frames and will write more."""
    process = subprocess.Popen([*COMMAND, "ingest", str(clip)], env=environment(toy_settings(data)))
    try:
        deadline = time.monotonic() + 60
        while not list(data.glob("thumbnails/**/*.jpg")):
            assert process.poll() is None, "it was not to end by itself"
            assert time.monotonic() < deadline, "it was to write frames"
            time.sleep(0.05)
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    "blow",
    [
        signal.SIGKILL,
        pytest.param(signal.SIGINT, marks=pytest.mark.slow),
        pytest.param(signal.SIGTERM, marks=pytest.mark.slow),
    ],
)
def test_an_ingest_that_is_stopped_can_be_started_again(
    blow: signal.Signals, settings: Settings, long_clip: Path
):
    with ingest_under_way(settings.data_dir, long_clip) as process:
        decoders = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(blow)
        code = process.wait(timeout=30)
    assert code == (-signal.SIGKILL if blow is signal.SIGKILL else ExitCode.INTERRUPTED)
    assert not psutil.wait_procs(decoders, timeout=15)[1], "no decoder and no server is left"
    with Archive(settings) as archive:
        assert findable(archive) == []
        [outcome] = ingest_all(archive, long_clip)
        assert outcome.state is OutcomeState.ADDED
        assert frames(archive) == outcome.frames
        assert set(findable(archive)) == {"gate.mp4"}


def test_a_decoder_that_is_killed_costs_one_recording(
    settings: Settings, long_clip: Path, yard_clip: Path
):
    process = subprocess.Popen(
        [*COMMAND, "ingest", str(long_clip), str(yard_clip)],
        env=environment(settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    _decoder_of(process).kill()
    words, errors = process.communicate(timeout=120)
    assert process.returncode == ExitCode.SOME_RECORDINGS_FAILED
    assert "gate.mp4" in errors
    assert "Traceback" not in errors
    assert "1 added" in words
    with Archive(settings) as archive:
        assert set(findable(archive)) == {yard_clip.name}
        [failed] = archive.catalog.failures()
        assert failed.state is RunState.FAILED
        [outcome] = ingest_all(archive, long_clip)
        assert outcome.state is OutcomeState.ADDED


@pytest.mark.parametrize("end", [DecoderError("It broke off."), KeyboardInterrupt()])
def test_what_breaks_off_leaves_no_pictures_though_nobody_tries_it_again(
    archive: Archive, long_clip: Path, yard_clip: Path, end: BaseException
):
    written: set[Path] = set()

    def break_off(path: Path, done: Fraction, total: Fraction) -> None:
        written.update(pictures(archive))
        if written:
            raise end

    with suppress(KeyboardInterrupt), writer_lock(archive.directory.root):
        list(ingest_paths(archive, [long_clip], break_off))
    assert written
    [added] = ingest_all(archive, yard_clip)
    assert len(list(pictures(archive))) == added.frames
    assert look(archive) == []


def test_what_breaks_off_while_it_is_made_anew_leaves_the_earlier_pictures(
    archive: Archive, yard_clip: Path
):
    ingest_all(archive, yard_clip)
    before = set(pictures(archive))

    def break_off(path: Path, done: Fraction, total: Fraction) -> None:
        if done:
            raise DecoderError("It broke off.")

    file = FoundFile(yard_clip, yard_clip.parent)
    with writer_lock(archive.directory.root):
        outcome = ingest_file(archive, archive.identity, file, break_off, anew=True)
    assert outcome.state is OutcomeState.FAILED
    assert set(pictures(archive)) == before
    assert look(archive) == []


def pictures(archive: Archive) -> Iterator[Path]:
    return archive.directory.all_thumbnails.glob("**/*.jpg")


def _decoder_of(process: subprocess.Popen[str]) -> psutil.Process:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for child in psutil.Process(process.pid).children(recursive=True):
            with suppress(psutil.Error):  # it may just have ended
                if "decoder_child" in " ".join(child.cmdline()):
                    return child
        time.sleep(0.02)
    raise AssertionError("no decoder was started")


def test_two_ingests_do_not_write_at_one_time(archive: Archive, yard_clip: Path):
    with (
        Archive(archive.settings) as other,
        writer_lock(other.directory.root),
        pytest.raises(CatalogError, match=f"process {os.getpid()}"),
    ):
        ingest_all(archive, yard_clip)


def changed(settings: Settings, **values: object) -> Settings:
    return settings.model_copy(update=values)


def test_other_sampler_settings_are_refused_until_the_index_is_made_anew(
    settings: Settings, yard_clip: Path
):
    with Archive(settings) as archive:
        ingest_all(archive, yard_clip)
        before = frames(archive)
    coarse = changed(settings, sampler=SamplerSection(interval=3.0))
    with Archive(coarse) as archive:
        with pytest.raises(IndexMismatchError, match="--reindex"):
            ingest_all(archive, yard_clip)
        assert findable(archive), "the old index still answers"
        [outcome] = reindex_paths(archive, [])
        assert outcome.state is OutcomeState.ADDED
        assert frames(archive) == outcome.frames != before
        assert set(findable(archive)) == {yard_clip.name}


def test_the_old_index_is_there_to_go_back_to_until_it_is_dropped(
    settings: Settings, yard_clip: Path
):
    with Archive(settings) as archive:
        ingest_all(archive, yard_clip)
        old, before = archive.identity, frames(archive)
    coarse = changed(settings, sampler=SamplerSection(interval=3.0))
    with Archive(coarse) as archive:
        list(reindex_paths(archive))
        archive.catalog.note_index(replace(old, sampler="never filled to the end"))
    with Archive(settings) as archive:
        [outcome] = reindex_paths(archive)
        assert outcome.state is OutcomeState.KNOWN, "nothing had to be done for it"
        assert frames(archive) == before
    with Archive(coarse) as archive:
        list(reindex_paths(archive))
        dropped = drop_other_indexes(archive)
        assert {one.sampler for one in dropped} == {old.sampler, "never filled to the end"}
        assert archive.catalog.indexes() == [archive.identity]
        assert not archive.directory.thumbnails(old.collection).exists()
        assert set(findable(archive)) == {yard_clip.name}
        assert drop_other_indexes(archive) == []


def test_a_clock_that_was_set_right_meanwhile_holds_in_the_old_index_too(
    settings: Settings, yard_clip: Path
):
    coarse = changed(settings, sampler=SamplerSection(interval=3.0))
    with Archive(settings) as archive:
        ingest_all(archive, yard_clip)
    with Archive(coarse) as archive:
        list(reindex_paths(archive))
    tokyo = {"yard": CameraSettings(zone="Asia/Tokyo")}
    with Archive(changed(coarse, cameras=tokyo)) as archive:
        ingest_all(archive, yard_clip)
    with Archive(changed(settings, cameras=tokyo)) as archive:
        list(reindex_paths(archive))
        start = datetime(2026, 3, 1, 12, 0, tzinfo=ZoneInfo("Asia/Tokyo"))
        assert not search(archive, RED_BLOCK, FrameFilter(start=start + timedelta(hours=1))).moments
        assert search(archive, RED_BLOCK, FrameFilter(end=start + timedelta(hours=1))).moments


def test_a_new_index_takes_over_by_command_and_the_old_one_goes_when_told(
    run: Command, yard_clip: Path
):
    run("ingest", yard_clip)
    other = {"MMRAG_SAMPLER__INTERVAL": "3"}
    assert run("ingest", yard_clip, **other).returncode == ExitCode.INDEX_MADE_OTHERWISE
    made = run("reindex", **other)
    assert (made.returncode, made.stdout[:7]) == (ExitCode.OK, "1 added")
    assert run("ingest", yard_clip, **other).stdout == "1 already known.\n"
    told = run("reindex", "--drop-old", **other)
    assert told.stdout == "1 already known.\n"
    assert told.stderr.startswith("Dropped: model server")
    assert run("reindex", "--drop-old", **other).stderr == ""


def test_a_cameras_own_settings_make_only_its_recordings_due_again(
    settings: Settings, yard_clip: Path
):
    with Archive(settings) as archive:
        ingest_all(archive, yard_clip)
        before = frames(archive)
    masked = changed(settings, cameras={"yard": CameraSettings(interval=3.0)})
    with Archive(masked) as archive:
        [told] = ingest_all(archive, yard_clip)
        assert told.state is OutcomeState.SAMPLER_CHANGED
        assert "--reindex" in told.message
        assert frames(archive) == before
        [redone] = reindex_paths(archive, [])
        assert redone.state is OutcomeState.ADDED
        assert frames(archive) == redone.frames < before


def test_a_clock_that_is_set_right_reaches_recordings_that_are_known(
    settings: Settings, yard_clip: Path
):
    with Archive(settings) as archive:
        ingest_all(archive, yard_clip)
    tokyo = CameraSettings(zone="Asia/Tokyo", clock_offset=timedelta(seconds=30))
    with Archive(changed(settings, cameras={"yard": tokyo})) as archive:
        [outcome] = ingest_all(archive, yard_clip)
        assert "its start was 2026-03-01 12:00:00+00:00" in outcome.message
        start = datetime(2026, 3, 1, 12, 0, 30, tzinfo=ZoneInfo("Asia/Tokyo"))
        [recording] = archive.catalog.recordings()
        assert recording.clock.start == start
        before = FrameFilter(end=start)
        after = FrameFilter(start=start, end=start + timedelta(seconds=5))
        assert not search(archive, RED_BLOCK, before).moments
        assert search(archive, RED_BLOCK, after).moments
        [again] = ingest_all(archive, yard_clip)
        assert again.message == ""


def test_a_recording_that_is_gone_keeps_the_old_index_in_use(
    settings: Settings, yard_clip: Path, tmp_path: Path
):
    clip = Path(shutil.copy(yard_clip, tmp_path / "gone.mp4"))
    with Archive(settings) as archive:
        ingest_all(archive, clip)
    clip.unlink()
    with Archive(changed(settings, sampler=SamplerSection(interval=3.0))) as archive:
        with pytest.raises(Exception, match="--forget-missing"):
            list(reindex_paths(archive, []))
        assert findable(archive)
        list(reindex_paths(archive, [], forget_missing=True))
        assert not findable(archive)


def test_what_failed_stays_listed_in_a_new_index_until_it_is_given_up(
    settings: Settings, yard_clip: Path, tmp_path: Path
):
    words = tmp_path / "words.mp4"
    words.write_text("no video at all")
    with Archive(settings) as archive:
        ingest_all(archive, yard_clip, words)
    with Archive(changed(settings, sampler=SamplerSection(interval=3.0))) as archive:
        assert OutcomeState.FAILED in {one.state for one in reindex_paths(archive)}
        assert [run.path for run in archive.catalog.failures()] == [words]
        words.unlink()
        states = {one.path: one.state for one in reindex_paths(archive, forget_missing=True)}
        assert states[words] is OutcomeState.FORGOTTEN
        assert archive.catalog.failures() == []


def test_names_may_hold_anything(archive: Archive, yard_clip: Path, tmp_path: Path):
    folder = tmp_path / 'cam "1" or 1==1\n дом'
    folder.mkdir()
    shutil.copy(yard_clip, folder / 'it\'s\n"new".mp4')
    [outcome] = ingest_all(archive, tmp_path / folder.name)
    assert outcome.state is OutcomeState.ADDED
    [camera] = archive.catalog.cameras()
    assert search(archive, RED_BLOCK, FrameFilter(cameras=(camera.name,))).moments
    assert not search(archive, RED_BLOCK, FrameFilter(cameras=('x" or "1" == "1',))).moments


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make a small disk")
def test_a_full_disk_stops_the_ingest_in_words_and_it_goes_on_when_there_is_space(
    run: Command, yard_clip: Path, tmp_path: Path
):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=220k", "tmpfs", disk], check=False
    )
    if mounted.returncode:
        pytest.skip("this machine does not let root mount")
    try:
        full = run("ingest", yard_clip, MMRAG_DATA_DIR=str(disk))
        assert full.returncode == ExitCode.FAILED
        assert "Traceback" not in full.stderr
        assert full.stderr.strip().startswith("Error:")
        subprocess.run(["mount", "-o", "remount,size=200m", disk], check=True)
        again = run("ingest", yard_clip, MMRAG_DATA_DIR=str(disk))
        assert again.returncode == ExitCode.OK, again.stderr
        assert again.stdout.startswith("1 added")
    finally:
        time.sleep(2)  # the server that keeps files open there is about to end
        subprocess.run(["umount", "--lazy", disk], check=True)
