"""The results in a real Chromium: strips, groups, keys, what looks like a frame or a box on it."""

import re
from collections.abc import Iterator
from fractions import Fraction
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import served, wait_until_playable
from tests.results_archive import ResultsArchive, results_archive, strip_of_the_hall

RESULTS = "/?q=a+box"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ResultsArchive]:
    with results_archive(tmp_path_factory.mktemp("results")) as opened:
        yield opened


@pytest.fixture(scope="module")
def address(own: ResultsArchive) -> Iterator[str]:
    with served(own.archive) as running:
        yield running


def focused_card(page: Page) -> int:
    number: int = page.evaluate(
        "[...document.querySelectorAll('li.card')].indexOf(document.activeElement.closest('.card'))"
    )
    return number


def arguments(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def frame_time(address: str | None) -> Fraction:
    """Of a kept frame's picture."""
    found = re.search(r"/(\d+)-(\d+)\.jpg$", address or "")
    assert found is not None
    return Fraction(int(found[1]), int(found[2]))


def test_a_card_shows_frames_spread_over_its_moment_and_which_is_the_best(page: Page) -> None:
    page.goto(RESULTS)
    card = strip_of_the_hall(page)
    pictures = card.locator(".strip img")
    times = [frame_time(picture.get_attribute("src")) for picture in pictures.all()]
    assert 2 <= len(times) <= 5
    assert times == sorted(set(times))
    best = card.locator(".strip a.best img")
    expect(best).to_have_count(1)
    large = card.locator("> a.play img")
    assert best.get_attribute("src") == large.get_attribute("src")
    for picture in pictures.all():
        expect(picture).to_have_attribute("loading", "lazy")
        picture.scroll_into_view_if_needed()
        expect(picture).to_have_js_property("complete", True)
        assert picture.evaluate("picture => picture.naturalWidth") > 0


def test_a_card_says_where_its_clock_time_is_from(page: Page) -> None:
    page.goto(RESULTS)
    expect(strip_of_the_hall(page).locator(".origin")).to_have_text("from the file's name")


def test_a_frame_of_the_strip_plays_from_there_as_the_same_moment(page: Page) -> None:
    page.goto(RESULTS)
    frame = strip_of_the_hall(page).locator(".strip a").last
    start = frame_time(frame.locator("img").get_attribute("src"))
    frame.click()
    dialog = page.get_by_role("dialog", name="Player")
    wait_until_playable(dialog.locator("video"))
    source = dialog.locator("video").get_attribute("src") or ""
    assert float(source.partition("#t=")[2]) == pytest.approx(float(start), abs=0.002)
    expect(dialog.locator("[data-place]")).to_have_text(re.compile(r"\d+ of \d+"))


@pytest.mark.parametrize(
    ("name", "group", "heading"),
    [
        ("By time", "time", "Tue 4 Mar 2025, 14:00 – 15:00 WET"),
        ("By camera", "camera", "Yard"),
        ("By score", "score", re.compile("^Strong: ")),
    ],
)
def test_results_are_put_together_with_and_without_scripts(
    browser: Browser, address: str, name: str, group: str, heading: str | re.Pattern[str]
) -> None:
    for has_script in (True, False):
        context = browser.new_context(java_script_enabled=has_script, base_url=address)
        page = context.new_page()
        page.goto(RESULTS)
        cards = page.locator("li.card").count()
        page.get_by_role("link", name=name).click()
        page.wait_for_url(re.compile("group="))
        assert arguments(page)["group"] == [group]
        expect(page.get_by_role("heading", name=heading).first).to_be_visible()
        expect(page.locator("li.card")).to_have_count(cards)
        expect(page.get_by_role("link", name=name)).to_have_attribute("aria-current", "true")
        page.get_by_role("searchbox").fill("a red box")
        page.get_by_role("button", name="Search", exact=True).click()
        expect(page.get_by_role("searchbox")).to_have_value("a red box")
        assert arguments(page)["group"] == [group], "the next search is shown alike"
        context.close()


def test_hours_come_in_order_and_unknown_clocks_last(page: Page) -> None:
    page.goto(f"{RESULTS}&group=time&limit=200")
    hours = [
        re.split(" – | \\d+ moments?", text)[0]
        for text in page.locator(".found h2").all_inner_texts()
    ]
    assert [hour for hour in hours if hour.startswith(("Tue", "Clock"))] == [
        "Tue 4 Mar 2025, 15:00",  # the confident ones
        "Tue 4 Mar 2025, 14:00",
        "Tue 4 Mar 2025, 15:00",
        "Clock time unknown",
    ]


def test_the_line_under_the_last_confident_one_stays_in_groups(page: Page) -> None:
    page.goto(RESULTS)
    weak = page.locator("li.card.weak").count()
    assert 0 < weak < page.locator("li.card").count()
    for group in ("time", "camera", "score"):
        page.goto(f"{RESULTS}&group={group}")
        expect(page.locator("h2.divider")).to_have_count(1)
        after = page.locator("h2.divider ~ ol.cards li.card")
        expect(after).to_have_count(weak)
        expect(page.locator("h2.divider ~ ol.cards li.card.weak")).to_have_count(weak)


def test_the_keys_reach_box_cards_player_and_list(page: Page) -> None:
    page.goto(f"{RESULTS}&limit=200")
    cards = page.locator("li.card").count()
    page.keyboard.press("ArrowRight")
    assert focused_card(page) == 0
    outline = page.locator("li.card").first.evaluate("card => getComputedStyle(card).outlineStyle")
    assert outline != "none"
    page.keyboard.press("ArrowRight")
    assert focused_card(page) == 1
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowDown")
    below = focused_card(page)
    assert below > 0
    tops = page.locator("li.card").evaluate_all(
        "cards => cards.map(card => card.getBoundingClientRect().top)"
    )
    assert tops[below] > tops[0]
    page.keyboard.press("ArrowUp")
    assert focused_card(page) == 0
    page.keyboard.press("End")
    assert focused_card(page) == cards - 1
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    player = page.get_by_role("dialog", name="Player")
    expect(player).to_be_visible()
    page.keyboard.press("Escape")
    expect(player).to_be_hidden()
    assert focused_card(page) == 0
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_contain_text("To the box")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    assert focused_card(page) == 0
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_no_key_acts_while_somebody_writes(page: Page) -> None:
    page.goto(RESULTS)
    box = page.get_by_role("searchbox")
    box.fill("")
    box.press_sequentially("a/b? xv ")
    expect(box).to_have_value("a/b? xv ")
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.locator(".card.running")).to_have_count(0)


def test_space_runs_through_the_frames_and_stops(page: Page) -> None:
    page.goto(RESULTS)
    card = strip_of_the_hall(page)
    large = card.locator("> a.play img")
    best = large.get_attribute("src")
    card.locator("> a.play").focus()
    page.keyboard.press("Space")
    expect(card).to_have_class(re.compile("running"))
    expect(large).not_to_have_attribute("src", best or "")
    page.keyboard.press("Space")
    expect(card).not_to_have_class(re.compile("running"))
    page.emulate_media(reduced_motion="reduce")
    shown = large.get_attribute("src")
    page.keyboard.press("Space")
    expect(large).not_to_have_attribute("src", shown or "")
    expect(card).not_to_have_class(re.compile("running"))
