"""The page of saved searches: saved by a form, found on it, removed again; without a script."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import expect
from werkzeug.test import TestResponse

from mmrag_video.archive import Archive
from mmrag_video.catalog.hits import FoundMoment
from mmrag_video.catalog.records import Recording
from mmrag_video.catalog.saved_searches import Target
from mmrag_video.moments import Confidence
from tests.browser import open_browser, served, watched_context
from tests.hook import SECRET
from tests.page_archive import PageArchive, page_archive
from tests.page_client import LOCAL, get, words_of
from tests.people import logged_in, send, with_users
from web.app import create_app

WEBHOOK = "https://example.org/hook?token=confidential"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageArchive]:
    """An archive of this file's own, to be written."""
    with page_archive(tmp_path_factory.mktemp("saved")) as opened:
        yield opened


@pytest.fixture
def page(own: PageArchive) -> Iterator[FlaskClient]:
    yield create_app(own.archive).test_client()
    for search in own.archive.catalog.saved.all():
        own.archive.catalog.saved.remove(search)


def post(page: FlaskClient, path: str = "/saved", **fields: object) -> TestResponse:
    headers = {"Origin": fields.pop("origin", LOCAL)}
    return page.post(path, data=fields, base_url=LOCAL, headers=headers)


def found_in(archive: Archive, recording: Recording, why: str = "a box (red)") -> None:
    saved = archive.catalog.saved.add("box", "a red box", ["Yard"], Target(), [])
    start, end = Fraction(2), Fraction(4)
    moment = FoundMoment(
        recording=recording.id,
        camera=recording.camera,
        start=start,
        end=end,
        best=Fraction(0),
        wall_start=recording.clock.at(start),
        wall_end=recording.clock.at(end),
        zone=recording.clock.zone,
        clock_origin=recording.clock.origin,
        score=0.83,
        confidence=Confidence.STRONG,
        threshold=0.41,
        why=why,
    )
    assert archive.catalog.saved.note(saved, recording, "index", 0.83, [moment], timedelta(0))


def test_a_search_is_saved_shown_and_removed(page: FlaskClient, own: PageArchive) -> None:
    answer = post(page, name="box", q="a red box", camera="Yard", webhook=WEBHOOK, secret=SECRET)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/saved")
    [saved] = own.archive.catalog.saved.all()
    assert (saved.text, saved.cameras, saved.target.secret) == ("a red box", ("Yard",), SECRET)
    shown = words_of(get(page, "/saved"))
    assert "webhook at https://example.org" in shown
    assert SECRET not in shown and "confidential" not in shown
    assert post(page, f"/saved/{saved.id}/remove").status_code == 303
    assert own.archive.catalog.saved.all() == []


def test_another_site_can_neither_save_nor_remove(page: FlaskClient, own: PageArchive) -> None:
    assert post(page, name="x", q="x", origin="https://evil.example").status_code == 403
    assert post(page, name="box", q="a red box").status_code == 303
    [saved] = own.archive.catalog.saved.all()
    path = f"/saved/{saved.id}/remove"
    assert post(page, path, origin="https://evil.example").status_code == 403
    assert get(page, path).status_code == 405
    assert own.archive.catalog.saved.all() == [saved]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": "", "q": "a box"}, "needs a name"),
        ({"name": "box", "q": ""}, "Say what to look for"),
        ({"name": "box", "q": "a box", "camera": "Nowhere"}, "no camera named 'Nowhere'"),
        ({"name": "box", "q": "a box", "webhook": WEBHOOK}, "A webhook needs a secret"),
    ],
)
def test_what_cannot_be_saved_is_said_and_what_was_filled_in_stays(
    page: FlaskClient, fields: dict[str, str], sentence: str
) -> None:
    answer = post(page, **fields)
    assert answer.status_code == 400
    assert sentence in words_of(answer)
    assert f'name="q" value="{fields["q"]}"' in words_of(answer)


def test_a_page_that_others_reach_takes_no_webhook(page: FlaskClient, own: PageArchive) -> None:
    assert 'name="webhook"' in words_of(get(page, "/saved"))
    with with_users(own.archive):
        opened = logged_in(own.archive, loopback_only=False)
        assert 'name="webhook"' not in words_of(get(opened, "/saved"))
        refused = send(opened, "/saved", name="box", q="a box", webhook=WEBHOOK, secret=SECRET)
    assert refused.status_code == 403 and "takes no webhooks" in words_of(refused)
    assert own.archive.catalog.saved.all() == []


def test_no_form_saves_a_command(page: FlaskClient, own: PageArchive) -> None:
    assert post(page, name="box", q="a box", command="touch /tmp/x").status_code == 303
    [saved] = own.archive.catalog.saved.all()
    assert saved.target == Target()


def test_results_offer_to_be_saved_with_their_cameras(page: FlaskClient) -> None:
    results = words_of(get(page, "/?q=a+red+box&camera=Yard"))
    assert 'href="/saved?q=a+red+box&camera=Yard">Save this search' in results
    form = words_of(get(page, "/saved?q=a+red+box&camera=Yard"))
    assert 'name="q" value="a red box"' in form
    assert 'value="Yard" checked' in form and 'value="Gate" checked' not in form


def test_a_hit_leads_to_its_moment_in_the_player(page: FlaskClient, own: PageArchive) -> None:
    found_in(own.archive, own.yard)
    shown = words_of(get(page, "/saved"))
    address = f"/recordings/{own.yard.id}/play?t=2.000,4.000"
    assert address in shown and "Tue 4 Mar 2025 14:03:24 WET" in shown
    assert "strong <b>0.83</b>" in shown
    assert get(page, address).status_code == 200
    assert get(page, f"/frames/{own.yard.id}/0-1.jpg").status_code == 200


def test_a_hit_of_a_recording_that_is_gone_still_says_what_it_was(
    page: FlaskClient, own: PageArchive
) -> None:
    found_in(own.archive, replace(own.yard, id="0" * 64), "<script>alert(1)</script>")
    answer = get(page, "/saved")
    assert "The recording is no longer in the collection." in words_of(answer)
    assert "<script>alert" not in answer.get_data(as_text=True)


def test_a_visitor_saves_looks_at_a_hit_and_removes(
    page: FlaskClient, own: PageArchive, tmp_path: Path
) -> None:
    found_in(own.archive, own.yard)
    with (
        served(own.archive) as address,
        open_browser() as browser,
        watched_context(browser, address) as context,
    ):
        visitor = context.new_page()
        visitor.goto("/?q=a+red+box&camera=Yard")
        visitor.get_by_role("link", name="Save this search").click()
        visitor.get_by_label("Name", exact=True).fill("red thing")
        visitor.get_by_role("button", name="Save", exact=True).click()
        expect(visitor.get_by_role("row", name="red thing")).to_be_visible()
        picture = visitor.locator("li.card img").first
        assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
        visitor.screenshot(path=tmp_path / "saved.png", full_page=True)
        visitor.get_by_role("button", name="Remove red thing").click()
        expect(visitor.get_by_role("row", name="red thing")).to_have_count(0)
        visitor.get_by_role("link", name="Play Yard").click()
        visitor.wait_for_url(f"/recordings/{own.yard.id}/play?t=2.000,4.000")
        expect(visitor.locator("video")).to_be_visible()
        visitor.goto("/saved")
        visitor.set_viewport_size({"width": 390, "height": 844})
        wide = visitor.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390, "nothing lies outside of a telephone's window"
        visitor.screenshot(path=tmp_path / "narrow.png", full_page=True)
