"""Answers in words on the page: as it answers, and as a visitor sees it in a real Chromium."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, Page, expect

from mmrag_video.archive import Archive
from mmrag_video.settings import GeneratorSettings
from tests.browser import NARROW, served, wait_until_playable
from tests.chat_server import ChatServer
from tests.page_archive import HOSTILE_CAMERA, PageArchive
from tests.page_client import UNKNOWN_ID, get, words_of
from web.app import create_app

RESULTS = "/?q=nobody+to+be+seen"
"""All three recordings answer it, with confidence."""
ANSWER = "/answer?q=nobody+to+be+seen"
ABSENT = "q=a+horse+jumping+over+a+fence"


@pytest.fixture
def chat(writing_server: ChatServer) -> ChatServer:
    writing_server.asked.clear()
    writing_server.says("The yard is quiet [1][3]. A horse jumps [9].")
    return writing_server


@pytest.fixture(scope="module")
def asking(collection: PageArchive, writing_server: ChatServer) -> Iterator[Archive]:
    """The page's recordings, with a generator."""
    generator = GeneratorSettings(url=writing_server.url)
    settings = collection.archive.settings.model_copy(update={"generator": generator})
    with Archive(settings) as archive:
        yield archive


@pytest.fixture
def asking_client(asking: Archive, chat: ChatServer) -> FlaskClient:
    return create_app(asking).test_client()


# As the page answers


def test_without_a_generator_nothing_is_offered(client: FlaskClient):
    page = words_of(get(client, RESULTS))
    assert "/answer" not in page and "answer.js" not in page
    refused = get(client, ANSWER)
    assert refused.status_code == 400
    assert "set generator.url" in words_of(refused)


def test_an_answer_is_offered_where_words_found_something(asking_client: FlaskClient):
    filters = "&camera=Gate&camera=Yard"
    page = get(asking_client, RESULTS + filters).get_data(as_text=True)
    assert 'href="/answer?q=nobody+to+be+seen&amp;camera=Gate&amp;camera=Yard"' in page
    assert "/answer" not in words_of(get(asking_client, f"/?{ABSENT}"))
    assert "/answer" not in words_of(get(asking_client, "/"))


def test_the_answer_cites_what_was_found_and_is_marked_as_written_by_a_machine(
    asking_client: FlaskClient,
):
    page = words_of(get(asking_client, ANSWER))
    assert "Written by a machine" in page and "It may be wrong" in page
    assert "The yard is quiet." in page and "horse" not in page
    assert "1 sentence left out" in page
    for number in (1, 3):
        assert f'href="#cited-{number}"' in page and f'id="cited-{number}"' in page
    for number in (2, 9):
        assert f"cited-{number}" not in page
    assert page.count('class="card ') == 2


def test_not_seen_is_said_without_asking_where_nothing_was_found(
    asking_client: FlaskClient, chat: ChatServer
):
    page = words_of(get(asking_client, f"/answer?{ABSENT}"))
    assert "Not seen in the recordings that were searched." in page
    assert "Written by a machine" not in page and 'class="card ' not in page
    assert chat.asked == []


def test_not_seen_by_the_machine_is_said_likewise(asking_client: FlaskClient, chat: ChatServer):
    chat.says("NOT SEEN")
    page = words_of(get(asking_client, ANSWER))
    assert "Not seen in the recordings that were searched." in page
    assert "It may have overlooked something." in page


def test_only_the_chosen_cameras_and_times_are_looked_at(
    asking_client: FlaskClient, chat: ChatServer
):
    get(asking_client, f"{ANSWER}&camera=Gate")
    assert chat.words().count("Moment [") == 1 and "Camera: Gate" in chat.words()
    get(asking_client, f"{ANSWER}&from=2025-03-04T14:03")
    assert chat.words().count("Moment [") == 1 and "Camera: Yard" in chat.words()


def test_markup_that_a_machine_writes_stays_text(asking_client: FlaskClient, chat: ChatServer):
    chat.says("<img src=y onerror=alert(1)> <script>alert(2)</script> [1][2][3].")
    page = get(asking_client, ANSWER).get_data(as_text=True)
    assert "<img src=y" not in page and "<script>alert" not in page
    assert "&lt;script&gt;alert(2)&lt;/script&gt;" in page
    assert "<img src=x" not in page, "the camera's name"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("", "Only a question in words"),
        ("q=a&camera=Nowhere", "There is no camera named 'Nowhere'"),
        ("q=a&from=yesterday", "is not a date and time such as"),
        (f"q=a&picture={UNKNOWN_ID}", "The query picture is no longer here"),
        ("q=" + 501 * "x", "please ask in at most 500"),
    ],
)
def test_what_cannot_be_answered_gets_one_sentence(
    asking_client: FlaskClient, arguments: str, sentence: str
):
    answer = get(asking_client, f"/answer?{arguments}")
    assert answer.status_code == 400
    assert sentence in words_of(answer)


def test_a_server_that_fails_gets_its_sentence(asking_client: FlaskClient, chat: ChatServer):
    chat.sends(500, "out of memory")
    answer = get(asking_client, ANSWER)
    assert answer.status_code == 422
    assert "failed with status 500" in words_of(answer)


def test_a_few_answers_at_a_time_and_the_others_are_asked_to_wait(
    asking: Archive, chat: ChatServer
):
    """Each keeps a thread of the server for as long as the model writes."""
    app = create_app(asking)
    both_write, go_on = threading.Barrier(3), threading.Event()

    def write_slowly() -> None:
        both_write.wait(30)
        go_on.wait(30)

    chat.before_answering = write_slowly
    try:
        with ThreadPoolExecutor(2) as threads:
            slow = [threads.submit(get, app.test_client(), ANSWER) for _ in range(2)]
            both_write.wait(30)
            refused = get(app.test_client(), ANSWER)
            found = get(app.test_client(), RESULTS)
            go_on.set()
            assert [one.result().status_code for one in slow] == [200, 200]
    finally:
        chat.before_answering = None
        go_on.set()
    assert refused.status_code == 503
    assert refused.headers["Retry-After"] == "15"
    assert "Other answers are being written" in words_of(refused)
    assert found.status_code == 200
    assert get(app.test_client(), ANSWER).status_code == 200


# As a visitor sees it


@pytest.fixture(scope="module")
def address(asking: Archive) -> Iterator[str]:
    with served(asking) as running:
        yield running


@pytest.fixture
def page(context: BrowserContext, chat: ChatServer) -> Page:
    return context.new_page()


def test_a_click_writes_the_answer_above_the_results(page: Page, chat: ChatServer):
    page.goto(RESULTS)
    cards = page.locator("li.card").count()
    assert chat.asked == [], "nothing is written before it is asked for"
    page.get_by_role("link", name="Answer in words").click()
    written = page.get_by_role("region", name="Answer in words")
    expect(written).to_contain_text("The yard is quiet. [1] [3]")
    expect(written.get_by_text("Written by a machine")).to_be_visible()
    expect(page.locator("li.card")).to_have_count(cards + 2)
    assert page.url.endswith(RESULTS)
    written.get_by_role("link", name="Moment 3").click()
    card = page.locator("#cited-3")
    expect(card).to_be_in_viewport()
    assert card.evaluate("card => getComputedStyle(card).outlineStyle") == "solid"
    card.locator("a.play").first.click()
    wait_until_playable(page.get_by_role("dialog").locator("video"))


def test_while_it_is_written_the_page_says_so(page: Page, chat: ChatServer):
    go_on = threading.Event()
    chat.before_answering = lambda: go_on.wait(30) and None
    try:
        page.goto(RESULTS)
        page.get_by_role("link", name="Answer in words").click()
        expect(page.get_by_role("status")).to_have_text("The model is looking at the moments …")
    finally:
        chat.before_answering = None
        go_on.set()
    expect(page.get_by_role("region", name="Answer in words")).to_be_visible()


def test_what_goes_wrong_is_said_and_can_be_tried_again(page: Page, chat: ChatServer):
    chat.sends(500, "out of memory")
    page.goto(RESULTS)
    page.get_by_role("link", name="Answer in words").click()
    expect(page.get_by_role("alert")).to_contain_text("failed with status 500")
    chat.says("The yard is quiet [1].")
    page.get_by_role("link", name="Answer in words").click()
    expect(page.get_by_role("region", name="Answer in words")).to_contain_text("quiet. [1]")


def test_the_answer_needs_no_script(browser: Browser, address: str, chat: ChatServer):
    context = browser.new_context(java_script_enabled=False, base_url=address)
    page = context.new_page()
    page.goto(RESULTS)
    page.get_by_role("link", name="Answer in words").click()
    page.wait_for_url(ANSWER)
    expect(page.get_by_role("region", name="Answer in words")).to_contain_text("quiet. [1] [3]")
    page.get_by_role("link", name="What the search found").click()
    page.wait_for_url(RESULTS)
    context.close()


def test_markup_is_only_text_in_the_fetched_answer(page: Page, chat: ChatServer):
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    chat.says("<img src=y onerror=alert(1)>A yard [1][2][3].")
    page.goto(RESULTS)
    page.get_by_role("link", name="Answer in words").click()
    written = page.get_by_role("region", name="Answer in words")
    expect(written).to_contain_text("<img src=y onerror=alert(1)>A yard. [1] [2] [3]")
    expect(written.locator("h3", has_text=HOSTILE_CAMERA)).to_be_visible()
    expect(page.locator("img[src='y'], img[src='x']")).to_have_count(0)


def test_nothing_is_wider_than_a_narrow_window(page: Page, chat: ChatServer):
    chat.says(f"{'Long' * 60} words [1][2][3].")
    page.set_viewport_size(NARROW)
    page.goto(ANSWER)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
