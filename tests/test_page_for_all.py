"""Every page is usable by everybody: axe-core finds nothing serious, in light and in dark."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from mmrag_video.archive import Archive
from mmrag_video.camera_settings import change_camera
from mmrag_video.cases import finding_by_eye
from mmrag_video.catalog.reindexings import Wish
from mmrag_video.moments import Span
from tests.browser import NARROW, WIDE, served
from tests.page_archive import PageArchive, page_archive
from tests.people import with_users
from tests.queued import fail_next, wait_in_line
from tests.some_exports import write_some_exports

SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageArchive]:
    """The page's recordings, with a case, exports, masks, a failure and a wish for a new index."""
    with page_archive(tmp_path_factory.mktemp("for-all")) as opened:
        catalog = opened.archive.catalog
        fire = catalog.cases.make("Fire", "local")
        span = Span(opened.yard, Fraction(1), Fraction(2))
        catalog.cases.add(fire.id, [finding_by_eye(opened.archive, span)], "local")
        write_some_exports(opened.archive)
        masks = {"masks": "[[[0, 0], [1, 0], [1, 0.2]]]", "region": "[[0, 0], [1, 0], [1, 1]]"}
        change_camera(opened.archive.settings, catalog, "Yard", masks)
        wait_in_line(catalog, Path("/nvr/broken.mp4"))
        fail_next(catalog, "The recording /nvr/broken.mp4 is damaged.")
        active = catalog.active_index()
        assert active is not None
        catalog.note_index(replace(active, sampler="another"))
        catalog.reindexings.ask(Wish.NEW_INDEX, "ana")
        yield opened


@pytest.fixture(scope="module")
def address(own: PageArchive) -> Iterator[str]:
    with served(own.archive) as running:
        yield running


@pytest.fixture(params=["light", "dark"])
def page(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    theme: Literal["light", "dark"] = request.param
    context = browser.new_context(viewport=WIDE, base_url=address, color_scheme=theme)
    yield context.new_page()
    context.close()


def open_all(page: Page) -> None:
    """What is folded is looked at too, but for menus that lie over the page."""
    page.evaluate(
        """for (const part of document.querySelectorAll("main details:not(.choice, .menu)"))
            part.open = true"""
    )


def serious(page: Page) -> list[str]:
    """What axe-core finds against WCAG and good practice, as rule and place."""
    looked = Axe().run(page).response
    assert looked["passes"], "it did look"
    return [
        f"{page.url}: {rule['id']} at {node['target']}: {node['failureSummary']}"
        for rule in looked["violations"]
        if rule["impact"] in SERIOUS
        for node in rule["nodes"]
    ]


def test_nothing_serious_is_found_on_any_page(page: Page, own: PageArchive) -> None:
    yard = own.yard.id
    found: list[str] = []
    for path in (
        "/",
        "/?q=something+red",
        "/?q=something+red&group=camera",
        "/?q=something+red&from=2025-03-05&to=2025-03-04",
        "/?q=a+box+at+the+gate",
        "/?q=a+box,+then+a+box",
        f"/recordings/{yard}/play?t=1,3",
        f"/recordings/{yard}/frame?t=1",
        "/timeline?from=2025-03-04T14:03&to=2025-03-04T14:04&q=something+red",
        "/cameras",
        "/cameras/Yard",
        "/work",
        "/queue/failed",
        "/models",
        "/models/drop",
        "/models/give-up",
        "/health",
        "/saved",
        "/cases",
        f"/cases/{own.archive.catalog.cases.all()[0].id}",
        "/exports",
        "/users",
        "/audit",
        "/no-such-page",
    ):
        page.goto(path)
        open_all(page)
        found += serious(page)
    page.set_viewport_size(NARROW)
    for path in (
        "/?q=something+red",
        f"/recordings/{yard}/play?t=1,3",
        "/work",
        "/exports",
        "/cameras/Yard",
        f"/cases/{own.archive.catalog.cases.all()[0].id}",
        "/health",
    ):
        page.goto(path)
        open_all(page)
        found += serious(page)
    assert found == []


def test_nothing_serious_is_found_where_one_logs_in(page: Page, own: PageArchive) -> None:
    archive: Archive = own.archive
    with with_users(archive):
        page.goto("/login")
        assert serious(page) == []
