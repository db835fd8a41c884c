"""The timeline of all cameras in a real browser, and what it answers to those who ask oddly."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

from mmrag_video.archive import Archive
from mmrag_video.clock_window import ClockWindow
from mmrag_video.timeline import CELLS, Stretch, Timeline, joined, timeline
from tests.browser import NARROW, WIDE
from tests.page_archive import HOSTILE_CAMERA

YARD = "/timeline?from=2025-03-04T14:03&to=2025-03-04T14:04"
"""The minute of which the yard's recording takes twelve seconds, from 14:03:22."""


def track(page: Page, camera: str = "Yard") -> Locator:
    return page.get_by_role("group", name=camera, exact=True)


def point(page: Page, share: float) -> tuple[float, float]:
    """Where on the screen a part of the window lies."""
    box = track(page).bounding_box()
    assert box is not None
    return box["x"] + share * box["width"], box["y"] + box["height"] / 2


def around_the_yard(archive: Archive) -> Timeline:
    """A minute that begins ten seconds before the recording, which moves in its last four."""
    [recording] = archive.catalog.recordings()
    assert recording.span is not None
    start = recording.span[0] - timedelta(seconds=10)
    window = ClockWindow.between(start, start + timedelta(minutes=1))
    return timeline(archive, window, [recording.camera, "Elsewhere"])


def test_footage_lies_where_it_was_recorded_and_movement_where_something_moved(
    yard_archive: Archive,
) -> None:
    shown = around_the_yard(yard_archive)
    camera, elsewhere = shown.cameras
    assert shown.is_exact
    [stretch] = camera.footage
    assert stretch.start == pytest.approx(10 / 60)
    assert stretch.end == pytest.approx(16 / 60, abs=0.002)
    assert camera.seconds == pytest.approx(6, abs=0.1)
    assert len(camera.movement) == CELLS
    moving = [60 * number / CELLS for number, share in enumerate(camera.movement) if share > 0.5]
    assert 11 <= min(moving) <= 12.5
    assert 15 <= max(moving) < 16
    assert elsewhere.footage == () and not any(elsewhere.movement)


def test_from_far_away_movement_is_spread_over_each_recording(
    yard_archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = around_the_yard(yard_archive).cameras[0]
    monkeypatch.setattr("mmrag_video.timeline.MOST_READ", 0)
    shown = around_the_yard(yard_archive)
    assert not shown.is_exact
    spread = shown.cameras[0]
    shares = {round(share, 6) for share in spread.movement if share > 0}
    assert len(shares) == 1, "the same everywhere in the one recording"
    assert sum(spread.movement) == pytest.approx(sum(exact.movement), rel=0.4)
    assert spread.footage == exact.footage


def test_stretches_between_which_no_gap_can_be_seen_are_one() -> None:
    pieces = [Stretch(0, 0.2), Stretch(0.2001, 0.4), Stretch(0.5, 0.6), Stretch(0.55, 0.7)]
    assert joined(pieces) == [Stretch(0, 0.4), Stretch(0.5, 0.7)]


def test_the_last_day_is_shown_with_all_cameras_and_what_each_recorded(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Timeline", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("4 Mar 2025 14:03:22")
    expect(page.get_by_role("heading", level=2)).to_have_count(3)
    expect(track(page).locator(".footage")).to_have_count(1)
    expect(track(page, "Gate").locator(".footage")).to_have_count(0)
    hostile = page.get_by_role("heading", name=HOSTILE_CAMERA)
    expect(hostile).to_contain_text("nothing recorded and 1 recording of unknown time")


def test_matches_of_a_search_are_marked_and_lead_to_the_player(page: Page) -> None:
    page.goto(YARD)
    page.get_by_role("searchbox").fill("something red")
    page.get_by_role("searchbox").press("Enter")
    match = track(page).get_by_role("link").first
    expect(match).to_have_accessible_name(re.compile(r"match at Tue 4 Mar 2025 14:03:\d\d"))
    match.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/recordings/[0-9a-f]{64}/play\?t="))


def test_it_can_be_moved_and_zoomed_without_scripts(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=address)
    page = context.new_page()
    page.goto(YARD)
    page.get_by_role("link", name="Zoom in").click()
    assert asked_window(page) == ("2025-03-04T14:03:15", "2025-03-04T14:03:45")
    page.get_by_role("link", name="Later").click()
    assert asked_window(page) == ("2025-03-04T14:03:30", "2025-03-04T14:04:00")
    context.close()


def asked_window(page: Page) -> tuple[str, str]:
    asked = parse_qs(urlsplit(page.url).query)
    return asked["from"][0], asked["to"][0]


def test_the_wheel_zooms_to_the_pointer_and_the_address_follows(page: Page) -> None:
    page.goto(YARD)
    page.mouse.move(*point(page, 0.5))
    page.mouse.wheel(0, -700)
    expect(page).not_to_have_url(re.compile("14:03&"))
    start, end = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in asked_window(page))
    assert (end - start).total_seconds() == pytest.approx(60 * 1.0015**-700, rel=0.01)
    middle = start + (end - start) / 2
    assert abs((middle - datetime(2025, 3, 4, 14, 3, 30, tzinfo=UTC)).total_seconds()) < 0.5
    page.reload()
    expect(track(page).locator(".footage")).to_have_count(1)


def test_a_span_that_is_dragged_out_can_be_searched(page: Page) -> None:
    page.goto(YARD + "&q=something+red")
    page.mouse.move(*point(page, 0.25))
    page.mouse.down()
    page.mouse.move(*point(page, 0.5), steps=4)
    page.mouse.up()
    expect(page.locator(".selection")).to_contain_text("14:03:15")
    page.get_by_role("link", name="Search in it").click()
    expect(page.locator("li.card h3").first).to_have_text("Yard")
    asked = parse_qs(urlsplit(page.url).query)
    assert asked["q"] == ["something red"]
    assert asked["from"][0].startswith("2025-03-04T14:03:1")
    assert asked["to"][0].startswith(("2025-03-04T14:03:29", "2025-03-04T14:03:3"))


def test_a_click_on_footage_plays_it_and_one_on_a_gap_does_nothing(page: Page) -> None:
    page.goto(YARD)
    page.mouse.click(*point(page, 0.9))
    expect(page).to_have_url(re.compile("/timeline"))
    page.mouse.click(*point(page, 25 / 60))
    expect(page).to_have_url(re.compile(r"/play\?t=[23]\.\d"))


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_nothing_is_wider_than_the_window(page: Page, size: ViewportSize) -> None:
    page.set_viewport_size(size)
    page.goto(YARD + "&q=something+red")
    expect(track(page)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/timeline?from=2025-03-04&to=2025-03-03", 400, "ends before it begins"),
        ("/timeline?from=yesterday%00&to=2025-03-03", 400, "is not a date and time"),
        ("/timeline?camera=Nowhere&from=2025-03-04&to=2025-03-05", 400, "no camera named"),
        ("/timeline/selection", 400, "Say from when to when"),
        ("/timeline/selection?from=x&to=y", 400, "is not a date and time"),
        ("/timeline/at?camera=Nowhere&time=2025-03-04T14:03:25", 404, "no such camera"),
        ("/timeline/at?camera=Yard", 404, "no such camera"),
        ("/timeline/at?camera=Yard&time=2025-03-04T15:00", 404, "recorded nothing"),
        ("/timeline?from=1970-01-01&to=2199-12-31", 200, "nothing recorded"),
    ],
)
def test_what_makes_no_sense_gets_a_sentence(
    client: FlaskClient, address: str, status: int, words: str
) -> None:
    answer = client.get(address)
    assert answer.status_code == status
    assert words in answer.get_data(as_text=True)
