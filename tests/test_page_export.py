"""Export of the shown search from the page: with and without JavaScript, and what is refused."""

import io
import json
import zipfile

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, expect
from werkzeug.test import TestResponse

from mmrag_video.catalog.audit import Action
from mmrag_video.export.formats import FORMATS
from mmrag_video.export.sheet import FormatName
from tests.browser import NARROW, WIDE, watched_context
from tests.page_archive import PageArchive
from tests.page_client import LOCAL, get, words_of


def exported(client: FlaskClient, query: str) -> TestResponse:
    """What the form under the results is answered with."""
    return client.post(f"/export?{query}", base_url=LOCAL, headers={"Origin": LOCAL})


@pytest.mark.parametrize("name", [FormatName.CSV, FormatName.JSON, FormatName.EDL, FormatName.OTIO])
def test_the_moments_of_a_search_come_as_a_file(
    client: FlaskClient, collection: PageArchive, name: FormatName
):
    answer = exported(client, f"q=a+red+box&camera=Yard&weak=1&format={name}")
    assert answer.status_code == 200
    assert answer.mimetype == FORMATS[name].media_type
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("attachment;") and f"a_red_box.{name}" in disposition
    assert collection.yard.path.name.encode() in answer.data
    entry = next(collection.archive.catalog.audit.entries(limit=1))
    assert entry.action is Action.EXPORT
    assert entry.about["format"] == name.value
    assert entry.about["recordings"] == [collection.yard.id]


def test_chapters_of_several_recordings_come_in_one_zip(client: FlaskClient):
    answer = exported(client, "q=a+box&format=vtt&weak=1")
    assert answer.mimetype == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as folder:
        assert len(folder.namelist()) > 1
        for name in folder.namelist():
            assert folder.read(name).startswith(b"WEBVTT\n") and "/" not in name


def test_handles_are_added(client: FlaskClient):
    def starts(query: str) -> list[float]:
        told = json.loads(exported(client, f"q=a+red+box&weak=1&format=json{query}").data)
        return [one["spans"][0]["start_s"] for one in told["moments"]]

    assert starts("&handle_before=0.5") == [max(0, start - 0.5) for start in starts("")]


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("q=a+red+box&format=exe", 400, "There is no format 'exe'"),
        ("q=a+red+box", 400, "There is no format ''"),
        ("format=csv", 400, "Say what to look for"),
        (
            "q=a+red+box&format=csv&handle_before=x",
            400,
            "handle_before: 'x' is not a number of seconds",
        ),
        ("q=a+red+box&format=csv&camera=none", 400, "no camera named 'none'"),
        ("q=a+horse&format=csv", 400, "Nothing stands out"),
    ],
)
def test_what_cannot_be_exported_is_one_sentence(
    client: FlaskClient, query: str, status: int, words: str
):
    answer = exported(client, query)
    assert (answer.status_code, words in words_of(answer)) == (status, True)


def test_the_menu_is_under_the_results_and_nowhere_else(client: FlaskClient):
    assert "Export these moments" in words_of(get(client, "/?q=a+red+box"))
    assert "Export these moments" not in words_of(get(client, "/"))


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_visitor_exports_with_the_keyboard_alone(
    browser: Browser, address: str, size: dict[str, int], scripts: bool
) -> None:
    context = browser.new_context(base_url=address, viewport=size, java_script_enabled=scripts)
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.goto("/?q=a+red+box&camera=Yard")
    menu = page.get_by_text("Export", exact=True).first
    menu.focus()
    page.keyboard.press("Enter")
    choice = page.locator(".export").get_by_role("combobox")
    expect(choice).to_be_visible()
    expect(page.get_by_label("Those too that do not stand out")).to_be_checked()  # nothing does
    choice.select_option("edl")
    page.locator(".export").get_by_label("s before each").fill("1.5")
    box = page.locator(".export fieldset").bounding_box()
    assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= size["width"]
    with page.expect_download() as waiting:
        page.locator(".export").get_by_role("button", name="Export").press("Enter")
    assert waiting.value.suggested_filename.endswith("_a_red_box.edl")
    assert waiting.value.path().read_text().startswith("TITLE: a red box\nFCM: NON-DROP FRAME\n")
    context.close()


def test_nothing_is_loaded_from_outside(browser: Browser, address: str):
    with watched_context(browser, address) as context:
        page = context.new_page()
        page.goto("/?q=a+red+box")
        page.get_by_text("Export", exact=True).first.click()
