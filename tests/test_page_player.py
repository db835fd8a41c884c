"""The player in a real Chromium: which frame is on screen is read from the picture itself."""

import base64
import io
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import NARROW, WIDE, open_browser, served, wait_until_playable, watched_context
from tests.footage import number_in
from tests.player_archive import PlayerArchive, player_archive

_DRAWN = """video => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext("2d").drawImage(video, 0, 0);
    return canvas.toDataURL("image/png").split(",")[1];
}"""


@pytest.fixture(scope="module")
def player(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlayerArchive]:
    with player_archive(tmp_path_factory.mktemp("player")) as opened:
        yield opened


@pytest.fixture(scope="module")
def address(player: PlayerArchive) -> Iterator[str]:
    with served(player.archive) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with watched_context(browser, address) as context:
        yield context.new_page()


def open_at(page: Page, player: PlayerArchive, camera: str, times: str, search: str = "") -> None:
    """Open a recording at a moment, and stop it there."""
    page.goto(f"/recordings/{player.recordings[camera].id}/play?t={times}{search}")
    video = page.locator("video")
    wait_until_playable(video)
    video.evaluate("video => { video.autoplay = false; video.pause(); }")


def number_on_screen(video: Locator) -> int:
    content = base64.b64decode(video.evaluate(_DRAWN))
    return number_in(np.asarray(Pillow.open(io.BytesIO(content)).convert("RGB")))


def timecode(seconds: Fraction) -> str:
    return f"00:00:{float(seconds):06.3f}"


def go_to(page: Page, player: PlayerArchive, camera: str, number: int) -> None:
    """Open a recording at one of its frames, and wait until that is on screen."""
    time = player.numbered[camera].times[number]
    # In whole milliseconds, rounded up.
    open_at(page, player, camera, f"{-(-time * 1000 // 1) / 1000:.3f}")
    page.locator("video").evaluate(
        "(video, to) => { video.currentTime = to; }", seek_to(page, time)
    )
    expect_frame(page, player, camera, number)


def seek_to(page: Page, time: Fraction) -> float:
    offset = float(page.locator(".player").get_attribute("data-offset") or "")
    return float(time) - offset + 0.004


def expect_frame(page: Page, player: PlayerArchive, camera: str, number: int) -> None:
    """The frame of this number, in the picture and in the readout."""
    expected = timecode(player.numbered[camera].times[number])
    expect(page.locator("[data-now]")).to_have_text(expected)
    expect(page.locator("video")).to_have_js_property("seeking", False)
    assert number_on_screen(page.locator("video")) == number


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
    page.locator(".bar").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    wait_until_playable(page.locator("video"))
    expect(page.locator("[data-now]")).to_contain_text("00:00:16")
    assert "clip?start=0.000&end=20.000" in (page.locator("video").get_attribute("src") or "")
    number = number_on_screen(page.locator("video"))
    page.locator("video").evaluate("video => { video.currentTime = video.duration - 0.02; }")
    expect(page.locator("[data-now]")).to_have_text(timecode(times[199]))
    page.keyboard.press(".")
    wait_until_playable(page.locator("video"))
    expect_frame(page, player, "Long", 200)
    page.keyboard.press(",")
    wait_until_playable(page.locator("video"))
    expect_frame(page, player, "Long", 199)
    assert 159 <= number <= 175
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


def test_the_seek_bar_is_a_slider_with_marks_and_small_pictures(
    page: Page, player: PlayerArchive
) -> None:
    open_at(page, player, "Door", "1,2", "&q=a+person")
    slider = page.get_by_role("slider", name="Time in the recording")
    expect(slider.locator(".movement").first).to_be_attached()
    expect(slider.locator(".moment").first).to_be_attached()
    expect(slider.locator(".gap")).to_have_attribute(
        "title", "No picture from 00:00:02.500 to 00:00:05.600"
    )
    expect(page.locator(".marked")).to_contain_text("Movement in")
    slider.hover(position={"x": 400, "y": 8})
    picture = page.locator(".glimpse img")
    expect(picture).to_be_visible()
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("picture => picture.naturalWidth") == 320
    slider.focus()
    page.keyboard.press("End")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("00:00:08.5"))
    page.keyboard.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^00:00:00.000, Tue, 4 Mar"))
    slider.click(position={"x": 600, "y": 8})
    width = slider.evaluate("bar => bar.getBoundingClientRect().width")
    now = float(slider.get_attribute("aria-valuenow") or "")
    duration = float(player.recordings["Door"].duration)
    assert now == pytest.approx(600 / width * duration, abs=0.1)


def test_boxes_are_drawn_where_the_model_saw_something_and_can_be_hidden(
    page: Page, player: PlayerArchive
) -> None:
    door = player.recordings["Door"]
    open_at(page, player, "Door", "2.5")
    box = page.locator(".boxes .box").first
    expect(box).to_be_visible()
    answer = page.request.get(f"/recordings/{door.id}/boxes?start=0&end=30").json()
    frame = next(one for one in answer["frames"] if one["start"] <= 2.5 < one["end"])
    left, top, right, bottom = frame["things"][0]["box"]
    video = page.locator("video").bounding_box()
    drawn = box.bounding_box()
    assert video and drawn
    shown = video["height"] * 320 / 240
    assert shown <= video["width"], "the picture stands between bars"
    begin = video["x"] + (video["width"] - shown) / 2
    assert drawn["x"] == pytest.approx(begin + left * shown, abs=3)
    assert drawn["y"] == pytest.approx(video["y"] + top * video["height"], abs=3)
    assert drawn["width"] == pytest.approx((right - left) * shown, abs=4)
    assert drawn["height"] == pytest.approx((bottom - top) * video["height"], abs=4)
    page.keyboard.press("o")
    expect(page.locator(".boxes .box")).to_have_count(0)
    expect(page.get_by_role("button", name="Boxes")).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="Boxes").click()
    expect(box).to_be_visible()


def test_the_other_cameras_open_at_the_same_moment(page: Page, player: PlayerArchive) -> None:
    open_at(page, player, "Door", "4.5")
    others = page.get_by_role("region", name="The other cameras at this time")
    hall = others.get_by_role("link", name="Hall")
    expect(hall.locator("img")).to_have_js_property("complete", True)
    assert hall.locator("img").evaluate("picture => picture.naturalWidth") == 320
    assert hall.get_attribute("href") == (
        f"/recordings/{player.recordings['Hall'].id}/play?t=1.500"
    )
    page.get_by_role("slider").focus()
    page.keyboard.press("Home")
    expect(others).to_contain_text("No other camera has footage of this time")
    page.keyboard.press("ArrowUp")
    expect(others).to_contain_text("Other cameras at Tue 4 Mar 2025 14:03:27 WET")
    assert (hall.get_attribute("href") or "").endswith("/play?t=2.000")
    hall.click()
    expect(page.locator("h1")).to_have_text("Hall")
    assert wait_until_playable(page.locator("video")) >= 2


def test_next_and_previous_moment_of_the_search(page: Page, player: PlayerArchive) -> None:
    page.goto("/?q=a+person")
    cards = page.locator("li.card")
    cameras = [name.inner_text() for name in cards.locator("h3").all()]
    assert len(cameras) > 2
    cards.nth(0).locator("a.play").first.click()
    dialog = page.get_by_role("dialog", name="Player")
    expect(dialog.locator("[data-place]")).to_have_text(f"1 of {len(cameras)}")
    expect(dialog.get_by_role("button", name="Previous moment of the search")).to_be_disabled()
    page.keyboard.press("n")
    expect(dialog.locator("[data-place]")).to_have_text(f"2 of {len(cameras)}")
    expect(dialog.locator("h1")).to_have_text(cameras[1])
    page.keyboard.press("p")
    expect(dialog.locator("h1")).to_have_text(cameras[0])
    address = dialog.locator("[data-do=copy-link]").get_attribute("href") or ""
    assert "q=a+person" in address
    page.goto(cards.nth(1).locator("a.play").first.get_attribute("href") + "&q=a+person")
    expect(page.locator("[data-place]")).to_have_text(f"2 of {len(cameras)}")
    page.keyboard.press("n")
    expect(page.locator("h1")).to_have_text(cameras[2])
    page.get_by_role("link", name="All that was found").click()
    page.wait_for_url("/?q=a+person")


def test_the_saved_frame_is_the_one_on_screen(
    page: Page, player: PlayerArchive, tmp_path: Path
) -> None:
    go_to(page, player, "Old", 20)
    page.keyboard.press(".")
    expect_frame(page, player, "Old", 21)
    with page.expect_download() as started:
        page.keyboard.press("s")
    assert started.value.suggested_filename == "Old_00-00-00.840.png"
    started.value.save_as(tmp_path / "frame.png")
    picture = Pillow.open(tmp_path / "frame.png")
    assert picture.size == (320, 240)
    assert number_in(np.asarray(picture.convert("RGB"))) == 21


def test_timecode_and_link_are_copied_or_else_selected(
    browser: Browser, address: str, player: PlayerArchive
) -> None:
    context = browser.new_context(
        base_url=address, permissions=["clipboard-read", "clipboard-write"]
    )
    page = context.new_page()
    go_to(page, player, "Door", 21)
    page.keyboard.press("c")
    expect(page.locator(".said")).to_have_text("Timecode copied")
    assert page.evaluate("navigator.clipboard.readText()") == "00:00:01.340"
    page.get_by_text("Copy link").click()
    expect(page.locator(".said")).to_have_text("Link copied")
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == f"{address}recordings/{player.recordings['Door'].id}/play?t=1.340"
    page.evaluate(
        "() => { navigator.clipboard.writeText = () => Promise.reject(new Error('refused')); }"
    )
    page.keyboard.press("c")
    expect(page.locator(".said")).to_have_text("Timecode selected; copy it with Ctrl C")
    assert page.evaluate("getSelection().toString()").strip() == "00:00:01.340"
    context.close()


def test_everything_can_be_done_by_keys_and_the_keys_are_listed(
    page: Page, player: PlayerArchive
) -> None:
    open_at(page, player, "Door", "1,2")
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_be_visible()
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    video = page.locator("video")
    page.keyboard.press("+")
    expect(video).to_have_js_property("playbackRate", 2)
    expect(page.locator(".said")).to_have_text("Speed 2")
    for _ in range(4):
        page.keyboard.press("-")
    expect(video).to_have_js_property("playbackRate", 0.25)
    page.keyboard.press("1")
    expect(video).to_have_js_property("playbackRate", 1)
    page.keyboard.press("m")
    expect(video).to_have_js_property("muted", True)
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.locator(".said")).to_have_text("Playing")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-now]")).to_contain_text("00:00:0")
    for button in page.locator(".player button").all():
        assert button.evaluate("button => button.ariaLabel || button.textContent.trim()")


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
