"""`mmrag-video export`: what it writes, where, and what it says."""

import csv
import json
import shutil
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from mmrag_video.archive import Archive
from mmrag_video.catalog.audit import Action
from mmrag_video.errors import ExitCode
from mmrag_video.settings import Settings
from tests.conftest import Command, ingest_all, variables_of


@pytest.fixture(scope="module")
def yard(yard_archive: Archive) -> dict[str, str]:
    return variables_of(yard_archive.settings)


def test_a_search_is_exported_to_standard_output(run: Command, yard: dict[str, str]):
    told = run("export", "something red", "--format", "json", "--weak", **yard)
    assert told.returncode == ExitCode.OK and told.stderr == ""
    answer = json.loads(told.stdout)
    found = json.loads(run("search", "something red", "--json", **yard).stdout)
    assert [one["spans"] for one in answer["moments"]] == [one["spans"] for one in found["moments"]]
    assert answer["moments"]
    assert answer["title"] == "something red"


def test_seconds_before_and_after_are_exact_as_they_are_typed(run: Command, yard: dict[str, str]):
    def span(*handles: str) -> dict[str, str]:
        told = run("export", "something red", "--weak", "--format", "json", *handles, **yard)
        assert told.returncode == ExitCode.OK, told.stderr
        [first, *_] = json.loads(told.stdout)["moments"]
        return first["spans"][0]

    plain, longer = span(), span("--before", "0.2")
    assert Fraction(longer["start_exact"]) == Fraction(plain["start_exact"]) - Fraction(1, 5)
    for wrong in ("3601", "-1", "nan", "two"):
        told = run("export", "something red", "--format", "json", "--before", wrong, **yard)
        assert told.returncode == ExitCode.USAGE
        assert f"--before: '{wrong}' is not a number of seconds" in told.stderr


def test_a_case_is_exported_in_its_order_and_marked(
    run: Command, settings: Settings, yard_clip: Path
):
    own = variables_of(settings)
    with Archive(settings) as archive:
        [ingested] = ingest_all(archive, yard_clip)
        assert ingested.recording is not None
        recording = ingested.recording.id
        assert run("cases", "make", "theft", **own).returncode == ExitCode.OK
        for start, end in (("00:00:02", "00:00:03"), ("00:00:00", "00:00:01")):
            added = run("cases", "add", "theft", recording, start, end, **own)
            assert added.returncode == ExitCode.OK, added.stderr
        told = run("export", "--case", "theft", "--format", "json", **own)
        assert told.returncode == ExitCode.OK, told.stderr
        moments = json.loads(told.stdout)["moments"]
        assert [one["spans"][0]["start_s"] for one in moments] == [2, 0]
        case = archive.catalog.cases.named("theft")
        assert all(one.exported for one in archive.catalog.cases.moments(case.id))
    both = run("export", "a car", "--case", "theft", "--format", "json", **own)
    assert both.returncode == ExitCode.USAGE and "leave words and filters away" in both.stderr
    none = run("export", "--case", "robbery", "--format", "json", **own)
    assert none.returncode == ExitCode.USAGE and "robbery" in none.stderr


def test_weak_moments_are_exported_on_request(run: Command, yard: dict[str, str]):
    nothing = run("export", "a horse", "--format", "csv", **yard)
    assert nothing.returncode == ExitCode.NO_CONFIDENT_MATCH
    assert (nothing.stdout, nothing.stderr) == ("", "No confident match.\n")
    weak = run("export", "a horse", "--format", "csv", "--weak", **yard)
    assert weak.returncode == ExitCode.OK and ",weak," in weak.stdout


def test_a_file_is_written_and_none_is_overwritten(
    run: Command, yard: dict[str, str], tmp_path: Path
):
    target = tmp_path / "out" / "red.edl"
    for _ in range(2):
        told = run(
            "export", "something red", "--format", "edl", "--weak", "--output", target, **yard
        )
        assert told.returncode == ExitCode.OK and told.stdout == ""
    assert sorted(path.name for path in target.parent.iterdir()) == ["red-2.edl", "red.edl"]
    assert told.stderr == f"Written: {target.with_name('red-2.edl')}\n"
    timeline = otio.adapters.read_from_file(str(target), rate=25.0)
    assert len(list(timeline.find_clips())) >= 1


def test_in_a_folder_the_template_names_the_file(
    run: Command, yard: dict[str, str], tmp_path: Path
):
    folder = tmp_path / "out"
    options = ["--format", "csv", "--weak", "--output", f"{folder}/", "--limit", 1]
    assert run("export", "something red", *options, **yard).returncode == ExitCode.OK
    [path] = folder.iterdir()
    assert path.name.startswith("yard_20260301-12000") and path.name.endswith("_something_red.csv")
    told = run("export", "something red", *options, "--name", "{nothing}", **yard)
    assert told.returncode == ExitCode.USAGE and "a field {nothing}" in told.stderr
    hostile = run("export", "something red", *options, "--name", "../../{camera}", **yard)
    assert hostile.returncode == ExitCode.OK
    assert sorted(one.name for one in folder.iterdir()) == sorted([path.name, "yard.csv"])


def test_an_export_is_in_the_audit_log(run: Command, yard_archive: Archive, yard: dict[str, str]):
    run("export", "something red", "--format", "csv", "--weak", **yard)
    entry = next(yard_archive.catalog.audit.entries(limit=1))
    assert entry.action is Action.EXPORT
    assert entry.about["format"] == "csv" and entry.about["title"] == "something red"
    assert len(entry.about["recordings"]) == 1


def test_before_the_first_ingest_it_says_what_to_do(run: Command):
    told = run("export", "something red", "--format", "csv")
    assert told.returncode == ExitCode.NO_CONFIDENT_MATCH
    assert told.stderr == "Nothing has been ingested yet: run `mmrag-video ingest PATH`.\n"


@pytest.fixture
def two(archive: Archive, yard_clip: Path, long_clip: Path, tmp_path: Path) -> list[Path]:
    """Two recordings, ingested."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    paths = [Path(shutil.copy(clip, folder)) for clip in (yard_clip, long_clip)]
    ingest_all(archive, *paths)
    return paths


def test_several_recordings_gone_ones_and_a_folder_that_takes_nothing(
    run: Command, two: list[Path], tmp_path: Path
):
    chapters = ["export", "something red", "--weak", "--format", "vtt"]
    told = run(*chapters)
    assert told.returncode == ExitCode.USAGE
    assert "lie in 2 recordings" in told.stderr and told.stdout == ""
    folder = tmp_path / "chapters"
    told = run(*chapters, "--output", f"{folder}/", "--name", "{recording}")
    assert told.returncode == ExitCode.OK
    assert sorted(one.stem for one in folder.iterdir()) == sorted(one.stem for one in two)

    two[0].unlink()
    with two[1].open("ab") as file:
        file.write(b"x")
    told = run("export", "something red", "--weak", "--format", "csv")
    assert told.returncode == ExitCode.SOME_RECORDINGS_FAILED
    assert f"{two[0]} is not there any more" in told.stderr
    assert f"{two[1]} has changed" in told.stderr
    states = {
        row["file_state"] for row in csv.DictReader(told.stdout.lstrip("\ufeff").splitlines())
    }
    assert states == {"gone", "changed"}
    told = run(
        "export", "something red", "--weak", "--format", "edl", "--output", tmp_path / "none.edl"
    )
    assert told.returncode == ExitCode.SOME_RECORDINGS_FAILED
    assert not (tmp_path / "none.edl").exists()

    (tmp_path / "file").write_text("")
    told = run(
        "export", "something red", "--weak", "--format", "csv", "--output", tmp_path / "file" / "a"
    )
    assert told.returncode == ExitCode.FAILED
    assert "check the folder and the disk" in told.stderr and "Traceback" not in told.stderr
