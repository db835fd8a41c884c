"""What looks like a frame, or a box drawn on it: in a real Chromium, and asked by hostile hands."""

import hashlib
import io
import re
from collections.abc import Iterator
from fractions import Fraction
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from PIL import Image as Pillow
from playwright.sync_api import Browser, Page, ViewportSize, expect

from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.records import Recording
from mmrag_video.catalog.users import Role
from tests.browser import NARROW, WIDE, served, wait_until_playable
from tests.page_archive import PageArchive, scene_picture
from tests.page_client import UNKNOWN_ID, get, words_of
from tests.people import logged_in, with_users
from tests.results_archive import ResultsArchive, results_archive, strip_of_the_hall

RESULTS = "/?q=a+box"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ResultsArchive]:
    with results_archive(tmp_path_factory.mktemp("results")) as opened:
        yield opened


@pytest.fixture(scope="module")
def hall(own: ResultsArchive) -> Recording:
    return own.recordings["Hall"]


@pytest.fixture(scope="module")
def address(own: ResultsArchive) -> Iterator[str]:
    with served(own.archive) as running:
        yield running


def arguments(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def frame_time(address: str | None) -> Fraction:
    """Of a kept frame's picture."""
    found = re.search(r"/(\d+)-(\d+)\.jpg$", address or "")
    assert found is not None
    return Fraction(int(found[1]), int(found[2]))


def test_what_looks_like_the_shown_frame_is_an_address_that_opens_again(
    page: Page, hall: Recording
) -> None:
    page.goto(f"{RESULTS}&camera=Hall")
    card = strip_of_the_hall(page)
    frame = card.locator(".strip a").last
    frame.focus()
    time = frame_time(frame.locator("img").get_attribute("src"))
    page.keyboard.press("v")
    page.wait_for_url(re.compile("like="))
    like = f"{hall.id},{time.numerator}/{time.denominator}"
    assert arguments(page) == {"camera": ["Hall"], "like": [like]}
    expect(page.get_by_role("heading", level=1)).to_contain_text("this frame")
    chosen = page.get_by_role("img", name="The frame searched with")
    expect(chosen).to_have_js_property("complete", True)
    assert chosen.evaluate("picture => picture.naturalWidth") == hall.width
    found = page.locator("li.card h3").all_inner_texts()
    other = page.context.new_page()
    other.goto(page.url)
    assert other.locator("li.card h3").all_inner_texts() == found
    page.get_by_role("searchbox").fill("a red box")
    page.get_by_role("button", name="Search", exact=True).click()
    page.wait_for_url(re.compile("q=a"))
    assert arguments(page)["like"] == [like], "words and frame are searched for together"
    page.get_by_role("link", name="Search without the picture").click()
    expect(chosen).to_have_count(0)
    assert "like" not in arguments(page)


def test_a_box_is_drawn_by_pointer_arrows_and_numbers(page: Page, hall: Recording) -> None:
    page.goto(f"/recordings/{hall.id}/frame?time=4")
    picture = page.locator(".drawing img")
    expect(picture).to_have_js_property("complete", True)
    place = picture.bounding_box()
    assert place is not None
    page.mouse.move(place["x"] + place["width"] * 0.8, place["y"] + place["height"] * 0.75)
    page.mouse.down()
    page.mouse.move(place["x"] + place["width"] * 0.3, place["y"] + place["height"] * 0.35)
    page.mouse.up()
    sides = [page.get_by_label(side, exact=True) for side in ("Left", "Top", "Right", "Bottom")]
    values = [float(side.input_value()) for side in sides]
    assert values == pytest.approx([30, 35, 80, 75], abs=1)
    page.locator(".drawn").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    moved = [float(side.input_value()) for side in sides]
    assert moved == pytest.approx([values[0] + 1, values[1], values[2] + 1, values[3] + 1])
    page.get_by_role("button", name="No box").click()
    expect(page.locator(".drawn")).to_be_hidden()
    for side, value in zip(sides, ("25", "37.5", "75", "70.8"), strict=True):
        side.fill(value)
    expect(page.locator(".drawn")).to_be_visible()
    page.get_by_label("And in words").fill("a red box")
    page.get_by_role("button", name="Find similar").click()
    page.wait_for_url(re.compile("box="))
    assert arguments(page) == {
        "q": ["a red box"],
        "like": [f"{hall.id},4/1"],
        "box": ["25,37.5,75,70.8"],
    }
    chosen = page.get_by_role("img", name="The frame searched with")
    assert chosen.evaluate("picture => [picture.naturalWidth, picture.naturalHeight]") == [160, 80]
    expect(page.locator("li.card").first).to_be_visible()


def test_a_box_needs_no_script(browser: Browser, address: str, hall: Recording) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=address)
    page = context.new_page()
    page.goto(f"/recordings/{hall.id}/play?t=3,4")
    page.get_by_role("link", name="Draw a box").click()
    for side, value in (("Left", "20"), ("Top", "20"), ("Right", "60"), ("Bottom", "80")):
        page.get_by_label(side, exact=True).fill(value)
    page.get_by_role("button", name="Find similar").click()
    assert arguments(page)["box"] == ["20,20,60,80"]
    expect(page.locator("li.card").first).to_be_visible()
    context.close()


def test_the_players_frame_is_searched_with_at_its_exact_time(page: Page, hall: Recording) -> None:
    page.goto(f"/recordings/{hall.id}/play?t=3,4")
    video = page.locator("video")
    wait_until_playable(video)
    video.evaluate(
        """video => new Promise((resolve) => {
            video.pause();
            video.addEventListener("seeked", resolve, { once: true });
            video.currentTime = 4.51;
        })"""
    )
    expect(page.locator("[data-now]")).to_have_text("00:00:04.480")
    page.locator(".player").press("d")
    page.wait_for_url(re.compile("/frame"))
    assert Fraction(arguments(page)["time"][0]) == Fraction(112, 25), (
        "the frame on screen at 4.51 s"
    )
    page.go_back()
    wait_until_playable(page.locator("video"))
    page.get_by_role("link", name="Find similar").click()
    page.wait_for_url(re.compile("like="))
    assert arguments(page)["like"][0].startswith(hall.id + ",")


def test_a_picture_is_dropped_or_pasted(page: Page) -> None:
    file = io.BytesIO()
    scene_picture((200, 30, 30)).save(file, "PNG")
    for event, carrier in (("drop", "dataTransfer"), ("paste", "clipboardData")):
        page.goto("/")
        page.evaluate(
            """([event, carrier, bytes]) => {
                const held = new DataTransfer();
                held.items.add(new File([new Uint8Array(bytes)], "box.png", { type: "image/png" }));
                const Kind = event === "drop" ? DragEvent : ClipboardEvent;
                const options = { bubbles: true, cancelable: true, [carrier]: held };
                document.querySelector(".words").dispatchEvent(new Kind(event, options));
            }""",
            [event, carrier, list(file.getvalue())],
        )
        page.wait_for_url("/?picture=*")
        expect(page.locator("li.card").first).to_be_visible()


def test_a_frame_dragged_into_the_box_is_searched_with(page: Page) -> None:
    page.goto(RESULTS)
    strip_of_the_hall(page).locator("> a.play").drag_to(page.get_by_role("searchbox"))
    page.wait_for_url(re.compile("like="))


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_nothing_is_wider_than_the_window(page: Page, size: ViewportSize, hall: Recording) -> None:
    page.set_viewport_size(size)
    like = f"{hall.id},5"
    frame = f"/recordings/{hall.id}/frame?time=5"
    for path in (f"{RESULTS}&group=time", f"/?like={like}&box=10,10,60,60", frame):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


@pytest.mark.parametrize(
    ("like", "box", "status", "sentence"),
    [
        ("nothing", "", 400, "this is not a recording's id and a time"),
        ("{yard}", "", 400, "this is not a recording's id and a time"),
        ("{yard},", "", 400, "this is not a recording's id and a time"),
        ("{yard},-1", "", 400, "this is not a recording's id and a time"),
        ("{yard},1/0", "", 400, "is a fraction over zero"),
        ("{yard},1/2/3", "", 400, "is not a number of seconds"),
        ("{yard},99999999", "", 400, "lies behind the end of the recording"),
        ("{yard},99999999999999999999/1", "", 400, "lies behind the end of the recording"),
        ("{yard},../../x", "", 400, "this is not a recording's id and a time"),
        (f"{UNKNOWN_ID},1", "", 404, "There is no such recording"),
        ("{yard},1", "1,2,3", 400, "is not left, top, right and bottom in per cent"),
        ("{yard},1", "a,b,c,d", 400, "is not left, top, right and bottom in per cent"),
        ("{yard},1", "-5,0,50,50", 400, "is not left, top, right and bottom in per cent"),
        ("{yard},1", "nan,0,50,50", 400, "is not left, top, right and bottom in per cent"),
        ("{yard},1", "0,0,101,50", 400, "must lie within the picture"),
        ("{yard},1", "50,0,50,50", 400, "must lie within the picture"),
        ("{yard},1", "0,60,50,50", 400, "must lie within the picture"),
        ("{yard},1", "10,10,10.01,90", 400, "to be compared it needs 8 each way"),
        ("<script>alert(1)</script>", "<script>", 400, "this is not a recording's id"),
    ],
)
def test_what_is_no_frame_gets_one_sentence(
    client: FlaskClient,
    collection: PageArchive,
    like: str,
    box: str,
    status: int,
    sentence: str,
) -> None:
    fields = {"like": like.replace("{yard}", collection.yard.id), "box": box}
    for path in ("/", "/like.jpg"):
        answer = get(client, path, query_string=fields)
        assert answer.status_code == status
        assert sentence in words_of(answer)
        assert "<script>alert" not in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/recordings/{UNKNOWN_ID}/frame?time=1", 404),
        ("/recordings/{yard}/frame?time=x", 400),
        ("/recordings/{yard}/frame?time=99999999", 400),
        ("/similar", 400),
        ("/similar?like={yard},1&left=5", 400),
        ("/similar?like={yard},1&left=0&top=0&right=1e9&bottom=5", 400),
        ("/?q=a&group=nonsense", 400),
        ("/?q=a&stage=nonsense", 400),
    ],
)
def test_other_addresses_that_mean_nothing_are_refused(
    client: FlaskClient, collection: PageArchive, path: str, status: int
) -> None:
    answer = get(client, path.replace("{yard}", collection.yard.id))
    assert answer.status_code == status
    assert "Traceback" not in words_of(answer)


def test_frames_of_other_peoples_cameras_are_not_there(collection: PageArchive) -> None:
    with with_users(collection.archive, vera=(Role.VIEWER, ("Gate",))):
        hers, yards = logged_in(collection.archive, "vera"), collection.yard.id
        for path in (
            f"/?like={yards},1",
            f"/like.jpg?like={yards},1",
            f"/recordings/{yards}/frame?time=1",
            f"/similar?like={yards},1",
        ):
            assert get(hers, path).status_code == 404
        own = f"{collection.gate.id},1"
        assert get(hers, f"/like.jpg?like={own}&box=0,0,50,50").status_code == 200
        found = get(hers, f"/?like={own}").get_data(as_text=True)
        assert collection.gate.id in found
        assert yards not in found


def test_a_frame_is_not_to_be_had_among_the_uploads(
    client: FlaskClient, collection: PageArchive
) -> None:
    shown = get(client, f"/like.jpg?like={collection.yard.id},3/2&box=0,0,50,100")
    assert Pillow.open(io.BytesIO(shown.data)).size == (160, 240)
    name = hashlib.sha256(shown.data).hexdigest()
    assert get(client, f"/pictures/{name}.jpg").status_code == 400


def test_the_small_picture_is_searched_with_where_the_file_is_gone(
    collection: PageArchive, client: FlaskClient
) -> None:
    page = get(client, "/?q=a+box&camera=Gate").get_data(as_text=True)
    found = re.search(rf"/frames/{collection.gate.id}/(\d+)-(\d+)\.jpg", page)
    assert found is not None
    away = collection.gate.path.with_suffix(".away")
    collection.gate.path.rename(away)
    try:
        kept = get(client, f"/like.jpg?like={collection.gate.id},{found[1]}/{found[2]}")
        assert Pillow.open(io.BytesIO(kept.data)).size == (320, 240)
        between = get(client, f"/like.jpg?like={collection.gate.id},1234567/1000000")
        assert between.status_code == 410
    finally:
        away.rename(collection.gate.path)


def test_what_is_searched_like_is_noted_in_the_audit_log(
    client: FlaskClient, collection: PageArchive
) -> None:
    like = f"{collection.yard.id},3/2"
    get(client, f"/?like={like}&box=0,0,50,50")
    newest = next(collection.archive.catalog.audit.entries(limit=1))
    assert newest.action is Action.SEARCH
    assert newest.about == {"like": like, "box": "0,0,50,50"}
