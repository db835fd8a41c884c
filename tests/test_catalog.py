"""The catalog: what it was told comes back exactly, and nothing half ingested is ever found."""

import multiprocessing
import multiprocessing.synchronize
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine

import mmrag_video.catalog
from mmrag_video.catalog.catalog import Catalog
from mmrag_video.catalog.records import IngestRun, Recording, RunState
from mmrag_video.catalog.schema import VERSION, Table
from mmrag_video.catalog.writer_lock import writer_lock
from mmrag_video.errors import CatalogError
from mmrag_video.index.identity import IndexIdentity
from mmrag_video.video.wall_clock import UNKNOWN_CLOCK, Clock, ClockOrigin

IDENTITY = IndexIdentity("basic", 384, {"weights": "2a8d", "Bär": "ü"}, sampler="abc")
INDEX = IDENTITY.fingerprint
OTHER = replace(IDENTITY, model="other")
LISBON = ZoneInfo("Europe/Lisbon")
NOON = datetime(2024, 5, 1, 12, tzinfo=LISBON)
CONTENT = "a" * 64


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog(tmp_path / "catalog.sqlite") as catalog:
        catalog.activate_index(IDENTITY)
        yield catalog


def recording(content: str = CONTENT, camera: str = "Gate 3", **changes: object) -> Recording:
    plain = Recording(
        id=content,
        path=Path(f"/videos/{content[:4]}.mp4"),
        camera=camera,
        size=2**40,
        container="mov,mp4",
        codec="h264",
        width=1920,
        height=1080,
        rotation=90,
        duration=Fraction(100_100, 30_000),
        average_rate=Fraction(30_000, 1001),
        created=None,
        modified=datetime(2026, 3, 1, tzinfo=UTC),
        clock=Clock(NOON, ClockOrigin.NAME, "Reolink SD card name", "Europe/Lisbon"),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def begin(catalog: Catalog, one: Recording, index: str = INDEX) -> IngestRun:
    return catalog.begin_run(one.path, one.id, index, "sampler")


def ingest(catalog: Catalog, one: Recording, index: str = INDEX) -> IngestRun:
    return catalog.complete_run(begin(catalog, one, index), one, frames=7)


def test_a_complete_recording_comes_back_as_it_was(catalog: Catalog) -> None:
    one = recording()
    ingest(catalog, one)
    assert catalog.recording(CONTENT) == one
    assert catalog.recordings() == [one]
    assert catalog.recording("f" * 64) is None


@settings(max_examples=30, deadline=None)
@given(
    name=st.binary(min_size=1, max_size=40).filter(lambda name: not set(name) & {0, ord("/")}),
    camera=st.text(min_size=1, max_size=40),
    duration=st.fractions(min_value=0, max_value=10**6),
    start=st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2100, 1, 1)),
    zone=st.sampled_from(["UTC", "Europe/Lisbon", "Asia/Kathmandu", "America/St_Johns"]),
    fold=st.sampled_from([0, 1]),
)
def test_any_name_fraction_and_time_comes_back_exactly(
    tmp_path_factory: pytest.TempPathFactory,
    name: bytes,
    camera: str,
    duration: Fraction,
    start: datetime,
    zone: str,
    fold: int,
) -> None:
    local = start.replace(tzinfo=ZoneInfo(zone), fold=fold)
    exists = local.astimezone(UTC).astimezone(ZoneInfo(zone))  # skipped hours do not
    one = recording(
        path=Path("/videos") / name.decode(errors="surrogateescape"),
        camera=camera,
        duration=duration,
        average_rate=None,
        created=None,
        modified=datetime(2026, 3, 1, tzinfo=UTC),
        clock=Clock(exists, ClockOrigin.CONTAINER, camera, zone),
    )
    file = tmp_path_factory.mktemp("exact") / "catalog.sqlite"
    with Catalog(file) as catalog:
        catalog.activate_index(IDENTITY)
        ingest(catalog, one)
    with Catalog(file) as catalog:
        (found,) = catalog.recordings()
    assert found == one
    assert found.clock.start is not None
    assert found.clock.start.utcoffset() == exists.utcoffset()


def test_an_unknown_time_stays_unknown(catalog: Catalog) -> None:
    ingest(catalog, recording(clock=UNKNOWN_CLOCK))
    (found,) = catalog.recordings()
    assert found.clock == UNKNOWN_CLOCK
    assert (catalog.cameras()[0].first, catalog.cameras()[0].last) == (None, None)


def test_a_run_is_unfinished_until_it_is_complete(catalog: Catalog) -> None:
    one = recording()
    run = begin(catalog, one)
    assert (run.state, run.recording, run.ended) == (RunState.RUNNING, CONTENT, None)
    assert catalog.unfinished_runs(INDEX) == [run]
    assert catalog.recordings() == []
    assert catalog.complete_run_of(CONTENT, INDEX) is None
    assert catalog.last_complete_run(INDEX) is None

    done = catalog.complete_run(run, one, frames=7)
    assert (done.state, done.frames) == (RunState.COMPLETE, 7)
    assert catalog.unfinished_runs(INDEX) == []
    assert catalog.recordings() == [one]
    assert catalog.complete_run_of(CONTENT, INDEX) == done
    assert catalog.last_complete_run(INDEX) == done.id


@pytest.mark.parametrize("end", ["fail", "interrupt", "kill"])
def test_a_run_that_ended_otherwise_hides_its_frames_until_they_are_cleared(
    catalog: Catalog, end: str
) -> None:
    run = begin(catalog, recording())
    if end == "fail":
        catalog.fail_run(run, "It is damaged.")
    elif end == "interrupt":
        catalog.interrupt_run(run)
    else:
        catalog.mark_cleared(run)  # while it runs it writes on: this must not count
        catalog.interrupt_running()
    (left,) = catalog.unfinished_runs(INDEX)
    assert left.id == run.id
    assert left.state == (RunState.FAILED if end == "fail" else RunState.INTERRUPTED)
    assert catalog.recordings() == []
    catalog.mark_cleared(left)
    assert catalog.unfinished_runs(INDEX) == []


def test_a_run_that_goes_on_stays_hidden_even_if_it_is_marked_as_cleared(catalog: Catalog) -> None:
    run = begin(catalog, recording())
    catalog.mark_cleared(run)
    assert catalog.unfinished_runs(INDEX) == [run]


def test_a_recording_done_again_is_found_as_it_was_until_the_new_run_is_complete(
    catalog: Catalog,
) -> None:
    one = recording()
    first = ingest(catalog, one)
    second = begin(catalog, one)
    assert catalog.complete_run_of(CONTENT, INDEX) == first
    assert [run.id for run in catalog.unfinished_runs(INDEX)] == [second.id]
    done = catalog.complete_run(second, one, frames=9)
    assert catalog.complete_run_of(CONTENT, INDEX) == done
    assert [run.id for run in catalog.unfinished_runs(INDEX)] == [first.id]
    assert catalog.last_complete_run(INDEX) == done.id


def test_a_file_that_was_overwritten_takes_the_place_of_what_was_there(catalog: Catalog) -> None:
    before = recording()
    ingest(catalog, before)
    after = replace(before, id="e" * 64)
    ingest(catalog, after)
    assert catalog.recordings() == [after]
    assert [run.recording for run in catalog.unfinished_runs(INDEX)] == [before.id]


def test_a_recording_that_is_given_up_is_not_found_any_more(catalog: Catalog) -> None:
    one = recording()
    run = ingest(catalog, one)
    catalog.give_up(one.id, INDEX)
    assert catalog.recordings() == []
    assert [left.id for left in catalog.unfinished_runs(INDEX)] == [run.id]


def test_every_catalog_has_a_name_of_its_own_and_keeps_it(tmp_path: Path) -> None:
    names = []
    for file in ("a.sqlite", "b.sqlite", "a.sqlite"):
        with Catalog(tmp_path / file) as catalog:
            names.append(catalog.id)
    assert names[0] == names[2] != names[1]


def test_run_numbers_are_never_used_again(catalog: Catalog) -> None:
    """The frame store may still hold frames of a run that the catalog has forgotten."""
    first = ingest(catalog, recording())
    catalog.forget_index(INDEX)
    assert begin(catalog, recording()).id > first.id


def test_only_the_active_index_is_answered_from(catalog: Catalog) -> None:
    one, two = recording(), recording("b" * 64)
    ingest(catalog, one)
    ingest(catalog, two, OTHER.fingerprint)
    assert catalog.active_index() == IDENTITY
    assert catalog.recordings() == [one]
    assert catalog.recordings(index=OTHER.fingerprint) == [two]

    catalog.activate_index(OTHER)
    assert catalog.active_index() == OTHER
    assert catalog.recordings() == [two]
    assert sorted(index.model for index in catalog.indexes()) == ["basic", "other"]

    catalog.forget_index(INDEX)
    assert catalog.indexes() == [OTHER]
    assert catalog.recordings(index=INDEX) == []


def test_before_the_first_ingest_there_is_nothing(tmp_path: Path) -> None:
    with Catalog(tmp_path / "new" / "catalog.sqlite") as catalog:
        assert catalog.active_index() is None
        assert catalog.recordings() == []
        assert catalog.cameras() == []
        assert catalog.failures() == []


def test_recordings_are_chosen_by_camera_and_id_and_ordered_in_time(catalog: Catalog) -> None:
    late = recording("a" * 64)
    early = recording("b" * 64, clock=replace(late.clock, start=NOON - timedelta(hours=1)))
    elsewhere = recording("c" * 64, camera="Attic")
    for one in (late, early, elsewhere):
        ingest(catalog, one)
    assert catalog.recordings() == [elsewhere, early, late]
    assert catalog.recordings(camera="Gate 3") == [early, late]
    assert catalog.recordings(ids=["c" * 64, "a" * 64]) == [elsewhere, late]
    assert catalog.recordings(ids=[]) == []


def test_a_camera_sums_up_its_recordings(catalog: Catalog) -> None:
    third = Fraction(1, 3)
    ingest(catalog, recording("a" * 64, duration=third))
    ingest(catalog, recording("b" * 64, duration=third, clock=UNKNOWN_CLOCK))
    later = Clock(NOON + timedelta(hours=2), ClockOrigin.NAME, zone="Europe/Lisbon")
    ingest(catalog, recording("c" * 64, duration=Fraction(60), clock=later))
    begin(catalog, recording("d" * 64, camera="Not yet there"))
    (camera,) = catalog.cameras()
    assert (camera.name, camera.recordings) == ("Gate 3", 3)
    assert abs(camera.duration - Fraction(182, 3)) <= 3 * Fraction(1, 2_000_000)
    assert catalog.camera_names() == ["Gate 3"]
    assert camera.first == NOON
    assert camera.last == NOON + timedelta(hours=2, minutes=1)


def test_content_seen_under_another_path_is_the_same_recording(catalog: Catalog) -> None:
    one = recording()
    ingest(catalog, one)
    catalog.move_recording(CONTENT, Path("/elsewhere.mp4"))
    assert catalog.recordings() == [replace(one, path=Path("/elsewhere.mp4"))]


def test_a_clock_can_be_corrected(catalog: Catalog) -> None:
    ingest(catalog, recording())
    clock = Clock(NOON - timedelta(minutes=7), ClockOrigin.CAMERA_PATTERN, "by hand", "UTC")
    catalog.set_clock(CONTENT, clock)
    found = catalog.recording(CONTENT)
    assert found is not None
    assert found.clock == clock
    with pytest.raises(CatalogError, match="knows no recording"):
        catalog.set_clock("f" * 64, clock)


def fail(catalog: Catalog, path: str, why: str) -> None:
    catalog.fail_run(catalog.begin_run(Path(path), None, INDEX, "sampler"), why)


def test_the_last_failure_of_each_file_is_listed_until_it_succeeds(catalog: Catalog) -> None:
    fail(catalog, "/videos/1.mp4", "It is empty.")
    fail(catalog, "/videos/2.mp4", "It holds no picture.")
    fail(catalog, "/videos/1.mp4", "It is cut off.")
    assert [(run.path.name, run.error) for run in catalog.failures()] == [
        ("1.mp4", "It is cut off."),
        ("2.mp4", "It holds no picture."),
    ]
    ingest(catalog, recording(path=Path("/videos/1.mp4")))
    assert [run.path.name for run in catalog.failures()] == ["2.mp4"]
    catalog.move_recording(CONTENT, Path("/videos/2.mp4"))
    assert catalog.failures() == []
    fail(catalog, "/videos/2.mp4", "It is damaged now.")
    assert [run.error for run in catalog.failures()] == ["It is damaged now."]


def test_an_error_that_names_a_file_of_stray_bytes_is_kept_readable(catalog: Catalog) -> None:
    fail(catalog, "/videos/caf\udce9.mp4", "The file caf\udce9.mp4 is empty.")
    (run,) = catalog.failures()
    assert run.path == Path("/videos/caf\udce9.mp4")
    assert run.error == "The file caf\\udce9.mp4 is empty."


def test_completing_is_all_or_nothing(catalog: Catalog) -> None:
    one = recording()
    run = begin(catalog, one)
    with pytest.raises(CatalogError, match="not valid text"):
        catalog.complete_run(run, replace(one, codec="\udce9"), frames=1)
    assert catalog.recording(CONTENT) is None
    assert catalog.unfinished_runs(INDEX) == [run]


# The file


def test_the_migrations_make_exactly_the_tables_of_the_schema(catalog: Catalog) -> None:
    engine = create_engine(f"sqlite:///{catalog.file}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Table.metadata) == []
    engine.dispose()


def test_the_version_is_that_of_the_last_migration() -> None:
    folder = Path(mmrag_video.catalog.__path__[0]) / "migrations"
    config = Config()
    config.set_main_option("script_location", str(folder))
    assert ScriptDirectory.from_config(config).get_current_head() == VERSION


def test_a_catalog_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    file = tmp_path / "catalog.sqlite"
    engine = create_engine(f"sqlite:///{file}")
    config = Config()
    folder = Path(mmrag_video.catalog.__path__[0]) / "migrations"
    config.set_main_option("script_location", str(folder))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql("INSERT INTO camera VALUES ('Gate 3')")
        connection.exec_driver_sql(
            "INSERT INTO recording VALUES (?, ?, '2026-03-01', 'Gate 3', 1, 'mp4', 'h264', 4, 4, 0,"
            " '7/2', NULL, NULL, '2026-03-01', '2026-03-01 12:00:00', 'name', '', 'UTC')",
            (CONTENT, b"/videos/a.mp4"),
        )
    engine.dispose()
    with Catalog(file) as catalog:
        catalog.activate_index(IDENTITY)
        known = catalog.recording(CONTENT)
        assert known is not None
        assert (known.duration, known.damage) == (Fraction(7, 2), "")
        catalog.complete_run(begin(catalog, known), known, frames=1)
        [camera] = catalog.cameras()
        assert camera.duration == Fraction(7, 2)
        assert camera.last == datetime(2026, 3, 1, 12, 0, 3, 500_000, tzinfo=UTC)


def test_a_recording_is_known_by_its_place_only_while_it_lies_there_unchanged(
    catalog: Catalog,
) -> None:
    one = recording()
    ingest(catalog, one)
    assert catalog.unchanged_recording(one.path, one.size, one.modified) == one
    assert catalog.unchanged_recording(one.path, one.size + 1, one.modified) is None
    assert catalog.unchanged_recording(one.path, one.size, one.modified + timedelta(1)) is None
    assert catalog.unchanged_recording(Path("/other.mp4"), one.size, one.modified) is None


def test_opening_a_catalog_that_is_up_to_date_needs_no_alembic(catalog: Catalog) -> None:
    code = f"""
import sys
from pathlib import Path
from mmrag_video.catalog.catalog import Catalog
Catalog(Path({str(catalog.file)!r})).close()
assert "alembic" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_catalog_from_a_newer_program_is_left_alone(catalog: Catalog) -> None:
    catalog.close()
    with sqlite3.connect(catalog.file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0999'")
    with pytest.raises(CatalogError, match=r"newer mmrag-video .*update the program"):
        Catalog(catalog.file)


@pytest.mark.parametrize("content", [b"not a database" * 100, b"\0" * 5000], ids=["text", "zeros"])
def test_a_file_that_is_no_catalog_is_said_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "catalog.sqlite"
    file.write_bytes(content)
    with pytest.raises(CatalogError, match=r"catalog\.sqlite is not a database, or is damaged"):
        Catalog(file)
    assert file.read_bytes() == content


def test_a_damaged_catalog_is_said_in_a_sentence(catalog: Catalog) -> None:
    for number in range(200):
        fail(catalog, f"/videos/{number}.mp4", "x" * 500)
    catalog.close()
    content = bytearray(catalog.file.read_bytes())
    content[8192:] = b"\xff" * (len(content) - 8192)
    catalog.file.write_bytes(content)
    with pytest.raises(CatalogError, match="damaged"), Catalog(catalog.file) as damaged:
        damaged.failures()


def test_a_folder_that_cannot_be_made_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CatalogError, match="cannot be made"):
        Catalog(tmp_path / "file" / "catalog.sqlite")


def test_a_folder_in_the_place_of_the_file_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="cannot be opened"):
        Catalog(tmp_path)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with 1 MB on it, where this user may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if subprocess.run(mounting, capture_output=True, check=False).returncode != 0:
        pytest.skip("this user may not mount a file system")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_is_said_in_a_sentence_and_loses_nothing(small_disk: Path) -> None:
    with Catalog(small_disk / "catalog.sqlite") as catalog:
        catalog.activate_index(IDENTITY)
        one = recording()
        ingest(catalog, one)
        with pytest.raises(CatalogError, match="the disk is full; make room and go on"):
            for number in range(1000):
                fail(catalog, f"/videos/{number}.mp4", "x" * 5000)
        assert catalog.recordings() == [one]


def test_a_disk_that_may_only_be_read_is_said_in_a_sentence(small_disk: Path) -> None:
    file = small_disk / "catalog.sqlite"
    Catalog(file).close()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(CatalogError, match=r"cannot be (opened|written): you may"):
        Catalog(file)


# Several processes


def _ingest_many(file: Path, worker: int, count: int) -> None:
    with Catalog(file) as catalog:
        catalog.activate_index(IDENTITY)
        for number in range(count):
            content = f"{worker:032x}{number:032x}"
            path = Path(f"/videos/{content}.mp4")
            ingest(catalog, recording(content, camera=f"camera {worker}", path=path))


def _read_until(file: Path, count: int) -> None:
    with Catalog(file) as catalog:
        while len(found := catalog.recordings(index=INDEX)) < count:
            assert catalog.last_complete_run(INDEX) or not found
            time.sleep(0.02)


def test_processes_open_a_new_catalog_write_and_read_at_one_time(tmp_path: Path) -> None:
    file = tmp_path / "catalog.sqlite"
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=_ingest_many, args=(file, n, 12)) for n in range(2)]
    workers.append(spawn.Process(target=_read_until, args=(file, 24), daemon=True))
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0] * 3
    with Catalog(file) as catalog:
        assert [camera.recordings for camera in catalog.cameras()] == [12, 12]


def _hold_writer_lock(folder: Path, ready: multiprocessing.synchronize.Event) -> None:
    with writer_lock(folder):
        ready.set()
        multiprocessing.Event().wait()


def test_a_second_ingest_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    ready = spawn.Event()
    holder = spawn.Process(target=_hold_writer_lock, args=(tmp_path, ready))
    holder.start()
    assert ready.wait(60)
    with (
        pytest.raises(CatalogError, match=rf"Another ingest \(process {holder.pid}\)"),
        writer_lock(tmp_path),
    ):
        pass
    holder.kill()
    holder.join()
    with writer_lock(tmp_path):  # a holder that is killed holds nothing
        pass


def test_the_lock_is_let_go_at_the_end_and_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), writer_lock(tmp_path):
        raise ZeroDivisionError
    with writer_lock(tmp_path):
        pass
