"""Regions that evidence blurs, drawn on the stills of a case or typed: what becomes of them."""

import json
import re
import zipfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect

from mmrag_video.cases import finding_by_eye
from mmrag_video.catalog.case_records import Case
from mmrag_video.catalog.records import Recording
from mmrag_video.catalog.users import Role
from mmrag_video.moments import Span
from mmrag_video.video.blurring import blurred, parse_region
from mmrag_video.video.frames import Image
from mmrag_video.video.pyav_reader import PyavReader
from tests.api_client import api_of, problem
from tests.browser import served
from tests.page_archive import PageArchive, page_archive
from tests.page_client import get, words_of
from tests.people import logged_in, send, with_users
from web.app import create_app
from web.making.shelf import Shelf
from web.ordering import LONGEST_REGION

START = Fraction(2)
INSIDE = (slice(60, 200), slice(70, 155))
"""Of the picture of 320 x 240, a little within 0.2 to 0.5 and 0.2 to 0.9."""
OUTSIDE = (slice(60, 200), slice(0, 60))


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageArchive]:
    """An archive of this file's own, to be written."""
    with page_archive(tmp_path_factory.mktemp("regions")) as opened:
        yield opened


@pytest.fixture(scope="module")
def address(own: PageArchive) -> Iterator[str]:
    with served(own.archive) as running:
        yield running


@pytest.fixture
def theft(own: PageArchive) -> Iterator[Case]:
    """A case with a moment of the yard and one of the gate."""
    cases = own.archive.catalog.cases
    case = cases.make("theft", "ana")
    for recording in (own.yard, own.gate):
        finding = finding_by_eye(own.archive, Span(recording, START, START + 1))
        cases.add(case.id, [finding], "ana")
    yield case
    cases.remove(case.id)


@pytest.fixture
def asker(own: PageArchive) -> FlaskClient:
    return create_app(own.archive).test_client()


def open_form(page: Page, case: Case) -> None:
    page.set_viewport_size({"width": 1440, "height": 1600})
    page.goto(f"/cases/{case.id}")
    page.locator("#summary-evidence").click()


def lines(page: Page) -> list[str]:
    return page.locator("#evidence-blur").input_value().splitlines()


# Drawing


def test_what_is_drawn_with_the_pointer_and_by_keyboard_is_blurred_in_the_bundle(
    page: Page, own: PageArchive, theft: Case, tmp_path: Path
) -> None:
    open_form(page, theft)
    page.get_by_label("Regions, one a line").fill("0.9,0.9 1,1")
    page.get_by_role("button", name="Draw a region").click()
    box = page.locator(".drawing img").bounding_box()
    assert box is not None
    for x, y in ((0.2, 0.2), (0.5, 0.2), (0.5, 0.9), (0.2, 0.9)):
        page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
    page.get_by_role("button", name="Close it").click()
    expect(page.get_by_text("Region 1 · 4 corners")).to_be_visible()
    expect(page.get_by_text("Region of all cameras 1 · 4 corners")).to_be_visible()
    page.get_by_label("Cameras and stills").get_by_role("link", name="Gate").press("Enter")
    expect(page.get_by_role("img", name="A frame of Gate")).to_be_visible()
    expect(page.get_by_text("Region 1 · 4 corners")).to_be_hidden()
    page.get_by_role("button", name="Draw a region").press("Enter")
    for key, times in (("Left", 3), ("Up", 3), (" ", 1), ("Right", 3), (" ", 1)):
        press(page, key, times)
    for key, times in (("Down", 7), (" ", 1), ("Left", 3), (" ", 1)):
        press(page, key, times)
    page.keyboard.press("Enter")
    typed, yards, gates = lines(page)
    assert (typed, gates) == ("0.9,0.9 1,1", "Gate:0.2,0.2 0.5,0.2 0.5,0.9 0.2,0.9")
    drawn = [float(share) for share in re.split("[ ,]", yards.removeprefix("Yard:"))]
    assert drawn == pytest.approx([0.2, 0.2, 0.5, 0.2, 0.5, 0.9, 0.2, 0.9], abs=0.01)
    page.get_by_role("button", name="Make evidence").press("Enter")
    page.wait_for_url(re.compile("/exports"))
    job = Shelf(own.archive.directory.exports).all()[0]
    assert job.order.blur == (typed, yards, gates)
    with page.expect_download() as waiting:
        page.get_by_role("link", name=f"Download export {job.number}").click(timeout=60_000)
    waiting.value.save_as(tmp_path / "theft.zip")
    with zipfile.ZipFile(tmp_path / "theft.zip") as bundle:
        bundle.extractall(tmp_path)
    for recording in (own.yard, own.gate):
        shown, sharp = blurred_copy(tmp_path, recording), frame_of(recording)
        tiled = blurred(sharp, [parse_region("0,0 1,1")])
        assert difference(shown, tiled, INSIDE) < difference(shown, sharp, INSIDE)
        assert difference(shown, sharp, OUTSIDE) < difference(shown, tiled, OUTSIDE)


def press(page: Page, key: str, times: int) -> None:
    for _ in range(times):
        page.keyboard.press(key if key == " " else f"Shift+Arrow{key}")


def blurred_copy(folder: Path, recording: Recording) -> Image:
    files = json.loads((folder / "manifest.json").read_text())["files"]
    [path] = [
        one["path"]
        for one in files
        if one["kind"] == "blurred copy" and one["camera"] == recording.camera
    ]
    return PyavReader(folder / path).frame_at(Fraction(0)).image


def frame_of(recording: Recording) -> Image:
    return PyavReader(recording.path).frame_at(START).image


def difference(one: Image, other: Image, part: tuple[slice, slice]) -> float:
    return float(np.abs(one[part].astype(int) - other[part]).mean())


def test_what_is_typed_is_drawn_and_only_the_line_that_is_drawn_on_changes(
    page: Page, theft: Case
) -> None:
    open_form(page, theft)
    others = ["Gate:0,0 0.5,0.5", "half a line", "0.5,0.5 1,1"]
    typed = [others[0], "Yard:0.20,0.2  0.6,0.6", *others[1:]]
    page.get_by_label("Regions, one a line").fill("\n".join(typed))
    expect(page.get_by_role("button", name=re.compile("^Region.*corner"))).to_have_count(4)
    page.get_by_role("button", name="Region 1, corner 1").press("Shift+ArrowLeft")
    assert lines(page) == [others[0], "Yard:0.1,0.2 0.6,0.2 0.6,0.6 0.2,0.6", *others[1:]]
    page.get_by_role("button", name="Delete region 1").click()
    assert lines(page) == others
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Undo").click()
    assert sorted(lines(page)) == sorted(typed), "as it was typed, to the space"


# Without JavaScript


def test_a_still_of_another_camera_is_chosen_by_a_plain_link(
    own: PageArchive, asker: FlaskClient, theft: Case
) -> None:
    [yards, gates] = own.archive.catalog.cases.moments(theft.id)
    closed = words_of(get(asker, f"/cases/{theft.id}"))
    assert re.search(r'<details id="evidence" class="edit-case">', closed)
    assert f'href="/cases/{theft.id}?still={gates.id}#evidence"' in closed
    opened = words_of(get(asker, f"/cases/{theft.id}?still={gates.id}"))
    assert re.search(r'<details id="evidence" class="edit-case" open>', opened)
    assert 'class="drawing" data-camera="Gate"' in opened
    large = re.findall(r'<img src="(/like\.jpg[^"]+)"', opened)
    assert len(large) == 1 and get(asker, large[0]).mimetype == "image/jpeg"
    with with_users(own.archive, gil=(Role.OPERATOR, ("Gate",)), vic=(Role.VIEWER, ())):
        gils = words_of(get(logged_in(own.archive, "gil"), f"/cases/{theft.id}?still={yards.id}"))
        assert 'data-camera="Gate"' in gils and "Yard" not in gils
        assert 'id="evidence"' not in words_of(
            get(logged_in(own.archive, "vic"), f"/cases/{theft.id}")
        )


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("Yard:0,0 2,1", "Line 3: '0,0 2,1' is no region: give the corners as x,y"),
        ("nowhere:0,0 1,1", "Line 3: There is no camera named 'nowhere'."),
        ("Yard:0,0 1,1" + 500 * " 0,0", "Line 3: A region has at most 1000 characters."),
    ],
)
def test_a_wrong_region_is_told_by_its_line_and_nothing_that_was_typed_is_lost(
    own: PageArchive, asker: FlaskClient, theft: Case, line: str, sentence: str
) -> None:
    shelf = Shelf(own.archive.directory.exports)
    ordered = len(shelf.all())
    typed = f"Yard:0,0 0.5,0.5\n\n{line}"
    fields = {"blur": typed, "handle_before": "1.5", "handle_after": "7"}
    refused = send(asker, f"/cases/{theft.id}/evidence", **fields)
    page = words_of(refused)
    assert refused.status_code == 400 and sentence in page
    assert '<details id="evidence" class="edit-case" open>' in page
    assert f">{typed}</textarea>" in page
    assert 'name="handle_before" value="1.5"' in page and 'name="handle_after" value="7"' in page
    if len(line) <= LONGEST_REGION:  # else it is refused as a field of any request is
        body = {"kind": "evidence", "case": theft.id, "blur": typed.splitlines()}
        told = api_of(own.archive).post("/exports", json=body)
        assert sentence in problem(told, 400) and sentence in told.get_json()["fields"]["blur"]
    assert len(shelf.all()) == ordered
