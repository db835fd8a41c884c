"""What is in a case stays, whatever would let it go, until it is taken out."""

import shutil
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from mmrag_video.archive import Archive
from mmrag_video.cases import collected, finding_by_eye, make_case
from mmrag_video.catalog.case_records import Case
from mmrag_video.catalog.jobs import JobState
from mmrag_video.catalog.records import Recording
from mmrag_video.catalog.writer_lock import writer_lock
from mmrag_video.check import look
from mmrag_video.errors import ExitCode
from mmrag_video.export.export_moment import ExportMoment
from mmrag_video.export.from_case import export_moments
from mmrag_video.letting_go import let_go
from mmrag_video.live_ingest import drop_live, finish_growing, ingest_growing
from mmrag_video.moments import Span
from mmrag_video.reindex import reindex_paths
from mmrag_video.retention import apply, decide
from mmrag_video.settings import RetentionSettings, Settings
from mmrag_video.video.discover import FoundFile
from tests.conftest import RATE, Command, ingest_all, passing_block, variables_of
from tests.footage import write_pictures
from tests.growing import GrowingFile
from tests.shared_servers import shared_store
from tests.worker_process import counted, worker_with

pytestmark = pytest.mark.toy_model

LATER = datetime.now(UTC) + timedelta(days=9000)


def collect(archive: Archive, recording: Recording, start: int = 2, end: int = 4) -> Case:
    """A case of its own for a part of a recording."""
    case = make_case(archive, f"case of {recording.id}", "ana")
    span = Span(recording, Fraction(start), Fraction(end))
    archive.catalog.cases.add(case.id, [finding_by_eye(archive, span)], "ana")
    return case


def exported_of(archive: Archive, case: Case) -> list[ExportMoment]:
    """The moments of a case as an export takes them."""
    moments, missing = export_moments(collected(archive, archive.catalog.cases.moments(case.id)))
    assert missing == []
    return moments


def by_camera(archive: Archive) -> dict[str, Recording]:
    return {one.camera: one for one in archive.catalog.recordings()}


def clip(path: Path, seconds: int) -> Path:
    write_pictures(path, passing_block(seconds, (160, 120)))
    return path


@pytest.fixture(scope="module")
def yard_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clip(tmp_path_factory.mktemp("yard") / "yard_2026-03-01_12-00-00.mp4", 4)


@pytest.fixture(scope="module")
def gate_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clip(tmp_path_factory.mktemp("gate") / "gate.mp4", 3)


@pytest.fixture
def archive(opened: Archive) -> Archive:
    """The module's, without cases."""
    for case in opened.catalog.cases.all():
        opened.catalog.cases.remove(case.id)
    return opened


@pytest.fixture
def none(archive: Archive) -> Archive:
    """The module's, without recordings."""
    with writer_lock(archive.directory.root):
        let_go(archive, [one.id for one in archive.catalog.recordings()])
    return archive


@pytest.fixture
def two(none: Archive, yard_clip: Path, gate_clip: Path) -> dict[str, Recording]:
    ingest_all(none, yard_clip, gate_clip)
    return by_camera(none)


def test_the_retention_takes_it_when_its_case_is_removed_and_not_before(
    archive: Archive, two: dict[str, Recording]
) -> None:
    case = collect(archive, two["yard"])
    assert {name: one.kept for name, one in by_camera(archive).items()} == {
        "yard": True,
        "gate": False,
    }
    limited = archive.settings.model_copy(update={"retention": RetentionSettings(days=1)})
    with Archive(limited) as retaining, writer_lock(archive.directory.root):
        apply(retaining, decide(retaining, LATER, trust_clock=True))
        assert set(by_camera(archive)) == {"yard"}
        assert let_go(retaining, [two["yard"].id]).stayed == (two["yard"].id,)
        archive.catalog.cases.remove(case.id)
        apply(retaining, decide(retaining, LATER, trust_clock=True))
    assert by_camera(archive) == {}
    assert look(archive) == []


def test_taking_its_last_moment_out_releases_it(
    archive: Archive, two: dict[str, Recording]
) -> None:
    case = collect(archive, two["yard"])
    [moment] = archive.catalog.cases.moments(case.id)
    archive.catalog.cases.remove_moment(moment.id)
    with writer_lock(archive.directory.root):
        assert let_go(archive, [two["yard"].id]).gone == (two["yard"].id,)
        assert archive.catalog.recording(two["yard"].id) is None


def test_forget_says_in_which_case_it_is(
    archive: Archive, two: dict[str, Recording], run: Command
) -> None:
    case = collect(archive, two["yard"])
    archive.catalog.cases.rename(case.id, "theft at the gate")
    data = {"MMRAG_DATA_DIR": str(archive.directory.root)}
    told = run("forget", two["yard"].id, **data)
    assert told.returncode == ExitCode.USAGE
    assert "is in the case 'theft at the gate'; take its moments out" in told.stderr
    assert set(by_camera(archive)) == {"yard", "gate"}
    assert run("cases", "remove", "theft at the gate", **data).returncode == 0
    assert "1 recording forgotten." in run("forget", two["yard"].id, **data).stdout


def test_it_stays_when_its_file_is_overwritten(
    none: Archive, yard_clip: Path, gate_clip: Path, tmp_path: Path
) -> None:
    archive, path = none, Path(shutil.copy(yard_clip, tmp_path / "ring.mp4"))
    ingest_all(archive, path)
    [first] = archive.catalog.recordings()
    case = collect(archive, first)
    shutil.copy(gate_clip, path)
    ingest_all(archive, path)
    assert {one.path for one in archive.catalog.recordings()} == {path}
    assert len(archive.catalog.recordings()) == 2
    [moment] = collected(archive, archive.catalog.cases.moments(case.id))
    assert moment.is_whole and "has changed since it was ingested" in moment.problems[0]
    assert [one.spans[0].recording.id for one in exported_of(archive, case)] == [first.id]


def test_it_stays_when_missing_files_are_given_up(
    none: Archive, yard_clip: Path, tmp_path: Path
) -> None:
    archive, path = none, Path(shutil.copy(yard_clip, tmp_path / "yard.mp4"))
    ingest_all(archive, path)
    collect(archive, *archive.catalog.recordings())
    path.unlink()
    with writer_lock(archive.directory.root):
        list(reindex_paths(archive, [], forget_missing=True))
    assert len(archive.catalog.recordings()) == 1


def test_a_source_that_forgets_what_is_deleted_does_not_forget_it(
    settings: Settings, tmp_path: Path, yard_clip: Path, gate_clip: Path
) -> None:
    nvr = tmp_path / "nvr"
    nvr.mkdir()
    stays, goes = nvr / "yard.mp4", nvr / "gate.mp4"
    shutil.copy(yard_clip, stays)
    shutil.copy(gate_clip, goes)
    clip(nvr / "lobby.mp4", 1)  # a folder with nothing in it is not believed
    with (
        worker_with(settings, {"nvr": {"folder": nvr, "gone": "forget"}}) as worker,
        Archive(settings) as archive,
    ):
        worker.wait_until(lambda: counted(archive, JobState.DONE) == 3, "all are searchable")
        case = collect(archive, by_camera(archive)["yard"])
        stays.unlink()
        goes.unlink()
        worker.wait_for("1 recording let go of")
        worker.wait_until(
            lambda: counted(archive, JobState.GONE) == 1, "the other leaves the queue"
        )
        assert set(by_camera(archive)) == {"yard", "lobby"}
        [moment] = collected(archive, archive.catalog.cases.moments(case.id))
        assert "is not there any more" in moment.problems[0]


@pytest.mark.parametrize("kept", [False, True])
def test_what_is_collected_while_it_grows_is_in_the_case_when_it_is_finished(
    tmp_path: Path, kept: bool
) -> None:
    path = tmp_path / "gate.ts"
    pictures = passing_block(6, (160, 120))
    settings = Settings(data_dir=tmp_path / "data", store=shared_store())
    with Archive(settings) as archive:
        archive.activate(archive.identity)
        growing = GrowingFile(path)
        growing.write(pictures[: 5 * RATE])
        found = FoundFile(path, tmp_path)
        ingest_growing(archive, archive.identity, found)
        [live] = archive.catalog.recordings()
        case = collect(archive, live, 1, 3)
        archive.catalog.holdings.keep([live.id], kept)
        growing.write(pictures[5 * RATE :])
        growing.close()
        finish_growing(archive, archive.identity, found)
        drop_live(archive, path)
        [finished] = archive.catalog.recordings()
        assert not finished.live and finished.id != live.id
        [moment] = exported_of(archive, case)
        assert moment.spans == (Span(finished, Fraction(1), Fraction(3)),)
        assert archive.catalog.live_recordings(path) == []
        archive.catalog.cases.remove(case.id)
        assert [one.kept for one in archive.catalog.recordings()] == [kept]
        assert look(archive) == []


def test_an_export_says_what_is_gone_and_goes_on_with_the_rest(
    archive: Archive, two: dict[str, Recording], run: Command, tmp_path: Path
) -> None:
    case = collect(archive, two["yard"], 0, 1)
    [first] = archive.catalog.cases.moments(case.id)
    seen = finding_by_eye(archive, Span(two["gate"], Fraction(0), Fraction(1)))
    archive.catalog.cases.add(case.id, [seen], "ana")
    archive.catalog.holdings.drop([two["yard"].id])  # as where an older catalog is put back
    every = collected(archive, archive.catalog.cases.moments(case.id))
    assert [one.is_whole for one in every] == [False, True]
    sentence = f"The recording {two['yard'].id[:10]} is no longer in the collection."
    moments, missing = export_moments(every)
    assert [one.camera for one in moments] == ["gate"] and missing == [sentence]
    own = variables_of(archive.settings)
    for format, output in (("json", "-"), ("clip", f"{tmp_path}/clips/"), ("report", "-")):
        told = run("export", "--case", case.name, "--format", format, "--output", output, **own)
        assert told.returncode == ExitCode.SOME_RECORDINGS_FAILED
        assert sentence in told.stderr
        assert format != "report" or sentence in told.stdout
    assert len(list((tmp_path / "clips").iterdir())) == 1
    marks = {one.id: one.exported for one in archive.catalog.cases.moments(case.id)}
    assert marks.pop(first.id) is None and all(marks.values())
