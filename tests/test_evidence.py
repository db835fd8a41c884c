"""Evidence of a case: what is in it, where it came from, what is missing and why."""

import hashlib
import json
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from sqlalchemy import update

from mmrag_video.archive import Archive
from mmrag_video.cases import finding_by_eye
from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.case_records import Case
from mmrag_video.catalog.records import Recording
from mmrag_video.catalog.schema import CaseSpanRow
from mmrag_video.catalog.users import Role, User
from mmrag_video.errors import ExitCode, UsageError
from mmrag_video.evidence import moment_files
from mmrag_video.evidence.making import make_evidence
from mmrag_video.evidence.manifest import source_to_json
from mmrag_video.evidence.order import BlurredRegion, EvidenceOrder, parse_blur
from mmrag_video.evidence.partial import PartialFolder
from mmrag_video.evidence.verifying import verify
from mmrag_video.moments import Span
from mmrag_video.video.blurring import parse_region
from mmrag_video.video.pyav_reader import PyavReader
from mmrag_video.video.wall_clock import UNKNOWN_CLOCK
from tests.conftest import (
    COMMAND,
    Command,
    environment,
    ingest_all,
    passing_block,
    quick_settings,
)
from tests.footage import Encoding, write_pictures

pytestmark = pytest.mark.toy_model
BOB = User("bob", Role.ADMIN)


@pytest.fixture(scope="module")
def recordings(
    opened: Archive, yard_clip: Path, long_clip: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Recording]:
    folder = tmp_path_factory.mktemp("recordings")
    ingest_all(opened, *(Path(shutil.copy(clip, folder)) for clip in (yard_clip, long_clip)))
    return {one.camera: one for one in opened.catalog.recordings()}


@pytest.fixture
def case(opened: Archive, recordings: dict[str, Recording], tmp_path: Path) -> Case:
    """A case of the test's own, with a moment of each camera."""
    cases = opened.catalog.cases
    made = cases.make(f"theft at ../{tmp_path.name}", "bob")
    for camera, start, end in (("yard", 3, 5), ("gate", 4, 6)):
        span = Span(recordings[camera], Fraction(start), Fraction(end))
        finding = finding_by_eye(opened, span)
        cases.add(made.id, [replace(finding, query="a red block")], "bob")
    return made


@pytest.fixture
def put_back(recordings: dict[str, Recording]) -> Iterator[None]:
    """The recordings are as they were when the test is over."""
    kept = {one.path: one.path.read_bytes() for one in recordings.values()}
    yield
    for path, content in kept.items():
        path.write_bytes(content)


def manifest_in(folder: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_bytes())
    return manifest


def test_each_file_and_each_source_is_in_the_manifest_with_its_hash(
    opened: Archive, case: Case, recordings: dict[str, Recording], tmp_path: Path
) -> None:
    opened.catalog.audit.note("bob", Action.SEARCH, {"query": "a red block"})
    opened.catalog.audit.note("bob", Action.SEARCH, {"query": "somebody else's question"})
    made = make_evidence(opened, EvidenceOrder(case, BOB, tmp_path / "out"))
    assert made.path == tmp_path / "out" and made.missing == ()
    manifest = manifest_in(made.path)
    listed = {one["path"]: one for one in manifest["files"]}
    there = {
        path.relative_to(made.path).as_posix(): path
        for path in made.path.rglob("*")
        if path.is_file()
    }
    assert set(there) == {*listed, "manifest.json", "manifest.json.sha256"}
    for name, one in listed.items():
        content = there[name].read_bytes()
        assert (one["size"], one["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert manifest["operator"]["user"] == "bob"
    assert (manifest["case"]["id"], manifest["case"]["name"]) == (case.id, case.name)
    assert manifest["index"]["fingerprint"] == opened.identity.fingerprint
    assert {one["sha256"] for one in manifest["recordings"]} == {
        one.id for one in recordings.values()
    }
    assert all(one["unchanged_since_ingest"] for one in manifest["recordings"])
    [yard] = [one for one in listed.values() if one["kind"] == "clip" and one["camera"] == "yard"]
    assert yard["recording"] == recordings["yard"].id
    assert yard["wall_start"] == "2026-03-01T12:00:03.000+00:00"
    assert (yard["clock_origin"], yard["zone"], yard["start_exact"]) == ("name", "UTC", "3")
    told = json.loads(there["searches.json"].read_bytes())["searches"]
    assert [(one["words"], one["moments"]) for one in told] == [("a red block", [1, 2])]
    assert [one["user"] for one in told[0]["asked"]] == ["bob"]
    audit = there["audit.jsonl"].read_text()
    assert "a red block" in audit and "somebody else" not in audit


def test_clips_are_the_stored_pictures_and_stills_the_best_frames(
    opened: Archive, case: Case, recordings: dict[str, Recording], tmp_path: Path
) -> None:
    order = EvidenceOrder(case, BOB, tmp_path / "out", before=Fraction(1, 2))
    made = make_evidence(opened, order)
    for one in manifest_in(made.path)["files"]:
        if one["kind"] == "clip":
            source = recordings[one["camera"]].path
            with av.open(str(source)) as whole, av.open(str(made.path / one["path"])) as part:
                stored = {bytes(packet) for packet in whole.demux(video=0)}
                assert all(bytes(packet) in stored for packet in part.demux(video=0))
            shown = PyavReader(source).frame_at(Fraction(one["start_exact"])).image
            later = Fraction(one["start_exact"]) - Fraction(one["first_frame_exact"])
            copied = PyavReader(made.path / one["path"]).frame_at(later).image
            assert np.array_equal(shown, copied)
        elif one["kind"] == "still":
            source = recordings[one["camera"]].path
            shown = PyavReader(source).frame_at(Fraction(one["start_exact"])).image
            from mmrag_video.archive import load_picture

            assert np.array_equal(load_picture(made.path / one["path"]), shown)


def test_what_is_gone_changed_or_past_the_end_is_said_and_the_rest_goes_on(
    opened: Archive,
    case: Case,
    recordings: dict[str, Recording],
    put_back: None,
    tmp_path: Path,
) -> None:
    yard = recordings["yard"].path
    content = bytearray(yard.read_bytes())
    content[len(content) // 2] ^= 1  # of the same size: only its hash tells
    yard.write_bytes(content)
    made = make_evidence(opened, EvidenceOrder(case, BOB, tmp_path / "out"))
    [missing] = made.missing
    assert missing.what == "moment 1" and "its SHA-256 is another" in missing.why
    manifest = manifest_in(made.path)
    assert [one["recording"] for one in manifest["missing"]] == [recordings["yard"].id]
    assert {one.get("camera") for one in manifest["files"]} == {None, "gate"}
    states = {one["camera"]: one["unchanged_since_ingest"] for one in manifest["recordings"]}
    assert states == {"yard": False, "gate": True}
    report = (made.path / "report.html").read_text()
    assert "SHA-256 is another" in report
    # The moment that is there has the number of the case wherever it is told.
    assert {one["moment"] for one in manifest["files"] if "moment" in one} == {2}
    assert re.findall(r"<h2[^>]*>(\d+)\. ", report) == ["2"]
    moments = json.loads((made.path / "moments.json").read_bytes())["moments"]
    assert [(one["number"], one["camera"]) for one in moments] == [(2, "gate")]
    assert json.loads((made.path / "searches.json").read_bytes())["searches"][0]["moments"] == [
        1,
        2,
    ]
    verdict = verify(made.path)
    assert verdict.problems == () and "SHA-256 is another" in verdict.never_there[0]

    yard.unlink()
    recordings["gate"].path.unlink()
    made = make_evidence(opened, EvidenceOrder(case, BOB, tmp_path / "none"))
    assert [one.what for one in made.missing] == ["moment 1", "moment 2"]
    assert verify(made.path).problems == ()


@pytest.mark.parametrize("when", ["moment 1", "moment 2"])
def test_what_changes_after_it_was_read_through_is_not_exported_as_unchanged(
    opened: Archive,
    case: Case,
    recordings: dict[str, Recording],
    put_back: None,
    tmp_path: Path,
    when: str,
) -> None:
    _, second = opened.catalog.cases.moments(case.id)
    yard = recordings["yard"].path

    def swap(what: str, done: int, total: int) -> None:
        """Before the first piece is made of it, or after the last one."""
        if what == when:
            yard.write_bytes(recordings["gate"].path.read_bytes())

    made = make_evidence(opened, EvidenceOrder(case, BOB, tmp_path / "out"), swap)
    assert {one.recording for one in made.missing} == {recordings["yard"].id}
    assert all("changed since it was read through" in one.why for one in made.missing)
    what = {one.what.partition("/")[0] for one in made.missing}
    assert what == {"moment 1", "clips", "stills"}
    assert made.moments == (second.id,)
    manifest = manifest_in(made.path)
    assert {one.get("camera") for one in manifest["files"]} == {None, "gate"}
    states = {one["camera"]: one["unchanged_since_ingest"] for one in manifest["recordings"]}
    assert states == {"yard": False, "gate": True}
    assert verify(made.path).problems == ()


def test_a_piece_of_another_file_is_not_gone_on_with(
    opened: Archive, case: Case, recordings: dict[str, Recording], put_back: None, tmp_path: Path
) -> None:
    yard, kept = recordings["yard"].path, tmp_path / "kept.mp4"
    order = EvidenceOrder(case, BOB, tmp_path / "out")

    def swap(what: str, done: int, total: int) -> None:
        if what == "moment 1":
            yard.rename(kept)
            shutil.copy(recordings["gate"].path, yard)
        elif what == "moment 2":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_evidence(opened, order, swap)
    kept.rename(yard)
    made = make_evidence(opened, order)
    assert made.missing == ()
    [clip] = (made.path / "clips").glob("001*")
    with av.open(str(yard)) as whole, av.open(str(clip)) as part:
        stored = {bytes(packet) for packet in whole.demux(video=0)}
        assert all(bytes(packet) in stored for packet in part.demux(video=0))


def test_a_recording_that_is_gone_after_its_last_piece_leaves_its_pieces(
    opened: Archive, case: Case, recordings: dict[str, Recording], put_back: None, tmp_path: Path
) -> None:
    def forget(what: str, done: int, total: int) -> None:
        if what == "moment 2":
            recordings["yard"].path.unlink()

    made = make_evidence(opened, EvidenceOrder(case, BOB, tmp_path / "out"), forget)
    assert made.missing == ()


def test_the_manifest_tells_the_offset_that_was_added_and_not_todays_setting(
    opened: Archive, recordings: dict[str, Recording]
) -> None:
    yard = recordings["yard"]
    noted = replace(yard.clock, note="own name, clock offset +95.5 s added, its time is the end, x")
    unknown = replace(yard, clock=UNKNOWN_CLOCK)
    told = [
        source_to_json(one, "")["clock_offset_s"]
        for one in (yard, replace(yard, clock=noted), unknown)
    ]
    assert told == [0.0, 95.5, None]


def test_a_moment_past_the_end_is_missing_and_the_rest_is_there(
    opened: Archive, case: Case, recordings: dict[str, Recording], tmp_path: Path
) -> None:
    first, second = opened.catalog.cases.moments(case.id)
    with opened.catalog.database.writing() as session:  # nothing else lets it be so
        spans = update(CaseSpanRow).where(CaseSpanRow.moment == second.id)
        session.execute(spans.values(start=Fraction(50), end=Fraction(52)))
    made = make_evidence(opened, EvidenceOrder(case, BOB, tmp_path / "out"))
    [missing] = made.missing
    assert missing.what == "moment 2" and missing.recording == recordings["gate"].id
    assert "begins at 50.000 s, after its end at 14.000 s" in missing.why
    files = manifest_in(made.path)["files"]
    assert {one["moment"] for one in files if "moment" in one} == {1}
    assert made.moments == (first.id,)  # the other is not in it, and so not exported
    assert verify(made.path).never_there == (f"moment 2: {missing.why}",)


def test_pictures_that_no_mp4_takes_are_missing_and_their_still_is_there(
    opened: Archive, tmp_path: Path
) -> None:
    path = tmp_path / "recordings" / "pond.webm"
    path.parent.mkdir()
    write_pictures(path, passing_block(3), Encoding(codec="libvpx", codec_options={}))
    [outcome] = ingest_all(opened, path)
    case = opened.catalog.cases.make(f"pond {tmp_path.name}", "bob")
    span = Span(outcome.recording, Fraction(1), Fraction(2))
    opened.catalog.cases.add(case.id, [finding_by_eye(opened, span)], "bob")
    made = make_evidence(opened, EvidenceOrder(case, BOB, tmp_path / "out"))
    [missing] = made.missing
    assert missing.what.startswith("clips/") and "cannot be put into an MP4" in missing.why
    kinds = [one["kind"] for one in manifest_in(made.path)["files"]]
    assert "still" in kinds and "clip" not in kinds


def test_a_blurred_copy_is_marked_and_stands_beside_the_unaltered_clip(
    opened: Archive, case: Case, tmp_path: Path
) -> None:
    blur = [parse_blur("yard:0.25,0.25 0.75,0.75"), BlurredRegion("hall", parse_region("0,0 1,1"))]
    made = make_evidence(opened, EvidenceOrder(case, BOB, tmp_path / "out", blur=blur))
    files = manifest_in(made.path)["files"]
    [copy] = [one for one in files if one["kind"] == "blurred copy"]
    [clip] = [one for one in files if one["kind"] == "clip" and one["camera"] == "yard"]
    assert copy["original"] == {"path": clip["path"], "sha256": clip["sha256"]}
    assert copy["regions"] == ["0.25,0.25 0.75,0.25 0.75,0.75 0.25,0.75"]
    blurred = PyavReader(made.path / copy["path"])
    start, first = Fraction(copy["start_exact"]), Fraction(clip["first_frame_exact"])
    unaltered = PyavReader(made.path / clip["path"]).frame_at(start - first).image
    shown = blurred.frame_at(Fraction(0)).image
    height, width, _ = shown.shape
    inside = (slice(height // 4 + 4, 3 * height // 4 - 4), slice(width // 4 + 4, width // 2))
    outside = (slice(0, height // 4 - 4), slice(0, width))
    difference = np.abs(shown.astype(int) - unaltered)
    assert difference[outside].mean() < difference[inside].mean()
    # The yard is noise: within a tile nothing of it is left.
    assert shown[inside][:4, :4].std() < unaltered[inside][:4, :4].std() / 2
    for wrong in ("0.1,0.2", "0,0 2,1", "0,0 0,0", "a,b c,d", "0,0 0.5,0 1,0"):
        with pytest.raises(UsageError, match="is no region"):
            parse_region(wrong)


def test_a_zip_holds_the_same_and_no_name_leads_out_of_it(
    opened: Archive, case: Case, tmp_path: Path
) -> None:
    folder = make_evidence(opened, EvidenceOrder(case, BOB, tmp_path / "folder")).path
    packed = make_evidence(opened, EvidenceOrder(case, BOB, tmp_path / "a.zip", is_zip=True)).path
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "folder"]
    with zipfile.ZipFile(packed) as names:
        assert names.testzip() is None
        assert sorted(names.namelist()) == sorted(
            path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
        )
        assert not any(name.startswith("/") or ".." in name for name in names.namelist())
    assert verify(packed).problems == ()
    with pytest.raises(UsageError, match="is there already"):
        make_evidence(opened, EvidenceOrder(case, BOB, packed, is_zip=True))


def test_a_second_run_makes_only_what_is_not_there_or_was_changed(
    opened: Archive, case: Case, tmp_path: Path
) -> None:
    order = EvidenceOrder(case, BOB, tmp_path / "out")

    def stop(what: str, done: int, total: int) -> None:
        if what == "the report":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_evidence(opened, order, stop)
    assert not order.target.exists()
    half = tmp_path / "out.partial"
    assert not list(half.rglob("*.unfinished"))
    clips = sorted((half / "clips").iterdir())
    assert len(clips) == 2
    before = [path.stat().st_ino for path in clips]
    clips[1].write_bytes(b"spoilt")
    (half / "clips" / "stray.mp4").write_bytes(b"of another case")
    made = make_evidence(opened, order)
    after = [path.stat().st_ino for path in sorted((made.path / "clips").iterdir())]
    assert after[0] == before[0] and after[1] != before[1] and len(after) == 2
    assert not half.exists()
    assert verify(made.path).problems == ()


def test_what_is_stopped_while_it_is_packed_is_not_made_again(
    opened: Archive, case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = EvidenceOrder(case, BOB, tmp_path / "out.zip", is_zip=True)

    def stop(what: str, done: int, total: int) -> None:
        if what.startswith("packing") and done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_evidence(opened, order, stop)
    monkeypatch.delattr(moment_files, "copy_cut")
    monkeypatch.delattr(moment_files, "still")
    made = make_evidence(opened, order)
    assert made.missing == () and verify(made.path).problems == ()
    assert made.sha256_of_zip == hashlib.sha256(made.path.read_bytes()).hexdigest()
    assert [path.name for path in tmp_path.iterdir()] == ["out.zip"]


def test_a_disk_that_takes_no_more_is_listed_as_missing_and_the_rest_goes_on(
    opened: Archive, case: Case, tmp_path: Path
) -> None:
    script = f"""
import resource
from pathlib import Path
from mmrag_video.archive import Archive
from mmrag_video.evidence import moment_files
from mmrag_video.evidence.making import make_evidence
from mmrag_video.evidence.manifest import source_to_json
from mmrag_video.catalog.users import LOCAL
from mmrag_video.evidence.order import EvidenceOrder
from mmrag_video.settings import Settings
with Archive(Settings(data_dir=Path({str(opened.directory.root)!r}))) as archive:
    case = archive.catalog.cases.named({case.name!r})
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
    order = EvidenceOrder(case, LOCAL, Path({str(tmp_path / "out")!r}))
    for one in make_evidence(archive, order).missing:
        print(one.why)
"""
    told = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout.count("check the folder and the disk") == 4
    assert len(manifest_in(tmp_path / "out")["missing"]) == 4
    verdict = verify(tmp_path / "out")
    assert verdict.problems == () and len(verdict.never_there) == 4


def test_two_at_a_time_do_not_meet_in_one_folder(
    opened: Archive, case: Case, tmp_path: Path
) -> None:
    with (
        PartialFolder(tmp_path / "out"),
        pytest.raises(UsageError, match="Another process is writing"),
    ):
        make_evidence(opened, EvidenceOrder(case, BOB, tmp_path / "out"))


def test_ctrl_c_leaves_nothing_half_named_and_the_command_goes_on(
    opened: Archive, case: Case, run: Command, tmp_path: Path
) -> None:
    data = opened.directory.root
    target = tmp_path / "out"
    command = ["evidence", case.name, "--to", str(target), "--blur", "0,0 1,1"]
    process = subprocess.Popen(
        [*COMMAND, *command],
        env=environment(quick_settings(data)),
        stderr=subprocess.PIPE,
        text=True,
    )
    half = tmp_path / "out.partial"
    deadline = time.monotonic() + 60
    while not list(half.glob("clips/*.mp4")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == ExitCode.INTERRUPTED, told
    assert "the same command goes on from there" in told
    assert not list(half.rglob("*.unfinished")) and not target.exists()
    again = run(*command, MMRAG_DATA_DIR=str(data))
    assert again.returncode == ExitCode.OK, again.stderr
    assert f"Written: {target}" in again.stderr
    checked = run("verify", target)
    assert checked.returncode == ExitCode.OK and "each as it was written" in checked.stderr
    last = next(opened.catalog.audit.entries(limit=1))
    assert last.action is Action.EXPORT and last.about["title"] == case.name
    assert last.about["manifest"] in again.stderr
