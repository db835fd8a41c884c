"""The player's page in a browser: opened at a frame, and which frame is on screen."""

import base64
import io
from fractions import Fraction

import numpy as np
from PIL import Image as Pillow
from playwright.sync_api import Locator, Page, expect

from tests.browser import wait_until_playable
from tests.footage import number_in
from tests.player_archive import PlayerArchive

_DRAWN = """video => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext("2d").drawImage(video, 0, 0);
    return canvas.toDataURL("image/png").split(",")[1];
}"""


def open_at(page: Page, player: PlayerArchive, camera: str, times: str, search: str = "") -> None:
    """Open a recording at a moment, and stop it there."""
    page.goto(f"/recordings/{player.recordings[camera].id}/play?t={times}{search}")
    video = page.locator("video")
    wait_until_playable(video)
    video.evaluate("video => { video.autoplay = false; video.pause(); }")


def seek_from_start(page: Page, presses: int) -> None:
    """Go to the start, wherever it played to until it was stopped, and five seconds on a press."""
    page.locator(".bar").focus()
    page.keyboard.press("Home")
    for _ in range(presses):
        page.keyboard.press("ArrowRight")
    wait_until_playable(page.locator("video"))


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
