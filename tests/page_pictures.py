"""Pictures of the main pages for docs/pages.md, as wide as a screen and as a telephone.

python -m tests.page_pictures http://127.0.0.1:8642/ 'a man on a bicycle' docs/images/pages
"""

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from urllib.parse import urlencode, urljoin

from PIL import Image
from playwright.sync_api import Browser, Page

from tests.browser import NARROW, WIDE, open_browser

_SETTLED = 1500
"""Milliseconds that a page gets to come to rest: a video's first picture, a reranked order."""
_PICTURES_ARE_THERE = """() => Promise.all(
    [...document.images]
        .filter((one) => one.checkVisibility() && one.getBoundingClientRect().top < innerHeight)
        .map((one) => one.decode().catch(() => {}))
)"""
_QUALITY = 82


def addresses(page: Page, start: str, words: str) -> Iterator[tuple[str, str]]:
    """Each page's name and address; a result, a case and a camera are the first there are."""
    search = urlencode({"q": words})
    yield "start", start
    yield "search", f"{start}?{search}"
    yield "player", _first_link(page, f"{start}?{search}", "li.card a.play")
    yield "timeline", f"{start}timeline?{search}"
    yield "cases", f"{start}cases"
    yield "case", _first_link(page, f"{start}cases", ".case-list a")
    yield "exports", f"{start}exports"
    yield "saved", f"{start}saved"
    yield "work", f"{start}work"
    yield "failed", f"{start}queue/failed"
    yield "cameras", f"{start}cameras"
    yield "camera", _first_link(page, f"{start}cameras", "main a[href^='/cameras/']")
    yield "models", f"{start}models"
    yield "health", f"{start}health"
    yield "audit", f"{start}audit"
    yield "users", f"{start}users"


def take_all(browser: Browser, start: str, words: str, folder: Path) -> None:
    """Write `NAME-wide.webp` and `NAME-narrow.webp` of each page into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    found = list(addresses(browser.new_page(), start, words))
    for width, size in (("wide", WIDE), ("narrow", NARROW)):
        page = browser.new_page(viewport=size)
        for name, address in found:
            answer = page.goto(address, wait_until="domcontentloaded")
            assert answer is not None and answer.ok, f"{address} is not there"
            page.evaluate(_PICTURES_ARE_THERE)
            page.wait_for_timeout(_SETTLED)
            picture = Image.open(BytesIO(page.screenshot()))
            picture.save(folder / f"{name}-{width}.webp", quality=_QUALITY, method=6)


def _first_link(page: Page, address: str, selector: str) -> str:
    page.goto(address)
    href = page.locator(selector).first.get_attribute("href")
    assert href, f"There is no {selector} on {address}."
    return urljoin(address, href)


if __name__ == "__main__":
    with open_browser() as opened:
        take_all(opened, sys.argv[1], sys.argv[2], Path(sys.argv[3]))
