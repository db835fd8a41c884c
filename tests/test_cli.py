"""The command line as a person and as a script use it."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from mmrag_video.archive import Archive
from mmrag_video.cli import cli
from mmrag_video.errors import ExitCode
from tests.conftest import COMMAND, Command, environment, quick_settings, variables_of


@pytest.fixture(scope="module")
def yard(yard_archive: Archive) -> dict[str, str]:
    """Variables that point a command to the archive with the yard's recording."""
    return variables_of(yard_archive.settings)


def test_search_prints_when_and_where_and_why(run: Command, yard: dict[str, str]):
    told = run("search", "something red", "--limit", "1", **yard)
    assert "yard" in told.stdout
    assert "00:00:0" in told.stdout
    assert "2026-03-01 12:00:0" in told.stdout
    assert "(name)" in told.stdout, "where the wall-clock time was learned"
    assert any(word in told.stdout for word in ("strong", "possible", "weak"))


def test_search_as_json(run: Command, yard: dict[str, str]):
    answer = json.loads(run("search", "something red", "--json", **yard).stdout)
    assert set(answer) == {"confident", "moments"}
    moment = answer["moments"][0]
    assert moment["camera"] == "yard"
    assert moment["wall_start"].startswith("2026-03-01T12:00:0")
    assert 0 <= moment["spans"][0]["start_s"] < moment["spans"][0]["end_s"] <= 6


def test_nothing_found_has_an_exit_code_of_its_own(run: Command, yard: dict[str, str]):
    nothing = run("search", "a horse", **yard)
    assert nothing.returncode == ExitCode.NO_CONFIDENT_MATCH
    assert "No confident match." in nothing.stderr


@pytest.mark.parametrize(
    ("options", "is_found"),
    [
        (["--camera", "yard"], True),
        (["--from", "2026-03-01"], True),
        (["--from", "2026-03-01T11:00", "--to", "2026-03-01T13:00"], True),
        (["--to", "2026-03-01"], True),
        (["--to", "2026-02-28"], False),
        (["--from", "2026-03-01T12:00:30"], False),
        (["--from", "2026-03-01T13:30+02:00"], True),
        (["--from", "2026-03-01T14:30+02:00"], False),
    ],
)
def test_search_by_camera_and_time(yard: dict[str, str], options: list[str], is_found: bool):
    told = CliRunner().invoke(cli, ["search", "something red", "--json", *options], env=yard)
    assert bool(json.loads(told.stdout)["moments"]) == is_found


def test_search_by_picture_alone_and_with_words(run: Command, yard: dict[str, str], tmp_path: Path):
    picture = tmp_path / "red.png"
    Image.new("RGB", (320, 240), (200, 30, 30)).save(picture)
    assert json.loads(run("search", "--image", picture, "--json", **yard).stdout)["moments"]
    both = run("search", "in the yard", "--image", picture, "--json", **yard)
    assert json.loads(both.stdout)["moments"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["search"], "Say what to look for"),
        (["search", "x", "--camera", "nowhere"], "no camera named 'nowhere'"),
        (["search", "x", "--from", "yesterday-ish"], "is not a time such as"),
        (["search", "x", "--from", "2026-03-02", "--to", "2026-03-01"], "is not before"),
        (["search", "--image", "missing.png"], "missing.png cannot be read"),
        (["ingest"], "Name a file or a folder"),
        (["ingest", ".", "--forget-missing"], "goes with --reindex"),
        (["--settings", "missing.toml", "cameras"], "missing.toml cannot be read"),
        (["evaluate", "missing.json", "--videos", "."], "missing.json cannot be read"),
    ],
)
def test_a_mistake_is_answered_with_one_sentence(
    run: Command, yard: dict[str, str], arguments: list[str], words: str
):
    told = run(*arguments, **yard)
    assert told.returncode in (ExitCode.USAGE, ExitCode.FAILED)
    assert words in told.stderr
    assert "Traceback" not in told.stderr
    assert told.stdout == ""


def test_before_the_first_ingest_commands_say_what_to_do(run: Command):
    for command in (["search", "a person"], ["recordings"], ["cameras"]):
        assert "mmrag-video ingest PATH" in run(*command).stderr


def test_an_index_that_holds_nothing_says_so_whatever_form_the_answer_has(
    run: Command, tmp_path: Path
):
    broken = tmp_path / "broken.mp4"
    broken.write_text("not a video")
    assert run("ingest", broken).returncode == ExitCode.SOME_RECORDINGS_FAILED
    for options in ([], ["--json"]):
        told = run("search", "a person", *options)
        assert told.returncode == ExitCode.NO_CONFIDENT_MATCH
        assert told.stderr == "Nothing has been ingested yet: run `mmrag-video ingest PATH`.\n"
    assert json.loads(told.stdout)["moments"] == []


def words_of_table(table: str) -> str:
    """Without its lines: a long path is told in two."""
    return " ".join(table.split())


def test_a_recording_whose_file_is_gone_or_changed_is_said_to_be(
    run: Command, yard_clip: Path, tmp_path: Path
):
    clip = tmp_path / "nvr" / yard_clip.name
    clip.parent.mkdir()
    shutil.copy(yard_clip, clip)
    assert run("ingest", clip).returncode == ExitCode.OK
    assert "(file" not in run("recordings").stdout
    with clip.open("ab") as file:
        file.write(b"more")
    assert "(file changed)" in words_of_table(run("recordings").stdout)
    clip.unlink()
    listed = run("recordings")
    assert "(file gone)" in words_of_table(listed.stdout)
    assert "put the file back, or ingest it again from where it is now" in listed.stderr
    found = run("search", "something red")
    assert "yard" in found.stdout, "the frames that were kept are found all the same"
    assert found.stderr.count(f"The recording {clip} is not there any more") == 1
    [recording] = json.loads(run("recordings", "--json").stdout)["recordings"]
    moments = json.loads(run("search", "something red", "--json").stdout)["moments"]
    assert recording["file"] == moments[0]["spans"][0]["file"] == "gone"


@pytest.mark.parametrize("command", [[], ["models"]], ids=["all", "models"])
def test_the_help_fits_a_window_of_80_columns_and_cuts_no_sentence(
    run: Command, command: list[str]
):
    helped = run(*command, "--help", COLUMNS="80").stdout
    listed = helped.partition("Commands:\n")[2].splitlines()
    assert listed
    for line in listed:
        assert len(line) <= 80 and line.endswith(".") and not line.endswith("..."), line
        assert re.match(r"  \w+  ", line), "one line for each"


def test_one_of_a_kind_is_not_called_many(run: Command, yard: dict[str, str]):
    findings = json.loads(run("doctor", "--json", **yard).stdout)["findings"]
    [catalog] = [one["detail"] for one in findings if one["subject"] == "catalog"]
    assert catalog == "1 recording of 1 camera"


def test_recordings_and_cameras(run: Command, yard: dict[str, str]):
    [recording] = json.loads(run("recordings", "--json", **yard).stdout)["recordings"]
    assert recording["camera"] == "yard"
    assert recording["wall_start"] == "2026-03-01T12:00:00.000+00:00"
    assert recording["clock_origin"] == "name"
    [camera] = json.loads(run("cameras", "--json", **yard).stdout)["cameras"]
    assert (camera["name"], camera["recordings"], camera["duration_s"]) == ("yard", 1, 6.0)
    assert "yard" in run("cameras", **yard).stdout
    assert "There is no camera named 'x'" in run("recordings", "--camera", "x", **yard).stderr


def test_doctor_finds_everything_well(run: Command, yard: dict[str, str]):
    told = run("doctor", "--json", MMRAG_CLOCK__ZONE="Europe/Lisbon", **yard)
    findings = {one["subject"]: one for one in json.loads(told.stdout)["findings"]}
    assert told.returncode == ExitCode.OK
    for subject in ("packages", "model", "store", "catalog", "time zone", "disk", "index"):
        assert findings[subject]["health"] in ("good", "doubtful"), findings[subject]
    assert "Europe/Lisbon" in findings["time zone"]["detail"]


def test_doctor_says_how_to_mend_what_is_wrong(run: Command):
    told = run("doctor", MMRAG_STORE__URI="http://127.0.0.1:1", MMRAG_MODEL__NAME="nonsense")
    assert told.returncode == ExitCode.FAILED
    assert "There is no model named 'nonsense'" in told.stdout
    assert "Traceback" not in told.stderr


def test_evaluate_measures_an_answer(run: Command, yard_clip: Path, tmp_path: Path):
    import hashlib

    queries = {
        "videos": {
            "yard": {
                "path": yard_clip.name,
                "sha256": hashlib.sha256(yard_clip.read_bytes()).hexdigest(),
            }
        },
        "queries": [
            {
                "id": "q1",
                "text": "anything",
                "matches": [{"video": "yard", "start_s": 0, "end_s": 6}],
                "types": ["object"],
            },
            {"id": "q2", "text": "a horse", "expect_none": True},
        ],
    }
    file = tmp_path / "queries.json"
    file.write_text(json.dumps(queries))
    told = run("evaluate", file, "--videos", yard_clip.parent, "--json")
    assert told.returncode == ExitCode.OK, told.stderr
    result = json.loads(told.stdout)
    metrics = result["metrics"]
    assert metrics["event_recall@1"] == metrics["mrr"] == metrics["map"] == 1.0
    assert metrics["rejection"] == 1.0
    assert metrics["by_language"]["en"]["event_recall@20"] == 1.0
    assert metrics["by_type"]["object"]["mrr"] == 1.0
    assert metrics["intervals"]["mrr"] == [1.0, 1.0]
    assert result["frames_per_hour"] > 0
    assert "95 %" in run("evaluate", file, "--videos", yard_clip.parent).stdout


def test_evaluate_refuses_videos_that_are_not_the_labelled_ones(
    run: Command, yard_clip: Path, tmp_path: Path
):
    file = tmp_path / "queries.json"
    video = {"path": yard_clip.name, "sha256": "0" * 64}
    file.write_text(json.dumps({"videos": {"yard": video}, "queries": []}))
    told = run("evaluate", file, "--videos", yard_clip.parent)
    assert told.returncode == ExitCode.USAGE
    assert "SHA-256 differs" in told.stderr


def test_the_page_says_its_address_and_ends_in_order(tmp_path: Path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [*COMMAND, "page", "--port", str(port)],
        env=environment(quick_settings(tmp_path / "data")),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        address = f"http://127.0.0.1:{port}/"
        assert address.rstrip("/") in process.stderr.readline()
        with urllib.request.urlopen(address, timeout=30) as page:
            assert page.status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == ExitCode.OK
    finally:
        process.kill()
        process.wait()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_data_directory_without_permission_is_named(run: Command, tmp_path: Path):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    told = run("cameras", MMRAG_DATA_DIR=str(locked / "data"))
    assert "set MMRAG_DATA_DIR to a folder you may write to" in told.stderr
