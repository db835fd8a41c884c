"""What the page understands of the words in its box, and what narrows a search beside it."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page, ViewportSize, expect

from mmrag_video.catalog.audit import Action
from tests.browser import NARROW, WIDE
from tests.page_archive import HOSTILE_CAMERA, PageArchive
from tests.page_client import get, words_of


def cameras(page: Page) -> set[str]:
    return set(page.locator("li.card h3").all_inner_texts())


def test_what_is_understood_is_a_chip_that_can_be_taken_off(page: Page) -> None:
    page.goto("/?q=a+box+at+the+gate")
    chips = page.get_by_role("list", name="Understood in your words")
    expect(chips.get_by_role("listitem")).to_have_text([re.compile("camera Gate")])
    assert cameras(page) == {"Gate"}
    chips.get_by_role("link", name="Search for the words “at the gate” instead").click()
    expect(chips).to_have_count(0)
    assert parse_qs(urlsplit(page.url).query)["off"] == ["camera:at the gate"]
    assert "Yard" in cameras(page)
    expect(page.get_by_role("searchbox")).to_have_value("a box at the gate")


def test_a_date_in_words_is_searched_in_the_pages_zone(page: Page) -> None:
    page.goto("/?q=a+box+on+4+March+2025+after+14:00")
    assert cameras(page) == {"Yard"}
    page.goto("/?q=a+box+on+4+March+2025+after+15:00")
    expect(page.get_by_role("heading", name="Nothing was found")).to_be_visible()


def test_hours_and_weekdays_are_chosen_and_cleared(page: Page) -> None:
    page.goto("/?q=a+box")
    page.get_by_text("All hours").click()
    page.get_by_label("From", exact=True).nth(1).fill("13:00")
    page.get_by_role("checkbox", name="Tue").check()
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator("details.hours summary")).to_have_text("13:00–24:00, Tue")
    assert cameras(page) == {"Yard"}, "4 March 2025 was a Tuesday"
    assert parse_qs(urlsplit(page.url).query) == {
        "q": ["a box"],
        "after": ["13:00"],
        "weekday": ["tue"],
    }
    page.get_by_role("link", name="Clear filters").click()
    assert "Gate" in cameras(page)


def test_what_follows_is_shown_as_pairs(page: Page) -> None:
    page.goto("/?q=a+box,+then+an+empty+yard")
    expect(page.get_by_role("heading", level=1)).to_contain_text("of “a box”, then “an empty yard”")
    expect(page.get_by_role("checkbox", name="then on any camera")).not_to_be_checked()
    for pair in page.locator("li.pair").all():
        assert pair.locator("li.card").count() == 2


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_nothing_is_wider_than_the_window(page: Page, size: ViewportSize) -> None:
    page.set_viewport_size(size)
    page.goto("/?q=a+box+yesterday+at+the+gate+-truck,+then+a+car+within+5+minutes&after=22:00")
    page.get_by_text("22:00–24:00").click()
    expect(page.get_by_role("checkbox", name="Mon")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("q=a&after=25:00", "Hours from: '25:00' is not a time of day such as 22:00."),
        ("q=a&after=10:00&before=10:00", "The hours end when they begin"),
        ("q=a&weekday=someday", "'someday' is no day of the week such as mon."),
        ("q=yesterday at the gate", "Say also what to look for"),
        ("q=-truck", "Say also what to look for"),
    ],
)
def test_what_cannot_be_searched_for_gets_one_sentence(
    client: FlaskClient, arguments: str, sentence: str
) -> None:
    answer = get(client, f"/?{arguments}")
    assert answer.status_code == 400
    assert sentence in words_of(answer)


@pytest.mark.parametrize(
    "arguments",
    [
        f"q=a box at {HOSTILE_CAMERA}",
        "q=a&off=<script>alert(1)</script>&has=<script>alert(1)</script>",
        "q=a <script>alert(1)</script> -<script>alert(1)</script>",
        "q=a, then <script>alert(1)</script>",
    ],
)
def test_markup_in_a_search_stays_words(client: FlaskClient, arguments: str) -> None:
    answer = get(client, f"/?{arguments}")
    assert answer.status_code == 200
    html = answer.get_data(as_text=True)
    assert "<script>alert" not in html and "<img src=x" not in html


def test_a_facet_that_no_moment_has_leaves_nothing(client: FlaskClient) -> None:
    answer = get(client, "/?q=a+box&has=thing:horse")
    assert "Nothing was found" in words_of(answer)
    assert 'name="has" value="thing:horse" checked' in words_of(answer)


def test_a_search_is_noted_in_the_audit_log(client: FlaskClient, collection: PageArchive) -> None:
    get(client, "/?q=a+box+at+the+gate&weekday=tue")
    newest = next(collection.archive.catalog.audit.entries(limit=1))
    assert newest.action is Action.SEARCH
    assert newest.about == {"query": "a box at the gate", "times_of_day": "Tue"}
