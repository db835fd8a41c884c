"""The player in a real Chromium: which frame is on screen is read from the picture itself."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import NARROW, WIDE, served, wait_until_playable
from tests.player_archive import PlayerArchive
from tests.player_page import expect_frame, go_to, open_at, seek_from_start, timecode


@pytest.fixture(scope="module")
def address(player: PlayerArchive) -> Iterator[str]:
    with served(player.archive) as running:
        yield running


@pytest.mark.parametrize(
    ("camera", "is_copy"),
    [
        ("Door", False),
        ("Late", False),
        ("Ten", True),
        ("Four", True),
        ("Stream", True),
        ("Old", True),
        ("New", True),
    ],
)
def test_every_recording_plays_and_a_step_is_one_frame(
    page: Page, player: PlayerArchive, camera: str, is_copy: bool
) -> None:
    go_to(page, player, camera, 16)
    assert page.get_by_text("re-encoded to H.264").is_visible() == is_copy
    for number in (17, 18, 19, 20, 21):
        page.keyboard.press(".")
        expect_frame(page, player, camera, number)
    page.get_by_role("button", name="One frame back").click()
    expect_frame(page, player, camera, 20)
    page.get_by_role("button", name="One frame back").click()
    expect_frame(page, player, camera, 19)
    before = page.locator("video").evaluate("video => video.currentTime")
    page.keyboard.press("k")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.wait_for_timeout(400)
    assert page.locator("video").evaluate("video => video.currentTime") > before


def test_quick_steps_are_all_counted_and_end_at_the_first_frame(
    page: Page, player: PlayerArchive
) -> None:
    go_to(page, player, "Door", 19)
    for _ in range(8):
        page.keyboard.press(".")
    expect_frame(page, player, "Door", 27)  # over three seconds without a frame
    open_at(page, player, "Door", "0")
    for _ in range(2):
        page.keyboard.press(".")
    for _ in range(5):
        page.keyboard.press(",")
    expect_frame(page, player, "Door", 0)
    expect(page.locator(".said")).to_have_text("This is the first frame.")


def test_a_copy_goes_on_in_the_next_one(page: Page, player: PlayerArchive) -> None:
    times = player.numbered["Long"].times
    open_at(page, player, "Long", "1,2")
    seek_from_start(page, presses=3)
    expect_frame(page, player, "Long", 150)
    assert "clip?start=0.000&end=20.000" in (page.locator("video").get_attribute("src") or "")
    page.locator("video").evaluate("video => { video.currentTime = video.duration - 0.02; }")
    expect(page.locator("[data-now]")).to_have_text(timecode(times[199]))
    page.keyboard.press(".")
    wait_until_playable(page.locator("video"))
    expect_frame(page, player, "Long", 200)
    page.keyboard.press(",")
    wait_until_playable(page.locator("video"))
    expect_frame(page, player, "Long", 199)
    page.get_by_role("combobox", name="Speed").select_option("4")
    page.keyboard.press("k")
    expect(page.locator("video")).to_have_attribute(
        "src", re.compile("start=20.000"), timeout=20000
    )
    expect(page.locator("video")).to_have_js_property("playbackRate", 4)
    expect(page.locator("[data-shown]")).to_contain_text("00:00:20.000 – 00:00:25.000")


def test_timecode_and_clock_are_text_over_the_picture(page: Page, player: PlayerArchive) -> None:
    go_to(page, player, "Door", 2)
    wall = page.locator(".stage [data-wall]")
    expect(wall).to_have_text(re.compile(r"4 Mar 2025, 14:03:22\.080 WET · Europe/Lisbon"))
    expect(page.get_by_text("Clock time from the file's name")).to_be_visible()
    open_at(page, player, "Old", "1")
    expect(page.locator(".stage [data-wall]")).to_have_text("Clock time unknown")
    expect(page.get_by_text("Not known: when this recording was made")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_nothing_of_the_player_is_wider_than_the_window(
    browser: Browser, address: str, player: PlayerArchive, viewport: dict[str, int], scheme: str
) -> None:
    page = browser.new_page(viewport=viewport, color_scheme=scheme, base_url=address)
    open_at(page, player, "Door", "4.5,5", "&q=a+person")
    expect(page.locator(".bar .movement").first).to_be_attached()
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    page.close()


def test_without_scripts_there_are_the_browsers_controls_and_links(
    browser: Browser, address: str, player: PlayerArchive
) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=address)
    page = context.new_page()
    page.goto(f"/recordings/{player.recordings['Door'].id}/play?t=4.5,5&q=a+person")
    expect(page.locator("video")).to_have_attribute("controls", "")
    expect(page.locator("video")).to_have_attribute("src", re.compile("#t=4.5"))
    expect(page.get_by_role("slider")).to_be_hidden()
    with page.expect_download() as started:
        page.get_by_role("link", name="Save frame").click()
    assert started.value.suggested_filename == "Door_2025-03-04_14-03-24.500_00-00-02.500.png"
    page.get_by_role("link", name="Hall").click()
    page.wait_for_url("**/play?t=1.500&q=a+person")
    context.close()
