"""The cameras' pages: in a real Chromium, and as a browser without JavaScript asks them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect

from mmrag_video.archive import Archive
from mmrag_video.camera_settings import camera_in_force, change_camera
from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.users import Role
from mmrag_video.renaming import carry_out_renames
from mmrag_video.settings import CameraSettings
from tests.api_client import api_of, problem
from tests.browser import NARROW, served
from tests.conftest import ingest_all
from tests.page_client import get, words_of
from tests.people import logged_in, send, with_users
from tests.test_camera_settings import another
from web.app import create_app

STRANGE = "a/b//c?#%2F <b>ü"


@pytest.fixture(scope="module")
def own(opened: Archive, yard_clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """An archive with the cameras yard and STRANGE."""
    folder = tmp_path_factory.mktemp("cameras")
    ingest_all(opened, yard_clip, another(yard_clip, folder / "gate_2026-03-01_02-00-00.mp4"))
    opened.catalog.renamed.rename("gate", STRANGE)
    carry_out_renames(opened)
    return opened


@pytest.fixture(autouse=True)
def nothing_set(opened: Archive) -> Iterator[None]:
    yield
    opened.catalog.camera_settings.change("yard", dict.fromkeys(CameraSettings.model_fields))


@pytest.fixture(scope="module")
def address(own: Archive) -> Iterator[str]:
    with served(own) as running:
        yield running


@pytest.fixture
def asker(own: Archive) -> FlaskClient:
    return create_app(own).test_client()


def settings_of(archive: Archive, camera: str = "yard") -> CameraSettings:
    return camera_in_force(archive.settings, archive.catalog, camera).settings


# Drawing


def click_at(page: Page, *corners: tuple[float, float]) -> None:
    box = page.locator(".drawing img").bounding_box()
    assert box is not None
    for x, y in corners:
        page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])


def test_a_mask_is_drawn_and_movement_under_it_keeps_no_frame_afterwards(
    page: Page, own: Archive, yard_clip: Path, tmp_path: Path
) -> None:
    page.set_viewport_size({"width": 1440, "height": 1400})
    page.goto("/cameras")
    page.get_by_role("link", name="yard", exact=True).click()
    expect(page.get_by_label("Masks")).to_be_hidden()
    page.get_by_role("button", name="Draw a mask").click()
    click_at(page, (0.002, 0.002), (0.998, 0.002), (0.998, 0.998), (0.002, 0.998))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Mask 1 · 4 corners")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").first).to_contain_text("Saved.")
    [mask] = settings_of(own).masks
    assert [(round(x, 1), round(y, 1)) for x, y in mask] == [(0, 0), (1, 0), (1, 1), (0, 1)]
    [outcome] = ingest_all(own, another(yard_clip, tmp_path / "yard_2026-03-02_12-00-00.mp4"))
    index = own.catalog.active_index()
    assert index is not None and outcome.recording is not None
    assert len(own.directory.pictured(index.collection, outcome.recording.id)) == 1


def test_corners_are_dragged_moved_taken_away_and_put_back(page: Page, own: Archive) -> None:
    square = [[0.2, 0.2], [0.6, 0.2], [0.6, 0.6], [0.2, 0.6]]
    change_camera(own.settings, own.catalog, "yard", {"masks": [square]})
    page.goto("/cameras/yard")

    def drawn() -> list[list[list[float]]]:
        text = page.locator("#camera-masks").input_value()
        return json.loads(text) if text else []

    corner = page.get_by_role("button", name="Mask 1, corner 1")
    box, picture = corner.bounding_box(), page.locator(".drawing img").bounding_box()
    assert box is not None and picture is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(picture["x"] + 0.1 * picture["width"], picture["y"] - 50)
    page.mouse.up()
    assert drawn()[0][0] == pytest.approx([0.1, 0], abs=0.01), "at the picture's edge at most"
    corner.press("ArrowDown")
    corner.press("Shift+ArrowRight")
    assert drawn()[0][0] == pytest.approx([0.2, 0.01], abs=0.011)
    corner.press("Delete")
    assert drawn()[0] == square[1:]
    page.get_by_role("button", name="Undo").click()
    assert len(drawn()[0]) == 4
    page.get_by_role("button", name="Delete mask 1").click()
    assert drawn() == []
    for _ in range(9):
        page.locator(".camera-form").press("Control+z")
    assert drawn() == [square]


def test_a_region_is_drawn_by_keyboard_alone(page: Page, own: Archive) -> None:
    page.goto("/cameras/yard")
    page.get_by_role("button", name="Draw the region").press("Enter")
    for keys in (
        ("Shift+ArrowLeft", " "),
        ("Shift+ArrowRight", "Shift+ArrowRight", " "),
        ("Enter",),
        ("ArrowUp", " ", "Backspace", "ArrowDown", "Shift+ArrowUp", " "),
        ("Enter",),
    ):
        for key in keys:
            page.keyboard.press(key)
    expect(page.get_by_text("Region · 3 corners")).to_be_visible()
    page.get_by_role("button", name="Save").press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Saved.")
    assert settings_of(own).region == ((0.4, 0.5), (0.6, 0.5), (0.6, 0.4))
    assert settings_of(own).masks == ()


def test_another_frame_is_drawn_on_and_what_is_drawn_stays(page: Page, own: Archive) -> None:
    page.goto("/cameras/yard")
    picture = page.locator(".drawing img")
    before = picture.get_attribute("src")
    page.get_by_role("button", name="Draw a mask").click()
    click_at(page, (0.1, 0.1), (0.5, 0.1), (0.5, 0.5))
    page.get_by_role("button", name="Close it").click()
    page.get_by_label("Other frames to draw on").get_by_role("link").first.click()
    assert picture.get_attribute("src") != before
    expect(page.get_by_text("Mask 1 · 3 corners")).to_be_visible()


def test_it_fits_a_telephone(page: Page, own: Archive) -> None:
    change_camera(own.settings, own.catalog, "yard", {"masks": "[[[0, 0], [1, 0], [1, 1]]]"})
    page.set_viewport_size(NARROW)
    for path in ("/cameras", "/cameras/yard"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


# Without JavaScript


def form_of(client: FlaskClient, path: str) -> dict[str, str]:
    """What a browser would send if nothing were changed."""
    text = words_of(get(client, path)).partition('class="camera-form"')[2].partition("</form>")[0]
    inputs = re.findall(r'<input id="[^"]+" name="(\w+)" value="([^"]*)"(?![^>]*disabled)', text)
    areas = re.findall(r'<textarea [^>]*name="(\w+)"(?![^>]*disabled)[^>]*>([^<]*)</', text)
    return dict([*inputs, *areas])


def test_the_form_as_it_stands_changes_nothing(own: Archive, asker: FlaskClient) -> None:
    values = {
        "zone": "Europe/Lisbon",
        "clock_offset": 95.5,
        "masks": [[[0, 0], [0.25, 0], [0.25, 0.5]]],
        "region": [[0, 0], [1, 0], [1, 1]],
        "sensitivity": 0.7,
    }
    before = change_camera(own.settings, own.catalog, "yard", values)
    sent = form_of(asker, "/cameras/yard")
    assert len(sent) == 10
    answer = send(asker, "/cameras", camera="yard", **sent)
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/cameras/yard?done=saved"
    assert settings_of(own) == before
    count = len(list(own.catalog.audit.entries()))
    assert send(asker, "/cameras", camera="yard", **sent).status_code == 303
    assert len(list(own.catalog.audit.entries())) == count
    send(asker, "/cameras", camera="yard", **{**sent, "zone": "", "heartbeat": "5"})
    [entry] = [one for one in noted(own) if one.about["what"] == "camera set"]
    assert entry.about["set"] == {"zone": None, "heartbeat": 5.0}
    assert entry.about["was"] == {"zone": "Europe/Lisbon", "heartbeat": None}
    send(asker, "/cameras", camera="yard", **{**sent, "clock_offset": "60"})
    listed = words_of(get(asker, "/audit"))
    assert "clock_offset=60.0" in listed and "clock_offset=95.5" in listed


def noted(archive: Archive) -> list:
    return list(archive.catalog.audit.entries(action=Action.CHANGE, limit=1))


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(
    own: Archive, asker: FlaskClient
) -> None:
    refused = send(asker, "/cameras", camera="yard", masks="[[", zone="Lisbon", keep_days="7")
    assert refused.status_code == 400
    told = words_of(refused)
    assert "'Lisbon' is not an IANA time zone" in told and "it is no JSON such as" in told
    assert "zone: " not in told, "the field stands beside it"
    assert 'value="7"' in told and ">[[</textarea>" in told
    assert settings_of(own).model_fields_set == set()


def test_what_the_settings_file_sets_cannot_be_typed(own: Archive) -> None:
    usual = own.settings
    own.settings = usual.model_copy(update={"cameras": {"yard": CameraSettings(zone="UTC")}})
    try:
        client = create_app(own).test_client()
        text = words_of(get(client, "/cameras/yard"))
        assert re.search(r'name="zone" value="UTC"[^>]* disabled', text)
        assert text.count("From the settings file") == 1
        assert "zone" not in form_of(client, "/cameras/yard")
        refused = send(client, "/cameras/rename", camera="yard", name="Hof")
        assert "change [cameras.yard] there" in words_of(refused)
    finally:
        own.settings = usual


def test_a_name_may_hold_anything(own: Archive, asker: FlaskClient) -> None:
    listed = get(asker, "/cameras").get_data(as_text=True)
    [path] = re.findall(r'href="(/cameras/a[^"]+)"', listed)
    shown = get(asker, path)
    assert shown.status_code == 200 and STRANGE in words_of(shown)
    assert "<b>" not in shown.get_data(as_text=True).partition("<main")[2]
    answer = send(asker, "/cameras", camera=STRANGE, heartbeat="9")
    assert get(asker, answer.headers["Location"]).status_code == 200
    assert api_of(own).value(f"/cameras{path.removeprefix('/cameras')}")["name"] == STRANGE
    assert get(asker, "/cameras/nobody").status_code == 404


def test_a_camera_is_renamed_and_back(own: Archive, asker: FlaskClient) -> None:
    taken = send(asker, "/cameras/rename", camera="yard", name=STRANGE)
    assert taken.status_code == 400 and "choose another name" in words_of(taken)
    done = send(asker, "/cameras/rename", camera="yard", name="Back yard")
    shown = words_of(get(asker, done.headers["Location"]))
    assert "Renamed." in shown and "still being written" in shown
    assert "Back yard" in words_of(get(asker, "/?q=something+red&camera=Back+yard"))
    send(asker, "/cameras/rename", camera="Back yard", name="yard")
    assert [one.about for one in noted(own)] == [
        {"what": "camera renamed", "camera": "Back yard", "name": "yard"}
    ]


def test_others_see_their_own_cameras_and_change_nothing(own: Archive) -> None:
    with with_users(own, vera=(Role.VIEWER, ("yard",))):
        vera = logged_in(own, "vera")
        listed = words_of(get(vera, "/cameras"))
        assert "yard" in listed and STRANGE not in listed
        shown = words_of(get(vera, "/cameras/yard"))
        assert "Only admins change" in shown and "<textarea" not in shown
        assert get(vera, "/cameras/a/b//c%3F%23%252F%20%3Cb%3E%C3%BC").status_code == 404
        assert send(vera, "/cameras", camera="yard", zone="UTC").status_code == 403


# The API


def test_the_api_tells_sets_and_renames(own: Archive) -> None:
    api = api_of(own)
    body = {"settings": {"masks": [[[0, 0], [1, 0], [1, 0.5]]], "clock_offset": 5}}
    told = api.patch("/cameras/yard", json=body).get_json()
    assert told["settings"]["masks"] == [[[0, 0], [1, 0], [1, 0.5]]]
    assert told["settings"]["clock_offset"] == 5 and told["fixed"] == []
    told = api.patch("/cameras/yard", json={"settings": {"masks": None}, "name": "Hof"}).get_json()
    assert told["name"] == "Hof" and told["settings"]["masks"] == []
    assert told["settings"]["clock_offset"] == 5, "what is not named stays"
    assert api.patch("/cameras/Hof", json={"name": "yard"}).status_code == 200
    refused = api.patch("/cameras/yard", json={"settings": {"zone": "Lisbon", "masks": [[[2, 0]]]}})
    problem(refused, 400)
    assert refused.get_json()["fields"].keys() == {"zone", "masks"}
    problem(api.get("/cameras/nobody"), 404)
