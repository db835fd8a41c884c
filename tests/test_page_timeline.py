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
from tests.page_client import get, words_of
from tests.player_archive import PlayerArchive
from web.app import create_app

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
    expect(page.locator("[data-place]")).to_have_text(re.compile(r"1 of \d+"))
    expect(page.locator(".bar .moment").first).to_be_attached()


def test_as_many_matches_are_marked_as_there_may_be_and_it_is_said_where_there_are_more(
    player: PlayerArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = "/timeline?q=a+person&from=2025-03-04T14:00&to=2025-03-04T14:10"
    search = player.archive.settings.search.model_copy(update={"limit": 1})
    settings = player.archive.settings.model_copy(update={"search": search})
    with Archive(settings) as archive:
        client = create_app(archive).test_client()
        page = words_of(get(client, at_once))
        assert len(re.findall(r"match at", page)) == 3, "not only the best one"
        assert "zoom in to see what else there is" not in page
        monkeypatch.setattr("web.timeline_views.MOST_MOMENTS", 2)
        page = words_of(get(client, at_once))
    assert len(re.findall(r"match at", page)) == 2
    assert "The best 2 moments are marked, as many as there may be" in page


def test_an_hour_that_there_is_twice_stays_the_one_that_was_chosen(client: FlaskClient) -> None:
    for hour in ("00", "01"):  # of UTC; in Lisbon both begin at one o'clock
        window = f"from=2025-10-26T{hour}:10:00Z&to=2025-10-26T{hour}:20:00Z"
        chosen = words_of(get(client, f"/timeline/selection?{window}"))
        ways = re.findall(r'href="([^"]+)"', chosen)
        zoomed = words_of(get(client, next(way for way in ways if way.startswith("/timeline"))))
        shown = re.search(r'data-start="([\d.]+)" data-end="([\d.]+)"', zoomed)
        assert shown is not None
        start = datetime(2025, 10, 26, int(hour), 10, tzinfo=UTC).timestamp()
        assert [float(second) for second in shown.groups()] == [start, start + 600]
        offset = "+01:00" if hour == "00" else "+00:00"
        for page in (zoomed, words_of(get(client, ways[0]))):
            field = f'<input type="text" step="any" name="from" value="2025-10-26T01:10:00{offset}"'
            assert field in page, "a field for local times would lose the offset"


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
    expect(page).to_have_url(re.compile(r"/play\?t=[23]\.\d+$"))
    page.goto(YARD + "&q=something+red&camera=Yard&camera=Gate")
    page.mouse.click(*point(page, 25 / 60))
    expect(page).to_have_url(re.compile(r"/play\?t=[23]\.\d+&q=something\+red&camera=Yard&cam"))
    expect(page.locator("[data-place]")).to_have_text(re.compile(r"1 of \d+"))


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
        ("/timeline/at?on=Nowhere&time=2025-03-04T14:03:25", 404, "no such camera"),
        ("/timeline/at?on=Yard", 404, "no such camera"),
        ("/timeline/at?on=Yard&time=2025-03-04T15:00", 404, "recorded nothing"),
        ("/timeline?from=1970-01-01&to=2199-12-31", 200, "nothing recorded"),
    ],
)
def test_what_makes_no_sense_gets_a_sentence(
    client: FlaskClient, address: str, status: int, words: str
) -> None:
    answer = client.get(address)
    assert answer.status_code == status
    assert words in answer.get_data(as_text=True)
