"""The page in a real Chromium: what a visitor sees and does."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import NARROW, WIDE, wait_until_playable
from tests.page_archive import HOSTILE_CAMERA, PageArchive, scene_picture


def test_a_first_visit_leads_to_results_and_to_the_moment(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="Describe what happened")).to_be_visible()
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.get_by_role("searchbox").fill("a red box")
    page.keyboard.press("Enter")
    page.wait_for_url("/?q=a+red+box")  # empty fields stay out of the address
    card = page.locator("li.card", has=page.get_by_role("heading", name="Yard")).first
    start = card.locator(".timecode span").first.inner_text().partition(" – ")[0]
    card.locator("a.play").first.click()
    dialog = page.get_by_role("dialog")
    video = dialog.locator("video")
    seconds = wait_until_playable(video)
    hours, minutes, rest = start.split(":")
    start_seconds = int(hours) * 3600 + int(minutes) * 60 + float(rest)
    _, _, fragment = (video.get_attribute("src") or "").partition("#t=")
    assert float(fragment) == pytest.approx(start_seconds, abs=0.002)
    assert seconds > start_seconds - 0.1  # it plays on while it is looked at
    expect(dialog.locator("[data-now]")).to_contain_text("00:00:")
    expect(dialog.locator("[data-wall]")).to_contain_text("4 Mar 2025")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator("video")).to_have_count(0)
    expect(card.locator("a.play").first).to_be_focused()


def test_an_example_is_one_click(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="two people").click()
    expect(page.get_by_role("searchbox")).to_have_value("two people")
    expect(page.locator("li.card").first).to_be_visible()


def test_thumbnails_are_shown(page: Page) -> None:
    page.goto("/?q=a+box")
    pictures = page.locator("li.card img")
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()
        expect(picture).to_have_js_property("complete", True)
        assert picture.evaluate("picture => picture.naturalWidth") > 0


def test_cameras_are_chosen_and_cleared(page: Page) -> None:
    page.goto("/?q=a+box")
    page.get_by_text("All cameras").click()
    page.get_by_role("checkbox", name="Gate").check()
    page.get_by_role("button", name="Search", exact=True).click()
    page.wait_for_url("/?q=a+box&camera=Gate")
    expect(page.locator("li.card h3").first).to_have_text("Gate")
    assert set(page.locator("li.card h3").all_inner_texts()) == {"Gate"}
    page.get_by_role("link", name="Clear filters").click()
    page.wait_for_url("/?q=a+box")


def test_open_choices_close_on_escape_and_on_a_click_elsewhere(page: Page) -> None:
    page.goto("/?q=a+box")
    choice = page.locator("details.choice").first
    choice.locator("summary").click()
    page.keyboard.press("Escape")
    expect(choice).not_to_have_attribute("open", "")
    choice.locator("summary").click()
    page.locator("h1").click()
    expect(choice).not_to_have_attribute("open", "")


def test_a_picture_is_searched_with_as_soon_as_it_is_chosen(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "box.png"
    scene_picture((200, 30, 30)).save(file)
    page.goto("/")
    page.get_by_text("Picture", exact=True).click()
    page.get_by_label("A picture to search with").set_input_files(file)
    page.wait_for_url("/?picture=*")
    chosen = page.get_by_role("img", name="The picture searched with")
    expect(chosen).to_have_js_property("complete", True)
    assert chosen.evaluate("picture => picture.naturalWidth") > 0
    page.get_by_role("link", name="Search without the picture").click()
    page.wait_for_url("/")


def test_what_browsers_do_not_play_is_re_encoded(page: Page, collection: PageArchive) -> None:
    page.goto("/?q=a+box&camera=Gate")
    page.locator("li.card a.play").first.click()
    dialog = page.get_by_role("dialog")
    wait_until_playable(dialog.locator("video"))
    expect(dialog).to_contain_text("re-encoded to H.264")
    assert dialog.locator("video").evaluate("video => video.videoWidth") == collection.gate.width
    page.keyboard.press("Escape")
    page.goto(f"/recordings/{collection.gate.id}/play?t=5,6")
    # The copy begins three seconds before the moment; the readout shows the recording's time.
    assert wait_until_playable(page.locator("video")) > 2.9
    expect(page.locator("[data-now]")).to_contain_text("00:00:05.")


def test_a_recording_that_is_gone_gets_words_in_the_player(
    page: Page, collection: PageArchive
) -> None:
    away = collection.hostile.path.with_suffix(".away")
    collection.hostile.path.rename(away)
    try:
        page.goto("/?q=a+box")
        page.locator("li.card", has_text=HOSTILE_CAMERA).locator("a.play").first.click()
        expect(page.get_by_role("dialog")).to_contain_text("is not there any more")
    finally:
        away.rename(collection.hostile.path)


def test_errors_and_empty_results_have_words(page: Page) -> None:
    page.goto("/?q=a+box&camera=Nowhere")
    expect(page.get_by_role("alert")).to_contain_text("There is no camera named 'Nowhere'")
    expect(page.get_by_role("searchbox")).to_have_value("a box")
    page.goto("/?q=a+box&to=2001-01-01T00:00")
    expect(page.get_by_role("heading", name="Nothing was found")).to_be_visible()
    page.get_by_role("link", name="Search everywhere").click()
    expect(page.locator("li.card").first).to_be_visible()


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_no_name_of_a_camera_is_cut(page: Page, viewport: dict[str, int]) -> None:
    page.set_viewport_size(viewport)
    long = "Car park level minus two, east entrance_" + 60 * "x"
    for path in ("/", "/?q=a+box"):
        page.goto(path)
        shown = page.locator("h3.name, tbody th").all()
        assert shown
        for name in shown:
            name.evaluate("(name, long) => { name.textContent = long }", long)
            assert name.evaluate("name => name.scrollWidth - name.clientWidth") <= 0
            assert name.evaluate("name => getComputedStyle(name).textOverflow") == "clip"
            assert name.evaluate("name => name.getBoundingClientRect().height") > 30
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_markup_in_names_is_only_text(page: Page) -> None:
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    page.goto("/?q=<img src=x onerror=alert(2)>")
    expect(page.locator("li.card h3", has_text=HOSTILE_CAMERA).first).to_be_visible()
    expect(page.locator("img[src='x']")).to_have_count(0)


@pytest.mark.parametrize("path", ["/", "/?q=a+box", "/?q=a+box&camera=Nowhere", "/nowhere"])
@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_nothing_is_wider_than_the_window(page: Page, path: str, viewport: dict[str, int]) -> None:
    page.set_viewport_size(viewport)
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_the_narrow_player_fits_the_window(page: Page, collection: PageArchive) -> None:
    page.set_viewport_size(NARROW)
    page.goto(f"/recordings/{collection.gate.id}/play?t=5,6")
    wait_until_playable(page.locator("video"))
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_the_keyboard_alone_reaches_the_player_and_shows_where_it_is(page: Page) -> None:
    page.goto("/?q=a+box")
    play = page.locator("li.card a.play").first
    for _ in range(40):
        page.keyboard.press("Tab")
        outline = page.evaluate(
            """() => {
                const focused = document.activeElement;
                const isCard = focused.matches("li.card > a");
                return getComputedStyle(isCard ? focused.parentElement : focused).outlineStyle;
            }"""
        )
        assert outline != "none"
        if play.evaluate("link => link === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").locator("video")).to_be_visible()
    expect(page.get_by_role("slider", name="Time in the recording")).to_be_focused()


def test_dark_and_light_follow_the_system(browser: Browser, address: str) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        page = browser.new_page(color_scheme=scheme)
        page.goto(address)
        grounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        page.close()
    assert grounds == ["rgb(244, 246, 247)", "rgb(17, 21, 24)"]


def test_search_results_and_player_need_no_script(
    browser: Browser, address: str, collection: PageArchive
) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=address)
    page = context.new_page()
    page.goto("/")
    page.get_by_role("searchbox").fill("a box")
    page.get_by_text("All cameras").click()
    page.get_by_role("checkbox", name="Yard").check()
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator("li.card h3").first).to_have_text("Yard")
    page.locator("li.card a.play").first.click()
    page.wait_for_url(f"/recordings/{collection.yard.id}/play?t=*")
    expect(page.locator("video")).to_be_visible()
    expect(page.get_by_text("From the start of the moment")).to_be_hidden()
    context.close()
