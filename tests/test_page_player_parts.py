"""What is around the picture of the player, in a real Chromium: marks, boxes, cameras, keys."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from playwright.sync_api import Browser, Page, expect

from mmrag_video.catalog.audit import Action
from tests.browser import served, wait_until_playable
from tests.footage import number_in
from tests.player_archive import PlayerArchive
from tests.player_page import expect_frame, go_to, open_at, seek_from_start


@pytest.fixture(scope="module")
def address(player: PlayerArchive) -> Iterator[str]:
    with served(player.archive) as running:
        yield running


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
    newest = next(player.archive.catalog.audit.entries(limit=1))
    assert newest.action is Action.VIEW, "to open a player is no search"
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


def test_an_end_is_the_time_on_screen_also_in_the_next_copy_of_a_long_recording(
    page: Page, player: PlayerArchive
) -> None:
    open_at(page, player, "Long", "2,3")
    start, end = (page.get_by_label(name, exact=True) for name in ("Start", "End"))
    seek_from_start(page, presses=3)
    expect_frame(page, player, "Long", 150)
    page.get_by_role("button", name="Start here").click()
    expect(start).to_have_value("15.000")
    page.locator(".bar").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("video")).to_have_attribute("src", re.compile("start=20.000"))
    wait_until_playable(page.locator("video"))
    expect_frame(page, player, "Long", 200)
    page.get_by_role("button", name="End here").click()
    expect(end).to_have_value("20.000")


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
