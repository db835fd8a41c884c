"""Login and roles in a real Chromium."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from mmrag_video.archive import Archive
from mmrag_video.catalog.users import Role
from tests.browser import NARROW, served, watched_context
from tests.people import PASSWORD, with_users


@pytest.fixture
def context(browser: Browser, archive: Archive) -> Iterator[BrowserContext]:
    with (
        with_users(archive, vera=(Role.VIEWER, ()), oli=(Role.OPERATOR, ())),
        served(archive) as address,
        watched_context(browser, address) as watched,
    ):
        yield watched


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def log_in(page: Page, name: str, password: str = PASSWORD) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def test_one_logs_in_by_keyboard_lands_where_one_wanted_and_logs_out(page: Page) -> None:
    page.goto("/work")
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type("ana")
    page.keyboard.press("Tab")
    page.keyboard.type("wrong wrong wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("Name or password is wrong.")
    expect(page.get_by_label("Password")).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Recordings arrive")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
    page.locator(".menu summary").last.click()
    page.get_by_role("button", name="Log out").click()
    page.go_back()
    page.reload()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def test_a_viewer_is_offered_what_a_viewer_may(page: Page) -> None:
    page.goto("/work")
    log_in(page, "vera")
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()
    expect(page.get_by_role("button", name="Pause")).to_have_count(0)
    expect(page.get_by_role("button", name="Add the source")).to_have_count(0)
    page.locator(".menu summary").last.click()
    expect(page.get_by_role("link", name="Your account")).to_be_visible()
    expect(page.get_by_role("link", name="Users")).to_have_count(0)
    page.goto("/users")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Only admins may do this; your role is viewer.")


def test_a_page_whose_login_has_ended_asks_for_one(page: Page, archive: Archive) -> None:
    page.goto("/work")
    log_in(page, "oli")
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()
    archive.catalog.logins.end_all("oli")
    expect(page.get_by_text("Please log in; a login ends by itself")).to_be_visible()


def test_an_admin_adds_a_user_and_reads_who_did_what(page: Page, archive: Archive) -> None:
    page.goto("/users")
    log_in(page, "ana")
    form = page.locator("form").filter(has_text="Add a user")
    form.get_by_label("Name").fill("Bob")
    form.get_by_label("Password").fill(PASSWORD)
    form.get_by_label("Role").select_option("operator")
    form.get_by_role("button", name="Add the user").click()
    page.locator(".people summary").filter(has_text="bob").click()
    page.get_by_role("button", name="Disable bob").click()
    expect(page.locator(".people summary").filter(has_text="bob")).to_contain_text("disabled")
    page.goto("/audit")
    expect(page.get_by_role("status")).to_contain_text("The chain holds")
    expect(page.get_by_role("row").nth(1)).to_contain_text("user disabled")


def test_all_of_it_fits_a_telephone(page: Page, archive: Archive) -> None:
    archive.catalog.users.add("x" * 64, PASSWORD, Role.VIEWER, ["camera" * 20])
    page.set_viewport_size(NARROW)
    page.goto("/login")
    log_in(page, "ana")
    page.wait_for_url("**/")
    for path in ("/login", "/account", "/users", "/audit", "/"):
        page.goto(path)
        page.locator(".menu summary").last.click()
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= NARROW["width"], path
