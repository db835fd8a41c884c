"""Where a reranker looks at pictures: the first look at once, the second slides in."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import g
from playwright.sync_api import Browser, Page, expect

from mmrag_video.catalog.users import Role, User
from tests.browser import NARROW, served
from tests.page_client import get, words_of
from tests.results_archive import Redness, ResultsArchive, results_archive
from web.app import create_app


@pytest.fixture(scope="module")
def reranker() -> Redness:
    return Redness()


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, reranker: Redness) -> Iterator[ResultsArchive]:
    with results_archive(tmp_path_factory.mktemp("results"), reranker) as opened:
        yield opened


@pytest.fixture(scope="module")
def address(own: ResultsArchive) -> Iterator[str]:
    with served(own.archive) as running:
        yield running


def cards_of(page: Page) -> list[str]:
    return [link.get_attribute("href") or "" for link in page.locator("li.card > a.play").all()]


def part_of(address: str) -> tuple[str, float, float]:
    """Recording, start and end that a link to the player names."""
    split = urlsplit(address)
    start, end = parse_qs(split.query)["t"][0].split(",")
    return split.path, float(start), float(end)


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_the_second_look_slides_in_and_nobody_loses_their_place(
    page: Page, reranker: Redness, motion: str
) -> None:
    page.emulate_media(reduced_motion=motion)
    page.set_viewport_size(NARROW)
    reranker.may_judge.clear()
    try:
        page.goto("/?q=a+box&limit=200")
        status = page.locator(".looking")
        expect(status).to_contain_text("a slower model still looks")
        first = cards_of(page)
        card = page.locator("li.card", has=page.get_by_role("heading", name="Yard")).nth(1)
        card.get_by_role("checkbox").check()
        card.locator("> a.play").focus()
        card.evaluate("card => scrollTo(0, scrollY + card.getBoundingClientRect().top - 200)")
        held = part_of(card.locator("> a.play").get_attribute("href") or "")
    finally:
        reranker.may_judge.set()
    expect(status).to_have_text("In the order of the second look.")
    if motion == "reduce":
        assert page.evaluate("document.getAnimations().length") == 0
    page.evaluate("Promise.all(document.getAnimations().map(one => one.finished))")
    second = cards_of(page)
    assert second != first
    focused = page.locator("li.card > a.play:focus")
    recording, start, end = part_of(focused.get_attribute("href") or "")
    assert recording == held[0]
    assert start < held[2]
    assert held[1] < end, "the same part of the recording has the focus"
    assert focused.evaluate("link => link.parentElement.getBoundingClientRect().top") == (
        pytest.approx(200, abs=3)
    )
    expect(page.locator("li.card :checked")).to_have_count(1)
    expect(page.locator("li.card:focus-within :checked")).to_have_count(1)
    page.goto("/?q=a+box&limit=200&stage=looked")
    assert cards_of(page) == second


def test_the_second_look_waits_while_the_player_is_open(page: Page, reranker: Redness) -> None:
    reranker.may_judge.clear()
    try:
        page.goto("/?q=a+box")
        page.locator("li.card > a.play").first.click()
        expect(page.get_by_role("dialog", name="Player").locator("video")).to_be_visible()
        with page.expect_response(lambda answer: "stage=looked" in answer.url):
            reranker.may_judge.set()
    finally:
        reranker.may_judge.set()
    expect(page.locator(".looking")).to_contain_text("still looks")
    page.keyboard.press("Escape")
    expect(page.locator(".looking")).to_have_text("In the order of the second look.")


def test_a_second_look_that_fails_is_said_and_the_first_stays(
    page: Page, reranker: Redness
) -> None:
    reranker.may_judge.clear()
    reranker.problem = "The model server does not answer."
    try:
        page.goto("/?q=a+box")
        first = cards_of(page)
        reranker.may_judge.set()
        expect(page.locator(".looking")).to_contain_text(
            re.compile(r"second look did not work.*The model server does not answer\.")
        )
    finally:
        reranker.may_judge.set()
        reranker.problem = ""
    assert cards_of(page) == first


def test_without_scripts_the_order_is_that_of_the_second_look(
    browser: Browser, address: str
) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=address)
    page = context.new_page()
    page.goto("/?q=a+box")
    page.wait_for_url(re.compile("stage=looked"))
    expect(page.locator(".looking")).to_have_count(0)
    looked = cards_of(page)
    page.goto("/?q=a+box&stage=looked")
    assert cards_of(page) == looked
    context.close()


def test_a_player_gets_the_moments_of_its_search_and_nobody_has_searched(
    own: ResultsArchive, reranker: Redness
) -> None:
    client = create_app(own.archive).test_client()
    page = words_of(get(client, "/?q=a+box"))
    cards = re.findall(r'<li class="card.*\n +<a class="play" href="([^"]+)"', page)
    noted = next(own.archive.catalog.audit.entries(limit=1))
    reranker.problem = "Nobody is to look for this."
    try:
        answer = get(client, "/moments?q=a+box")
    finally:
        reranker.problem = ""
    assert answer.get_json() == {"moments": cards}
    assert next(own.archive.catalog.audit.entries(limit=1)) == noted
    assert get(client, "/moments").status_code == 400


def test_the_moments_of_a_search_are_those_of_cameras_that_may_be_seen(own: ResultsArchive) -> None:
    app = create_app(own.archive)
    app.before_request(lambda: setattr(g, "user", User("ben", Role.VIEWER, ("Yard",))))
    found = get(app.test_client(), "/moments?q=a+box").get_json()["moments"]
    yard = own.recordings["Yard"].id
    assert found and all(one.startswith(f"/recordings/{yard}/play?t=") for one in found)
    assert get(app.test_client(), "/moments?q=a+box&camera=Gate").status_code == 400


def test_both_looks_are_noted_in_the_audit_log(own: ResultsArchive) -> None:
    client = create_app(own.archive).test_client()
    for address, about in (
        ("/?q=a+box", {"query": "a box"}),
        ("/?q=a+box&stage=looked", {"query": "a box", "stage": "looked"}),
    ):
        get(client, address)
        assert next(own.archive.catalog.audit.entries(limit=1)).about == about
