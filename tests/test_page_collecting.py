"""Collecting and a case in a real Chromium, with scripts and without."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from mmrag_video.cases import finding_by_eye
from mmrag_video.catalog.case_records import Case, CaseMoment
from mmrag_video.moments import Span
from tests.browser import NARROW, WIDE, served, wait_until_playable, watched_context
from tests.page_archive import PageArchive, page_archive

RESULTS = "/?q=a+box"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageArchive]:
    """An archive of this file's own, to be written."""
    with page_archive(tmp_path_factory.mktemp("collecting")) as opened:
        yield opened


@pytest.fixture(scope="module")
def address(own: PageArchive) -> Iterator[str]:
    with served(own.archive) as running:
        yield running


@pytest.fixture
def context(browser: Browser, address: str, own: PageArchive) -> Iterator[BrowserContext]:
    for case in own.archive.catalog.cases.all():
        own.archive.catalog.cases.remove(case.id)
    with watched_context(browser, address) as watched:
        yield watched


@pytest.fixture
def theft(own: PageArchive, context: BrowserContext) -> Case:
    """A case with three seconds of the yard's recording, one by one."""
    case = own.archive.catalog.cases.make("theft", "ana")
    spans = [Span(own.yard, Fraction(at), Fraction(at + 1)) for at in (2, 5, 8)]
    findings = [finding_by_eye(own.archive, span) for span in spans]
    own.archive.catalog.cases.add(case.id, findings, "ana")
    return case


def moments(own: PageArchive, case: Case) -> list[CaseMoment]:
    return own.archive.catalog.cases.moments(case.id)


def starts(page: Page) -> list[str]:
    return [
        text.partition(" – ")[0]
        for text in page.locator(".collected .timecode span:first-child").all_inner_texts()
    ]


def let_stay(page: Page) -> None:
    """So that a page that was loaded again is told from one that was not."""
    page.evaluate("window.stayed = true")


def stayed(page: Page) -> bool:
    return bool(page.evaluate("window.stayed === true"))


def test_results_are_collected_by_button_key_and_together_without_a_reload(
    page: Page, own: PageArchive
) -> None:
    page.goto(RESULTS)
    let_stay(page)
    cards = page.locator("li.card")
    bar = page.locator("#collect")
    cards.nth(0).get_by_role("button", name="Collect").click()
    expect(bar.get_by_role("status")).to_have_text("Choose a case, or give the new one a name.")
    expect(bar.get_by_label("Name", exact=True)).to_be_focused()
    bar.get_by_label("Name", exact=True).fill("theft x")
    cards.nth(0).get_by_role("button", name="Collect").click()
    expect(cards.nth(0).get_by_role("link", name="in theft x")).to_be_visible()
    expect(bar.get_by_label("Name", exact=True)).to_be_hidden()
    cards.nth(1).locator("a.play").first.focus()
    page.keyboard.press("x")
    expect(cards.nth(1).get_by_role("link", name="in theft x")).to_be_visible()
    expect(bar.get_by_role("status")).to_have_text("1 moment collected into “theft x”.")
    for card in cards.all():
        card.get_by_role("checkbox").check()
    bar.get_by_role("button", name="Collect selected").click()
    expect(page.locator(".card .mark")).to_have_count(cards.count())
    expect(page.locator(".card :checked")).to_have_count(0)
    assert stayed(page)
    [case] = own.archive.catalog.cases.all()
    assert len(moments(own, case)) == cards.count()
    page.reload()
    expect(page.locator(".card .mark")).to_have_count(cards.count())
    page.locator(".card .mark").first.click()
    expect(page.get_by_role("heading", name="theft x")).to_be_visible()


def test_a_part_is_collected_where_it_is_seen_in_the_player(
    page: Page, own: PageArchive, theft: Case
) -> None:
    page.goto(RESULTS)
    let_stay(page)
    page.locator("li.card a.play[href*='" + own.yard.id + "']").first.click()
    dialog = page.get_by_role("dialog")
    video = dialog.locator("video")
    wait_until_playable(video)
    at(video, 3)
    dialog.get_by_role("button", name="Start here").click()
    at(video, 4)
    dialog.get_by_role("button", name="End here").click()
    dialog.get_by_role("button", name="Collect", exact=True).click()
    expect(dialog.get_by_text("1 moment collected into “theft”.")).to_be_visible()
    assert stayed(page)
    [span] = moments(own, theft)[-1].spans
    assert (span.start, span.end) == (3, 4)


def test_what_is_collected_in_the_player_as_it_was_found_is_known_as_found(
    page: Page, own: PageArchive, theft: Case
) -> None:
    page.goto(RESULTS)
    page.locator("li.card a.play[href*='" + own.yard.id + "']").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Collect", exact=True).click()
    expect(dialog.get_by_text("1 moment collected into “theft”.")).to_be_visible()
    found = moments(own, theft)[-1].found
    assert found.query == "a box" and found.score is not None and found.why


def at(video: Locator, seconds: float) -> None:
    video.evaluate(
        """(video, seconds) => new Promise((resolve) => {
            video.pause();
            video.addEventListener("seeked", resolve, { once: true });
            video.currentTime = seconds;
        })""",
        seconds,
    )


def test_moments_are_ordered_described_removed_and_put_back_without_a_reload(
    page: Page, own: PageArchive, theft: Case, tmp_path: Path
) -> None:
    page.goto(f"/cases/{theft.id}")
    let_stay(page)
    down = page.get_by_role("button", name="Move moment 1 down")
    down.focus()
    page.keyboard.press("Enter")
    expect(
        page.locator(".collected > li").nth(1).locator("button[title='Move down']")
    ).to_be_focused()
    assert starts(page) == ["00:00:05.000", "00:00:02.000", "00:00:08.000"]
    page.locator(".grip").nth(2).drag_to(page.locator(".collected > li").nth(0))
    expect(page.locator(".collected .timecode").first).to_contain_text("00:00:08.000")
    assert starts(page) == ["00:00:08.000", "00:00:05.000", "00:00:02.000"]
    page.get_by_text("Trim, note, tags").first.click()
    first = page.locator(".collected > li").first
    first.get_by_role("textbox", name="Note").fill("he leaves")
    first.get_by_role("textbox", name="Tags").fill("bag, coat")
    first.get_by_role("button", name="Save note and tags").click()
    expect(first.locator(".tag")).to_have_text(["bag", "coat"])
    expect(first.get_by_role("textbox", name="Note")).to_be_visible()  # what was open stays open
    first.get_by_label("End").fill("99")
    first.get_by_role("button", name="Trim", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("is past the end of its recording")
    page.screenshot(path=tmp_path / "case.png", full_page=True)
    page.get_by_role("button", name="Remove moment 1").click()
    expect(page.get_by_role("button", name="Put it back")).to_be_focused()
    expect(page.locator(".collected > li")).to_have_count(2)
    page.get_by_role("button", name="Put it back").click()
    expect(page.locator(".collected > li")).to_have_count(3)
    assert stayed(page)
    assert [int(one.spans[0].start) for one in moments(own, theft)] == [8, 5, 2]
    assert moments(own, theft)[0].tags == ("bag", "coat")


def test_what_was_typed_and_not_saved_stays_over_every_other_change(
    page: Page, own: PageArchive, theft: Case
) -> None:
    first, second, _ = moments(own, theft)
    page.goto(f"/cases/{theft.id}")
    for number in (0, 1):
        page.get_by_text("Trim, note, tags").nth(number).click()
    note, other = (page.locator(f"#note-{one.id}") for one in (first, second))
    note.fill("he leaves")
    other.fill("he comes back")
    page.get_by_role("button", name="Move moment 3 up").click()
    expect(page.locator(".collected .timecode").nth(1)).to_contain_text("00:00:08.000")
    expect(note).to_have_value("he leaves")
    expect(other).to_have_value("he comes back")
    page.get_by_role("button", name="Remove moment 2").click()
    expect(page.locator(".collected > li")).to_have_count(2)
    own.archive.catalog.cases.describe(first.id, "he waits", [])
    page.locator(f"#describe-{second.id}").click()
    expect(page.locator(".case-note")).to_have_text(["he waits", "he comes back"])
    expect(note).to_have_value("he leaves")
    save = page.locator(f"#describe-{first.id}")
    save.click()
    expect(page.get_by_role("alert")).to_contain_text("Somebody else has changed the note")
    expect(note).to_have_value("he leaves")
    page.get_by_role("button", name="Move moment 1 down").click()
    expect(page.locator(".collected .timecode").first).to_contain_text("00:00:05.000")
    expect(note).to_have_value("he leaves")
    save.click()
    expect(page.locator(".case-note")).to_have_text(["he comes back", "he leaves"])
    assert moments(own, theft)[1].note == "he leaves"


def test_what_was_typed_stays_where_the_change_cannot_be_made(
    page: Page, own: PageArchive, theft: Case
) -> None:
    page.goto(f"/cases/{theft.id}")
    page.get_by_text("Trim, note, tags").first.click()
    note = page.get_by_role("textbox", name="Note").first
    note.fill("he leaves")
    own.archive.catalog.cases.remove(theft.id)
    page.get_by_role("button", name="Move moment 1 down").click()
    expect(page.get_by_role("alert")).to_contain_text("There is no such case, or not any more.")
    expect(note).to_have_value("he leaves")


def test_a_moment_is_trimmed_in_the_player_over_its_case(
    page: Page, own: PageArchive, theft: Case
) -> None:
    page.goto(f"/cases/{theft.id}")
    let_stay(page)
    page.locator(".collected a.play").nth(1).click()
    dialog = page.get_by_role("dialog")
    video = dialog.locator("video")
    wait_until_playable(video)
    at(video, 4.5)
    dialog.get_by_role("button", name="Start here").click()
    dialog.get_by_role("button", name="Trim the moment").click()
    expect(dialog.get_by_text("Trimmed.")).to_be_visible()
    assert [(one.start, one.end) for one in moments(own, theft)[1].spans] == [(Fraction("4.5"), 6)]
    dialog.get_by_label("End").fill("1")
    dialog.get_by_role("button", name="Trim the moment").click()
    expect(dialog.get_by_text("cannot end at 00:00:01.000")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".collected .timecode").nth(1)).to_contain_text(
        "00:00:04.500 – 00:00:06.000"
    )
    assert stayed(page)


def test_collecting_and_a_case_need_no_script(
    browser: Browser, address: str, own: PageArchive, context: BrowserContext
) -> None:
    plain = browser.new_context(java_script_enabled=False, base_url=address)
    page = plain.new_page()
    page.goto("/cases")
    page.get_by_label("Name").fill("theft")
    page.get_by_role("button", name="Make a case").click()
    page.goto(RESULTS)
    for card in page.locator("li.card").all()[:2]:
        card.get_by_role("checkbox").check()
    page.get_by_role("button", name="Collect selected").click()
    page.wait_for_url(RESULTS)
    expect(page.locator(".card .mark")).to_have_count(2)
    page.locator("li.card").nth(2).get_by_role("button", name="Collect").click()
    expect(page.locator(".card .mark")).to_have_count(3)
    page.locator(".card .mark").first.click()
    before = starts(page)
    page.get_by_role("button", name="Move moment 3 up").click()
    assert starts(page) == [before[0], before[2], before[1]]
    page.locator(".collected a.play").first.click()
    page.get_by_label("End").fill("0:02")
    expect(page.get_by_role("button", name="End here")).to_be_hidden()
    page.get_by_role("button", name="Trim the moment").click()
    expect(page.locator(".collected .timecode").first).to_contain_text("– 00:00:02.000")
    page.get_by_role("button", name="Remove moment 1").click()
    page.get_by_role("button", name="Put it back").click()
    expect(page.locator(".collected > li")).to_have_count(3)
    page.get_by_text("Rename, note, remove").click()
    page.get_by_role("button", name="Remove the case").click()
    expect(page.get_by_text("No case yet.")).to_be_visible()
    plain.close()


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_nothing_is_wider_than_the_window(
    page: Page, own: PageArchive, theft: Case, viewport: dict[str, int], tmp_path: Path
) -> None:
    cases = own.archive.catalog.cases
    cases.rename(theft.id, "Theft of the blue bicycle_" + 60 * "x")
    cases.describe(moments(own, theft)[0].id, "n" * 300, ["t" * 40, "bag"])
    page.set_viewport_size(viewport)
    player = f"/recordings/{own.yard.id}/play?t=2,3"
    for number, path in enumerate((f"/cases/{theft.id}", "/cases", RESULTS, player)):
        page.goto(path)
        for part in page.locator(".cases details").all():
            part.evaluate("part => { part.open = true }")
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, path
        page.screenshot(path=tmp_path / f"{number}.png", full_page=True)
