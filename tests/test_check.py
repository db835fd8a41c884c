"""`check` finds whatever differs between store, catalog, pictures and files, and mends it."""

import filecmp
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from functools import partial
from pathlib import Path

import pytest

from mmrag_video.archive import Archive
from mmrag_video.catalog.jobs import JobState, SeenFile
from mmrag_video.catalog.records import Recording
from mmrag_video.catalog.writer_lock import writer_lock
from mmrag_video.check import Kind, look
from mmrag_video.errors import ExitCode, ModelError
from mmrag_video.index.identity import IndexIdentity
from mmrag_video.index.rows import row_of
from mmrag_video.mending import Mended, mend, mend_all
from mmrag_video.models.base import Embedder, FrameEmbedding, Model, Query, Vector
from mmrag_video.video.clips import UNFINISHED
from mmrag_video.video.sampled import SampledFrame
from tests.conftest import Command, ingest_all

pytestmark = pytest.mark.toy_model


@pytest.fixture
def clip(opened: Archive, yard_clip: Path) -> Path:
    """The recording's file, put back if the test before took it away or changed it."""
    path = opened.directory.root.parent / yard_clip.name
    if not path.exists() or not filecmp.cmp(path, yard_clip, shallow=False):
        shutil.copy(yard_clip, path)
    return path


@pytest.fixture
def whole(opened: Archive, clip: Path) -> Archive:
    """An archive with one recording, in which all agrees."""
    ingest_all(opened, clip)
    with writer_lock(opened.directory.root):
        for difference in look(opened):
            mend(opened, difference)
    assert look(opened) == []
    return opened


@pytest.fixture
def command(opened: Archive, run: Command) -> Command:
    """The command, on that archive."""
    return partial(run, MMRAG_DATA_DIR=str(opened.directory.root))


def identity_of(archive: Archive) -> IndexIdentity:
    identity = archive.active_identity
    assert identity is not None
    return identity


def recording_in(archive: Archive) -> Recording:
    [recording] = archive.catalog.recordings()
    return recording


def pictures_of(archive: Archive) -> list[Path]:
    identity, recording = identity_of(archive), recording_in(archive)
    return sorted(archive.directory.pictures(identity.collection, recording.id).iterdir())


def only_run(archive: Archive) -> int:
    run = archive.catalog.last_complete_run(identity_of(archive).fingerprint)
    assert run is not None
    return run


def found_and_mended(archive: Archive, *kinds: Kind, deep: bool = False) -> None:
    """These kinds are found, are mended, and then nothing differs."""
    assert {one.kind for one in look(archive, deep=deep)} == set(kinds)
    with writer_lock(archive.directory.root):
        for difference in look(archive, deep=deep):
            mended = mend(archive, difference)
            assert mended.is_mended, mended.done
    assert look(archive, deep=deep) == []


def write_copy(archive: Archive, run: int) -> None:
    """The frames of the one recording once more, as if another run had written them."""
    store = archive.store(identity_of(archive))
    store.insert(
        [
            (replace(frame, run=run), vector)
            for frame, vector in store.frames_of_run(only_run(archive))
        ]
    )


def test_frames_of_a_run_that_nobody_knows(whole: Archive) -> None:
    count = whole.store(identity_of(whole)).count()
    write_copy(whole, run=77)
    found_and_mended(whole, Kind.STRAY_FRAMES)
    assert whole.store(identity_of(whole)).count() == count


def test_frames_of_a_run_that_failed(whole: Archive, clip: Path) -> None:
    recording, index = recording_in(whole), identity_of(whole).fingerprint
    failed = whole.catalog.begin_run(clip, recording.id, index, "sampler")
    write_copy(whole, run=failed.id)
    assert look(whole) == [], "while it is running its recording is left out"
    whole.catalog.fail_run(failed, "It failed.")
    whole.catalog.mark_cleared(failed)
    found_and_mended(whole, Kind.STRAY_FRAMES)


def test_frames_that_are_missing_are_made_again(whole: Archive) -> None:
    run, store = only_run(whole), whole.store(identity_of(whole))
    frames = store.frames_of_run(run)
    store.delete_run(run)
    store.insert(frames[:-1])
    found_and_mended(whole, Kind.WRONG_COUNT)
    assert len(pictures_of(whole)) == len(frames)
    assert store.count() == len(frames)


class Failing:
    """An embedder whose server is away."""

    def __init__(self, embedder: Embedder) -> None:
        self.name, self.dimensions = embedder.name, embedder.dimensions
        self.identity = embedder.identity

    def embed_frames(self, frames: Sequence[SampledFrame]) -> list[FrameEmbedding]:
        raise ModelError("The model cannot be reached.")

    def embed_query(self, query: Query) -> Vector:
        raise ModelError("The model cannot be reached.")


def test_a_mend_that_fails_loses_nothing_and_is_made_good_by_the_next(
    whole: Archive, clip: Path
) -> None:
    run, store = only_run(whole), whole.store(identity_of(whole))
    frames = store.frames_of_run(run)
    store.delete_run(run)
    store.insert(frames[:-1])
    recording = recording_in(whole)
    failing = Model(Failing(whole.model.embedder), whole.model.reranker)
    with Archive(whole.settings, failing) as away, writer_lock(whole.directory.root):
        with pytest.raises(ModelError):
            list(mend_all(away))
        assert away.catalog.recordings() == [recording], "it is found as far as it was"
        assert store.count() == len(frames) - 1
    mend_wholly(whole)
    assert recording_in(whole) == recording
    assert store.count() == len(frames)


def test_a_recording_that_several_things_are_wrong_with_is_made_anew_once(whole: Archive) -> None:
    identity, run = identity_of(whole), only_run(whole)
    store = whole.store(identity)
    frames = store.frames_of_run(run)
    store.delete_run(run)
    store.insert(frames[:-2])
    store._write([{**row_of(*frames[0], identity), "key": "another"}])
    assert {one.kind for one in look(whole)} == {Kind.WRONG_COUNT, Kind.TWO_FRAMES}
    assert [one.done for one in mend_wholly(whole)] == [f"ingested again ({len(frames)} frames)"]


def mend_wholly(archive: Archive) -> list[Mended]:
    with writer_lock(archive.directory.root):
        archive.catalog.interrupt_running()
        mended = list(mend_all(archive))
    assert look(archive) == []
    return mended


def test_what_is_half_gone_is_ingested_again_if_its_job_is_done_and_its_file_there(
    whole: Archive, clip: Path
) -> None:
    """As a mend was stopped by earlier versions, after it had given the recording up."""
    recording, identity = recording_in(whole), identity_of(whole)
    done_job(whole, clip, clip.stat().st_size)
    whole.catalog.give_up(recording.id, identity.fingerprint)
    mend_wholly(whole)
    assert recording_in(whole) == recording


def test_frames_that_are_missing_stay_so_without_the_file(whole: Archive, clip: Path) -> None:
    run, store = only_run(whole), whole.store(identity_of(whole))
    frames = store.frames_of_run(run)
    store.delete_run(run)
    store.insert(frames[:-1])
    clip.unlink()
    [wrong] = [one for one in look(whole) if one.kind is Kind.WRONG_COUNT]
    with writer_lock(whole.directory.root):
        mended = mend(whole, wrong)
    assert not mended.is_mended
    assert "is not there any more" in mended.done
    assert store.count() == len(frames) - 1, "what is there is not lost"


def test_a_frame_that_is_there_twice(whole: Archive) -> None:
    identity = identity_of(whole)
    store = whole.store(identity)
    frame, vector = store.frames_of_run(only_run(whole))[0]
    store._write([{**row_of(frame, vector, identity), "key": "another"}])
    found_and_mended(whole, Kind.TWO_FRAMES)


def test_a_recording_that_two_runs_let_be_found(whole: Archive, clip: Path) -> None:
    from sqlalchemy import update

    from mmrag_video.catalog.schema import RunRow

    recording, identity, first = recording_in(whole), identity_of(whole), only_run(whole)
    again = whole.catalog.begin_run(clip, recording.id, identity.fingerprint, "sampler")
    write_copy(whole, run=again.id)
    whole.catalog.complete_run(again, recording, len(pictures_of(whole)))
    with whole.catalog.database.writing() as session:
        session.execute(update(RunRow).where(RunRow.id == first).values(superseded=False))
    found_and_mended(whole, Kind.TWO_RUNS)
    assert only_run(whole) == again.id


def test_pictures_without_a_frame(whole: Archive) -> None:
    before = pictures_of(whole)
    shutil.copy(before[0], before[0].with_name("99-1.jpg"))
    found_and_mended(whole, Kind.STRAY_PICTURES)
    assert pictures_of(whole) == before


def test_frames_without_a_picture(whole: Archive) -> None:
    before = pictures_of(whole)
    sizes = {path: path.stat().st_size for path in before}
    before[0].unlink()
    before[-1].unlink()
    found_and_mended(whole, Kind.MISSING_PICTURES)
    for path, size in sizes.items():
        assert path.stat().st_size == pytest.approx(size, rel=0.3), "the same picture"


def test_pictures_of_recordings_and_indexes_that_nobody_knows(whole: Archive) -> None:
    thumbnails = whole.directory.thumbnails(identity_of(whole).collection)
    for folder in (thumbnails / "ff" / ("f" * 64), whole.directory.thumbnails("frames_old")):
        folder.mkdir(parents=True)
        (folder / "0-1.jpg").touch()
    found_and_mended(whole, Kind.STRAY_FOLDER)


def test_a_clip_that_was_never_finished(whole: Archive) -> None:
    old = whole.clip_cache / f".a.mp4.0{UNFINISHED}"
    new = whole.clip_cache / f".b.mp4.0{UNFINISHED}"
    for path in (old, new):
        path.touch()
    os.utime(old, (0, 0))
    found_and_mended(whole, Kind.LEFTOVER)
    assert new.exists(), "somebody may be writing it"


def test_a_recording_that_was_let_go_of_in_part(whole: Archive) -> None:
    whole.catalog.holdings.hide([recording_in(whole).id])
    found_and_mended(whole, Kind.HALF_GONE, Kind.STRAY_FRAMES, Kind.STRAY_FOLDER)
    assert whole.catalog.holdings.recordings() == []
    assert whole.store(identity_of(whole)).count() == 0


def done_job(archive: Archive, path: Path, size: int) -> None:
    archive.catalog.jobs.add("nvr", [(SeenFile(path, size, 1, datetime.now(UTC)), 0.0)])
    job = archive.catalog.jobs.take("worker")
    assert job is not None
    archive.catalog.jobs.finish(job, 3)


def test_a_job_that_is_done_but_whose_recording_is_unknown(whole: Archive, clip: Path) -> None:
    size = clip.stat().st_size
    done_job(whole, clip, size)
    done_job(whole, clip.with_name("copy.mp4"), size)
    assert look(whole) == [], "a copy has no recording of its own"
    done_job(whole, Path("/nvr/lost.mp4"), size + 1)
    found_and_mended(whole, Kind.LOST_JOB)
    [waiting] = whole.catalog.jobs.jobs(JobState.WAITING)
    assert waiting.file.path == Path("/nvr/lost.mp4")


def test_a_file_of_the_same_size_but_other_content(whole: Archive, clip: Path) -> None:
    content = bytearray(clip.read_bytes())
    content[-1] ^= 1
    modified = clip.stat().st_mtime
    clip.write_bytes(content)
    os.utime(clip, (modified, modified))
    assert look(whole) == []
    found_and_mended(whole, Kind.OTHER_CONTENT, deep=True)


def test_that_a_file_is_gone_is_said_and_is_no_difference(
    whole: Archive, clip: Path, command: Command
) -> None:
    clip.unlink()
    assert [one.kind for one in look(whole)] == [Kind.FILE_GONE]
    told = command("check")
    assert told.returncode == ExitCode.OK
    assert f"{clip} is not there any more" in told.stdout
    assert told.stdout.endswith("All agree.\n")


def test_the_command_says_what_differs_mends_it_and_tells_by_its_exit_code(
    whole: Archive, command: Command
) -> None:
    pictures_of(whole)[0].unlink()
    found = command("check", "--json")
    assert found.returncode == ExitCode.FAILED
    [difference] = json.loads(found.stdout)["differences"]
    assert difference["kind"] == Kind.MISSING_PICTURES
    mended = command("check", "--mend")
    assert (mended.returncode, mended.stderr) == (ExitCode.OK, "")
    assert "made again" in mended.stdout
    assert "1 difference mended, 0 left." in mended.stdout
    assert command("check").stdout == "All agree.\n"


def test_mending_is_refused_while_somebody_writes(whole: Archive, command: Command) -> None:
    with writer_lock(whole.directory.root):
        assert command("check").returncode == ExitCode.OK
        refused = command("check", "--mend")
    assert refused.returncode == ExitCode.FAILED
    assert "is writing to" in refused.stderr


def test_every_row_of_the_store_is_walked_over_once(whole: Archive) -> None:
    store, run = whole.store(identity_of(whole)), only_run(whole)
    expected = sorted((one.recording, one.run, one.time) for one, _ in store.frames_of_run(run))
    assert sorted(store.places()) == expected
    assert all(isinstance(time, Fraction) for _, _, time in expected)
