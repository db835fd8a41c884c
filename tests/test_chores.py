"""Between recordings the worker lets go of what nobody finds and forgets what is gone."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from mmrag_video.archive import Archive
from mmrag_video.catalog.jobs import JobState, SeenFile
from mmrag_video.catalog.schema import RunRow
from mmrag_video.catalog.writer_lock import writer_lock
from mmrag_video.check import look
from mmrag_video.ingest import OutcomeState
from mmrag_video.settings import RetentionSettings, SourceSettings
from tests.conftest import ingest_all
from workers.chores import Chores
from workers.ringing import Ringing

pytestmark = pytest.mark.toy_model


def carry_out(archive: Archive, **sources: SourceSettings) -> None:
    """As the worker does when no recording is at hand."""
    with writer_lock(archive.directory.root):
        Chores(archive, Ringing(archive)).carry_out(sources)


def take(archive: Archive, path: Path) -> None:
    """Ingest a file as one of a source."""
    status = path.stat()
    modified = datetime.fromtimestamp(status.st_mtime, tz=UTC)
    seen = SeenFile(path, status.st_size, status.st_ctime_ns, modified)
    archive.catalog.jobs.add("nvr", [(seen, 0.0)])
    job = archive.catalog.jobs.take("worker")
    assert job is not None
    [outcome] = ingest_all(archive, path)
    if outcome.state is OutcomeState.FAILED:
        archive.catalog.jobs.set_aside(job, outcome.message)
    else:
        archive.catalog.jobs.finish(job, outcome.frames)


def pictures(archive: Archive) -> set[str]:
    """The recordings of which there are some."""
    return {path.parent.name for path in archive.directory.all_thumbnails.glob("**/*.jpg")}


def test_a_file_that_is_overwritten_leaves_nothing_of_what_it_held(
    archive: Archive, yard_clip: Path, long_clip: Path, tmp_path: Path
) -> None:
    path = tmp_path / "gate.mp4"
    for clip in (yard_clip, long_clip):
        shutil.copy(clip, path)
        take(archive, path)
    [last] = archive.catalog.recordings()
    carry_out(archive)
    assert [one.recording for one in archive.catalog.holdings.recordings()] == [last]
    assert pictures(archive) == {last.id}
    assert look(archive) == []
    assert len(archive.catalog.jobs.done_and_not_let_go()) == 1, "what it holds now is wanted"


def test_what_is_kept_stays_though_its_file_is_overwritten(
    archive: Archive, yard_clip: Path, long_clip: Path, tmp_path: Path
) -> None:
    path = Path(shutil.copy(yard_clip, tmp_path / "gate.mp4"))
    take(archive, path)
    [first] = archive.catalog.recordings()
    archive.catalog.holdings.keep([first.id], True)
    shutil.copy(long_clip, path)
    take(archive, path)
    carry_out(archive)
    assert pictures(archive) == {one.id for one in archive.catalog.recordings()}
    assert replace(first, kept=True) in archive.catalog.recordings()


def test_what_is_found_no_more_though_its_file_is_there_is_ingested_again(
    archive: Archive, yard_clip: Path
) -> None:
    take(archive, yard_clip)
    [recording] = archive.catalog.recordings()
    archive.catalog.give_up(recording.id, archive.identity.fingerprint)
    carry_out(archive)
    [waiting] = archive.catalog.jobs.jobs(JobState.WAITING)
    assert waiting.file.path == yard_clip
    assert archive.catalog.recording(recording.id) == recording


def test_that_a_file_failed_is_forgotten_when_it_is_gone(archive: Archive, tmp_path: Path) -> None:
    gone, there = tmp_path / "gone.mp4", tmp_path / "there.mp4"
    for path in (gone, there):
        path.write_text("no video at all")
        take(archive, path)
    gone.unlink()
    archive.catalog.jobs.mark_gone([gone])
    carry_out(archive)
    assert [run.path for run in archive.catalog.failures()] == [there]
    with archive.catalog.database.reading() as session:
        assert list(session.scalars(select(RunRow.path))) == [there]


def test_that_the_age_of_many_is_doubted_is_said_once_with_what_settles_it(
    archive: Archive, yard_clip: Path, caplog: pytest.LogCaptureFixture
) -> None:
    take(archive, yard_clip)
    days = {"retention": RetentionSettings(days=1)}
    with (
        Archive(archive.settings.model_copy(update=days)) as limited,
        writer_lock(limited.directory.root),
    ):
        chores = Chores(limited, Ringing(limited))
        for _ in range(2):
            chores.carry_out({})
    [told] = [one for one in caplog.messages if "by age" in one]
    assert told.startswith("1 recording")
    assert "`mmrag-video forget --due --trust-clock`" in told
    assert len(archive.catalog.recordings()) == 1


def test_a_copy_that_cannot_be_looked_at_is_none_and_stops_no_chores(
    archive: Archive, yard_clip: Path, tmp_path: Path
) -> None:
    nvr = tmp_path / "nvr"
    nvr.mkdir()
    path = Path(shutil.copy(yard_clip, nvr))
    size = path.stat().st_size
    take(archive, path)
    path.unlink()
    archive.catalog.jobs.mark_gone([path])
    # Like a folder that may not be entered, but for root too: the system refuses to look.
    refused = nvr / ("x" * 300) / path.name
    archive.catalog.jobs.add("nvr", [(SeenFile(refused, size, 1, datetime.now(UTC)), 0.0)])
    source = SourceSettings.model_validate({"folder": nvr, "gone": "forget", "settle": 0})
    carry_out(archive, nvr=source)
    assert archive.catalog.recordings() == []
