"""A real headless Chromium for the page's tests, and for the picture in the README.

python -m tests.browser 'http://127.0.0.1:8642/?q=two+people' docs/images/page.png
"""

import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Locator, ViewportSize, sync_playwright

from mmrag_video.archive import Archive
from web.server import PageServer

WIDE: ViewportSize = {"width": 1440, "height": 900}
NARROW: ViewportSize = {"width": 390, "height": 844}
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = (
    "--no-sandbox",  # tests also run as root in containers
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def served(archive: Archive) -> Iterator[str]:
    """The address of the page over an archive, on a free port."""
    server = PageServer(archive, "127.0.0.1", 0)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server.address
    finally:
        server.close()
        thread.join(30)


@contextmanager
def open_browser() -> Iterator[Browser]:
    """The machine's own Chromium. Playwright's download has no H.264."""
    executable = next(filter(None, map(shutil.which, _NAMES)), None)
    assert executable, "The page's tests need a Chromium: `apt-get install chromium`."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def watched_context(browser: Browser, address: str) -> Iterator[BrowserContext]:
    """Nothing may be loaded from outside, and no script may fail or be refused by the policy."""
    context = browser.new_context(viewport=WIDE, base_url=address)
    complaints: list[str] = []
    context.on("weberror", lambda failure: complaints.append(str(failure.error)))
    context.on("request", lambda request: _note_foreign(request.url, address, complaints))
    context.on("console", lambda line: _note_refusal(line.text, complaints))
    yield context
    context.close()
    assert complaints == []


def _note_foreign(url: str, address: str, complaints: list[str]) -> None:
    if not url.startswith(address):
        complaints.append(f"asked for {url}")


def _note_refusal(line: str, complaints: list[str]) -> None:
    if "Content Security Policy" in line or "Content-Security-Policy" in line:
        complaints.append(line)


def wait_until_playable(video: Locator) -> float:
    """Wait for the video's first picture; returns where it is, in seconds."""
    # Not page.wait_for_function, which the page's Content-Security-Policy refuses.
    video.evaluate(
        """video => video.readyState >= 2 || new Promise((resolve, reject) => {
            video.addEventListener("loadeddata", resolve, { once: true });
            video.addEventListener("error", () => reject(video.error.message), { once: true });
            setTimeout(() => reject(`no picture of ${video.src} within a minute`), 60000);
        })"""
    )
    seconds: float = video.evaluate("video => video.currentTime")
    return seconds


def take_picture(address: str, file: Path, width: int = 1440, height: int = 900) -> None:
    """A picture of the page as a visitor sees it, with all thumbnails loaded."""
    with open_browser() as browser:
        page = browser.new_page(viewport={"width": width, "height": height})
        page.goto(address, wait_until="networkidle")
        file.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=file)


if __name__ == "__main__":
    take_picture(sys.argv[1], Path(sys.argv[2]))
