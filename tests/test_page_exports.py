"""What the page makes in the background: clips and evidence, whose they are, what is kept."""

import hashlib
import json
import os
import re
import signal
import subprocess
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from threading import Event

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect

from mmrag_video.cases import finding_by_eye
from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.case_records import Case
from mmrag_video.catalog.users import LOCAL as LOCAL_USER
from mmrag_video.catalog.users import Role
from mmrag_video.evidence.signing import pem_of
from mmrag_video.evidence.verifying import verify
from mmrag_video.moments import Span
from mmrag_video.settings import ExportSettings
from mmrag_video.video.pyav_reader import PyavReader
from tests.api_client import api_of, problem
from tests.browser import served
from tests.conftest import COMMAND, environment
from tests.page_archive import PageArchive, page_archive
from tests.page_client import LOCAL, get, send_local, words_of
from tests.people import log_in, logged_in, send, with_users
from tests.some_exports import write_some_exports
from web.app import create_app
from web.fetches import Fetches
from web.making.job import JobKind, JobOrder, JobState
from web.making.shelf import HeldJob, Shelf

DISPOSITION = "Content-Disposition"
LONG_AGO = datetime(2001, 2, 3, tzinfo=UTC).timestamp()


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageArchive]:
    """An archive of this file's own, to be written."""
    with page_archive(tmp_path_factory.mktemp("exports")) as opened:
        yield opened


@pytest.fixture
def theft(own: PageArchive) -> Iterator[Case]:
    """A case with a moment of the yard and one of the gate."""
    cases = own.archive.catalog.cases
    case = cases.make("theft", "oli")
    for recording in (own.yard, own.gate):
        finding = finding_by_eye(own.archive, Span(recording, Fraction(2), Fraction(4)))
        cases.add(case.id, [replace(finding, query="a box")], "oli")
    yield case
    cases.remove(case.id)


@pytest.fixture
def client(own: PageArchive) -> FlaskClient:
    return create_app(own.archive).test_client()


@contextmanager
def set_to(own: PageArchive, **values: object) -> Iterator[None]:
    """Other settings of exports for a while."""
    usual = own.archive.settings
    own.archive.settings = usual.model_copy(update={"exports": ExportSettings(**values)})
    yield
    own.archive.settings = usual


def shelf_of(own: PageArchive) -> Shelf:
    return Shelf(own.archive.directory.exports)


def newest(own: PageArchive) -> int:
    return shelf_of(own).all()[0].number


def done(own: PageArchive, number: int, state: JobState = JobState.DONE) -> Path:
    """The file of an export, or the folder of one that ended otherwise, when it has ended."""
    until(lambda: not shelf_of(own).job(number).state.is_under_way)
    job = shelf_of(own).job(number)
    assert job.state is state, job
    folder = shelf_of(own).place_of(number)
    return folder / job.made.name if job.made else folder


def until(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + 90
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


# Evidence


@pytest.fixture(scope="module")
def address(own: PageArchive) -> Iterator[str]:
    with served(own.archive) as running:
        yield running


def test_a_visitor_makes_a_bundle_of_a_case_and_it_can_be_verified(
    page: Page, own: PageArchive, theft: Case, tmp_path: Path
) -> None:
    key = Ed25519PrivateKey.generate()
    pem = tmp_path / "key.pem"
    pem.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with set_to(own, sign_key=pem):
        page.goto(f"/cases/{theft.id}")
        page.locator("#summary-evidence").press("Enter")
        expect(page.get_by_text("signed with the key that the settings name")).to_be_visible()
        page.get_by_role("button", name="Make evidence").press("Enter")
        fetch = page.get_by_role("link", name=re.compile("Download export"))
        with page.expect_download() as waiting:
            fetch.first.click(timeout=60_000)  # it appears without a reload
    assert waiting.value.suggested_filename == "theft_evidence.zip"
    saved = tmp_path / "theft.zip"
    waiting.value.save_as(saved)
    verdict = verify(saved, key.public_key())
    assert verdict.problems == () and verdict.never_there == ()
    job = shelf_of(own).all()[0]
    assert verdict.signed_by == job.made.signed_by
    for told in (job.made.sha256, job.made.manifest, job.made.signed_by):
        expect(page.get_by_text(told, exact=True)).to_be_visible()
    private = pem_of(key.public_key()).decode()  # not even the public one is on the page
    assert private not in page.content() and "PRIVATE" not in page.content()
    moments = own.archive.catalog.cases.moments(theft.id)
    assert all(one.exported is not None for one in moments)
    fetched, made = list(own.archive.catalog.audit.entries(limit=2, action=Action.EXPORT))
    assert (made.about["case"], made.about["manifest"]) == ("theft", job.made.manifest)
    assert (fetched.about["what"], fetched.about["sha256"]) == ("fetched", job.made.sha256)
    page.goto(f"/cases/{theft.id}")
    assert page.locator(".mark", has_text="exported").count() == 2


def test_after_a_kill_it_is_interrupted_and_goes_on_with_what_is_there(
    client: FlaskClient, own: PageArchive, theft: Case
) -> None:
    command = [*COMMAND, "page", "--port", "0"]
    env = environment(own.archive.settings, MMRAG_CLOCK__ZONE="Europe/Lisbon")
    process = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    line = next(line for line in process.stderr if "http://" in line)
    there = line.split()[-1].rstrip("/")
    # Whole recordings: their blurred copies take long enough to be caught in the middle.
    order = {"blur": "0,0 1,1", "handle_before": "60", "handle_after": "60"}
    httpx.post(f"{there}/cases/{theft.id}/evidence", data=order)
    number = newest(own)
    folder = shelf_of(own).place_of(number)
    until(lambda: list(folder.glob("*.partial/clips/*.mp4")))
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert "Interrupted" in words_of(get(client, "/exports"))
    assert not list(folder.glob("*.zip")), "nothing half-made has the name"
    [clip] = folder.glob("*.partial/clips/*.mp4")
    os.utime(clip, (LONG_AGO, LONG_AGO))
    assert send_local(client, f"/exports/{number}/resume").status_code == 303
    made = done(own, number)
    assert not clip.parents[1].exists(), "the parts are gone when the zip is there"
    with zipfile.ZipFile(made) as packed:
        [info] = [one for one in packed.infolist() if one.filename == f"clips/{clip.name}"]
        assert info.date_time[0] == 2001, "it is the one that was there"
    assert verify(made).problems == ()


def test_somebody_with_one_camera_takes_what_is_of_it_and_the_rest_is_said(
    own: PageArchive, theft: Case
) -> None:
    catalog = own.archive.catalog
    with with_users(own.archive, gil=(Role.OPERATOR, ("Gate",)), eve=(Role.OPERATOR, ())):
        [yards, gates] = catalog.cases.moments(theft.id)
        hidden = {"case": "theft", "what": "described a moment", "note": "a secret"}
        catalog.audit.note("ana", Action.CHANGE, {**hidden, "moment": yards.id})
        catalog.audit.note("ana", Action.CHANGE, {"case": "theft", "what": "x", "moment": gates.id})
        catalog.audit.note("eve", Action.VIEW, {"recording": own.gate.id})
        gil = logged_in(own.archive, "gil")
        assert send(gil, f"/cases/{theft.id}/evidence").status_code == 303
        with zipfile.ZipFile(done(own, newest(own))) as packed:
            manifest = json.loads(packed.read("manifest.json"))
            told = packed.read("audit.jsonl").decode()
            everything = b"".join(map(packed.read, packed.namelist()))
        [missing] = manifest["missing"]
        assert missing["what"] == "1 moment" and "gil may not see" in missing["why"]
        assert [one["camera"] for one in manifest["recordings"]] == ["Gate"]
        assert own.yard.id.encode() not in everything and "a secret" not in told
        assert f'"moment": {gates.id}' in told and "eve" not in told
        assert "1 moment: They are of cameras" in words_of(get(gil, "/exports"))


def test_what_is_wrong_with_an_order_is_said_on_the_case(
    client: FlaskClient, own: PageArchive, theft: Case
) -> None:
    ordered = len(shelf_of(own).all())
    for fields, words in (
        ({"blur": "nowhere:0,0 1,1"}, "no camera named 'nowhere'"),
        ({"blur": "0,0 2,1"}, "is no region"),
        ({"handle_before": "x"}, "not a number of seconds"),
        ({"handle_after": "3601"}, "at most 3600"),
    ):
        refused = send_local(client, f"/cases/{theft.id}/evidence", **fields)
        assert (refused.status_code, words in words_of(refused)) == (400, True)
    with set_to(own, sign_key=Path("/nowhere/key.pem")):
        refused = send_local(client, f"/cases/{theft.id}/evidence")
        assert "key.pem cannot be read" in words_of(refused)
    with set_to(own, spare_gigabytes=1e6):
        refused = send_local(client, f"/cases/{theft.id}/evidence")
        assert (refused.status_code, "no room" in words_of(refused)) == (503, True)
    assert len(shelf_of(own).all()) == ordered


# Clips


def test_clips_are_of_the_other_cameras_too_and_named_as_is_asked(
    client: FlaskClient, own: PageArchive, theft: Case
) -> None:
    catalog = own.archive.catalog
    catalog.set_clock(own.hostile.id, own.yard.clock)
    fields = {"format": "clip", "all_cameras": "1", "name_template": "{number}"}
    sent = send_local(client, f"/cases/{theft.id}/export", **fields)
    catalog.set_clock(own.hostile.id, own.hostile.clock)
    assert sent.status_code == 303
    job = shelf_of(own).all()[0]
    assert job.order.names == "{number}"
    recordings = [one.spans[0].recording for one in job.order.moments]
    assert recordings == [own.yard.id, own.gate.id, own.hostile.id]
    assert set(job.cameras) == {own.yard.camera, own.gate.camera, own.hostile.camera}
    assert [one.collected is None for one in job.order.moments] == [False, False, True]


def test_one_clip_comes_at_once(client: FlaskClient, own: PageArchive, theft: Case) -> None:
    part = {"recording": own.yard.id, "start": "1.25", "end": "2", "format": "clip-exact"}
    answer = send_local(client, "/export/selected", **part)
    assert (answer.status_code, answer.headers["Location"][-5:]) == (303, "/file")
    clip = get(client, answer.headers["Location"])
    assert clip.mimetype == "video/mp4"
    assert re.search(r"attachment; filename=Yard_20250304-140323\.mp4", clip.headers[DISPOSITION])
    saved = shelf_of(own).place_of(newest(own)) / "again.mp4"
    saved.write_bytes(clip.data)
    shown = PyavReader(own.yard.path).frame_at(Fraction("1.25")).image.astype(int)
    assert abs(PyavReader(saved).frame_at(Fraction(0)).image - shown).mean() < 3
    entry = next(own.archive.catalog.audit.entries(limit=1))
    assert entry.about["what"] == "fetched"
    [first, _] = own.archive.catalog.cases.moments(theft.id)
    fields = {"format": "clip", "moment": str(first.id), "handle_before": "1"}
    answer = send_local(client, f"/cases/{theft.id}/export", **fields)
    assert get(client, answer.headers["Location"]).mimetype == "video/mp4"
    exported = [one.exported for one in own.archive.catalog.cases.moments(theft.id)]
    assert exported[0] is not None and exported[1] is None


def test_several_come_as_a_zip_which_says_what_is_not_in_it(
    client: FlaskClient, own: PageArchive, theft: Case
) -> None:
    away = own.gate.path.rename(own.gate.path.with_suffix(".away"))
    try:
        sent = send_local(client, f"/cases/{theft.id}/export", format="clip")
        assert sent.headers["Location"] == f"/exports#export-{newest(own)}"
        made = done(own, newest(own))
    finally:
        away.rename(own.gate.path)
    with zipfile.ZipFile(made) as packed:
        assert [name[-4:] for name in packed.namelist()] == [".mp4", ".txt"]
        assert b"old.avi is not there any more" in packed.read("problems.txt")
    page = words_of(get(client, "/exports"))
    assert "old.avi is not there any more" in page and "with the keyframe before" in page


def test_what_cannot_be_made_says_why_and_is_tried_again(
    client: FlaskClient, own: PageArchive
) -> None:
    away = own.yard.path.rename(own.yard.path.with_suffix(".away"))
    try:
        part = {"recording": own.yard.id, "start": "1", "end": "2", "format": "clip"}
        assert "#export-" in send_local(client, "/export/selected", **part).headers["Location"]
        number = newest(own)
        done(own, number, JobState.FAILED)
        page = words_of(get(client, "/exports"))
        assert f"{own.yard.path} is not there any more; put it back" in page
        assert f'aria-label="Try again export {number}"' in page
    finally:
        away.rename(own.yard.path)
    send_local(client, f"/exports/{number}/resume")
    assert done(own, number).suffix == ".mp4"


def test_a_search_and_a_selection_are_exported_in_any_format(
    client: FlaskClient, own: PageArchive
) -> None:
    results = get(client, "/?q=a+red+box").get_data(as_text=True)
    ticked = re.findall(r'name="selected" value="([^"]+)"', results)[:2]
    table = send_local(client, "/export/selected", selected=ticked, format="csv")
    assert table.mimetype == "text/csv" and table.data.count(b"a red box") == 2
    send_local(client, "/export/selected", selected=ticked, format="clip")
    assert len(zipfile.ZipFile(done(own, newest(own))).namelist()) == 2
    send_local(client, "/export?q=a+red+box&camera=Yard", format="clip", weak="1")
    assert done(own, newest(own)).suffix == ".mp4"
    looked_at = get(client, "/export?q=a+red+box&format=csv&weak=1")
    assert looked_at.status_code == 405, "no other site exports by a link"


def test_it_is_cancelled_gone_on_with_and_deleted(
    client: FlaskClient, own: PageArchive, theft: Case
) -> None:
    send_local(client, f"/cases/{theft.id}/export", format="clip-exact", handle_after="9")
    number = newest(own)
    until(lambda: shelf_of(own).job(number).state is JobState.RUNNING)
    assert "being made" in words_of(send_local(client, f"/exports/{number}/remove"))
    send_local(client, f"/exports/{number}/cancel")
    folder = done(own, number, JobState.CANCELLED)
    assert not list(folder.glob("*.zip")) and not list(folder.rglob("*.unfinished"))
    assert get(client, f"/exports/{number}/file").status_code == 404
    send_local(client, f"/exports/{number}/resume")
    assert done(own, number).suffix == ".zip"
    assert "made already" in words_of(send_local(client, f"/exports/{number}/resume"))
    assert send_local(client, f"/exports/{number}/remove").status_code == 303
    assert not folder.exists()
    send_local(client, "/export?q=a+red+box&camera=Yard", format="clip", weak="1")
    assert newest(own) == number + 1, "a number is not given twice"
    done(own, newest(own))


def test_a_download_that_broke_off_goes_on_where_it_was(
    client: FlaskClient, address: str, own: PageArchive
) -> None:
    send_local(client, "/export?q=ein+r%C3%B6ter+Kasten&camera=Yard", format="clip", weak="1")
    path = done(own, newest(own))
    content = path.read_bytes()
    there = f"{address}exports/{newest(own)}/file"
    whole = httpx.get(there)
    assert whole.content == content and whole.headers["Accept-Ranges"] == "bytes"
    etag = whole.headers["ETag"]
    rest = httpx.get(there, headers={"Range": "bytes=1000-", "If-Range": etag})
    assert (rest.status_code, rest.content) == (206, content[1000:])
    for answer in (whole, rest):
        assert "ein_r%C3%B6ter_Kasten.mp4" in answer.headers[DISPOSITION]
    middle = httpx.get(there, headers={"Range": "bytes=10-19"})
    assert (middle.status_code, middle.content) == (206, content[10:20])
    other = httpx.get(there, headers={"Range": "bytes=1000-", "If-Range": '"another"'})
    assert (other.status_code, other.content) == (200, content)
    past = httpx.get(there, headers={"Range": f"bytes={len(content)}-"})
    assert past.status_code == 416


def test_a_fetch_is_noted_once_in_whatever_parts_and_again_for_another_login(
    own: PageArchive,
) -> None:
    def fetched() -> list[str]:
        entries = own.archive.catalog.audit.entries(action=Action.EXPORT)
        return [one.user for one in entries if one.about.get("export") == number]

    with with_users(own.archive, oli=(Role.OPERATOR, ())):
        number = write_some_exports(own.archive, "oli")[0]
        app = create_app(own.archive)
        oli, again, ana = (app.test_client() for _ in range(3))
        for one, name in ((oli, "oli"), (again, "oli"), (ana, "ana")):
            log_in(one, name)
        path = f"/exports/{number}/file"
        assert get(oli, path, headers={"Range": "bytes=10-"}).status_code == 416
        assert oli.head(path, base_url=LOCAL).status_code == 200
        assert fetched() == [], "nothing was sent"
        for part in ("bytes=-9", "bytes=1-", "bytes=0-3", "bytes=0-"):
            assert get(oli, path, headers={"Range": part}).status_code == 206
        assert fetched() == ["oli"]
        assert get(again, path, headers={"Range": "bytes=1-"}).data == b"123456789"
        assert get(ana, path).data == b"0123456789"
        assert fetched() == ["ana", "oli", "oli"]


def test_what_was_fetched_is_remembered_for_a_while_and_not_without_end() -> None:
    ana, bob = ("ana", "127.0.0.1", "x"), ("bob", "127.0.0.1", "y")
    few = Fetches(most=2)
    assert [few.begins(one, "a") for one in (ana, bob, ana, bob)] == [True, True, False, False]
    assert few.begins(ana, "b"), "and the oldest is forgotten"
    assert [few.begins(bob, "a"), few.begins(ana, "a")] == [False, True]
    brief = Fetches(together=0)
    assert [brief.begins(ana, "a"), brief.begins(ana, "a")] == [True, True]


def test_a_program_has_evidence_made_and_fetches_it(
    own: PageArchive, theft: Case, tmp_path: Path
) -> None:
    with with_users(own.archive, oli=(Role.OPERATOR, ())):
        oli, ana = api_of(own.archive, "oli"), api_of(own.archive, "ana")
        wrong = {"kind": "evidence", "case": theft.id, "moment": 1}
        assert "whole case" in problem(oli.post("/exports", json=wrong), 400)
        answer = oli.post("/exports", json={"kind": "evidence", "case": theft.id})
        assert answer.status_code == 202
        path = f"/exports/{answer.get_json()['number']}"
        until(lambda: oli.value(path)["state"] not in ("waiting", "running"))
        told = oli.value(path)
        assert (told["state"], told["owner"], told["file"]["left_out"]) == ("done", "oli", [])
        saved = tmp_path / "theft.zip"
        saved.write_bytes(oli.get(f"{path}/file").data)
        assert verify(saved).problems == ()
        assert hashlib.sha256(saved.read_bytes()).hexdigest() == told["file"]["sha256"]
        part = {"recording": own.yard.id, "start": "1", "end": "00:00:02.500"}
        problem(ana.post("/exports", json={"kind": "clip", "case": theft.id, **part}), 400)
        ordered = ana.post("/exports", json={"kind": "clip", **part})
        anas = f"/exports/{ordered.get_json()['number']}"
        problem(oli.get(anas), 404)
        assert [len(one.value("/exports")["exports"]) > 1 for one in (ana, oli)] == [True, False]
        problem(oli.patch(path, json={"cancelled": False}), 400)
        assert oli.delete(path).status_code == 204
        problem(oli.get(path), 404)
        done(own, newest(own))


# Whose it is, and for how long


def test_an_export_is_its_makers_and_the_admins(own: PageArchive, theft: Case) -> None:
    with with_users(own.archive, oli=(Role.OPERATOR, ()), eve=(Role.OPERATOR, ())):
        oli, eve, ana = (logged_in(own.archive, name) for name in ("oli", "eve", "ana"))
        send(oli, f"/cases/{theft.id}/export", format="clip")
        number = newest(own)
        done(own, number)
        path = f"/exports/{number}/file"
        assert [get(one, path).status_code for one in (oli, eve, ana)] == [200, 404, 200]
        for do in ("cancel", "resume", "remove"):
            assert send(eve, f"/exports/{number}/{do}").status_code == 404
        assert f"export-{number}" not in words_of(get(eve, "/exports"))
        assert "by oli" in words_of(get(ana, "/exports"))
        own.archive.catalog.users.change("oli", cameras=["Gate"])
        assert get(oli, path).status_code == 404, "the yard is not theirs any more"
    with with_users(own.archive, oli=(Role.OPERATOR, ())):
        newcomer = logged_in(own.archive, "oli")
        assert get(newcomer, path).status_code == 404, "another had this name then"


def test_it_stays_its_makers_under_their_cameras_new_name(own: PageArchive) -> None:
    renamed = own.archive.catalog.renamed
    with with_users(own.archive, oli=(Role.OPERATOR, ("Yard",))):
        oli = logged_in(own.archive, "oli")
        number = write_some_exports(own.archive, "oli", cameras=("Yard",))[0]
        renamed.rename("Yard", "Back yard")
        assert get(oli, f"/exports/{number}/file").data == b"0123456789"
        assert f"export-{number}" in words_of(get(oli, "/exports"))
        renamed.rename("Back yard", "Yard")


def test_it_is_deleted_when_its_days_have_passed(client: FlaskClient, own: PageArchive) -> None:
    made = {}
    for days in (6, 8):
        send_local(client, "/export?q=a+red+box&camera=Yard", format="clip", weak="1")
        made[days] = done(own, newest(own))
        state = made[days].parent / "job.json"
        told = json.loads(state.read_text())
        told["changed"] = (datetime.now(UTC) - timedelta(days=days)).isoformat()
        state.write_text(json.dumps(told))
    get(create_app(own.archive).test_client(), "/cases")  # any page
    until(lambda: not made[8].parent.exists())
    assert made[6].exists()


def test_nobody_waits_while_old_ones_are_deleted(
    own: PageArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, ended = Event(), Event(), Event()

    def take_long(shelf: Shelf, kept: timedelta) -> None:
        begun.set()
        go_on.wait(60)
        ended.set()

    monkeypatch.setattr(Shelf, "remove_old", take_long)
    asker = create_app(own.archive).test_client()
    for _ in range(2):
        assert get(asker, "/cases").status_code == 200
    assert begun.wait(60) and not ended.is_set()
    go_on.set()


def test_to_go_on_needs_room_as_a_new_one_does(client: FlaskClient, own: PageArchive) -> None:
    shelf = shelf_of(own)

    def put() -> HeldJob:
        order = JobOrder(JobKind.EVIDENCE, "Fire", case=10**9)
        return shelf.put(order, LOCAL_USER.name, "", (), 0)

    stopped = put()
    number = stopped.change(state=JobState.CANCELLED).number
    stopped.let_go()
    with set_to(own, spare_gigabytes=1e6):
        refused = send_local(client, f"/exports/{number}/resume")
        assert (refused.status_code, "no room" in words_of(refused)) == (503, True)
    under_way = [put() for _ in range(20)]
    refused = send_local(client, f"/exports/{number}/resume")
    assert (refused.status_code, "20 exports" in words_of(refused)) == (503, True)
    assert shelf.job(number).state is JobState.CANCELLED
    interrupted = under_way.pop()
    interrupted.let_go()
    for one in (interrupted.read().number, number):
        assert send_local(client, f"/exports/{one}/resume").status_code == 303
        done(own, one, JobState.FAILED)  # there is no such case
    for held in under_way:
        held.let_go()
