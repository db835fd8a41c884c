"""Pages that follow by themselves: the server tells them of changes, and is not held up by it."""

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

import web.live
from mmrag_video.archive import Archive
from mmrag_video.catalog.users import Role
from tests.browser import served, watched_context
from tests.page_client import get
from tests.people import logged_in, with_users
from tests.queued import WORKER, run_next, wait_in_line
from tests.test_page_server import ask, connect, listening
from tests.test_users import moved
from tests.worker_process import PATIENCE, worker_with
from web.live import MOST_STREAMS, LiveChanges, Topic
from web.login import BY_ITSELF
from web.server import PageServer

ASKED = b"GET /queue/events HTTP/1.1\r\nHost: localhost\r\n\r\n"
READY = b"event: ready"


def read_until(stream: socket.socket, words: bytes) -> bytes:
    """What came, up to these words; all of it where the stream ends before."""
    came = b""
    while words not in came and (part := stream.recv(4096)):
        came += part
    return came


def listener(server: PageServer) -> socket.socket:
    stream = connect(server)
    stream.sendall(ASKED)
    return stream


def ready_listener(server: PageServer) -> socket.socket:
    stream = listener(server)
    assert READY in read_until(stream, READY)
    return stream


def test_a_stream_tells_what_has_changed_and_nothing_else(archive: Archive) -> None:
    wait_in_line(archive.catalog, Path("/nvr/a.mp4"))
    with listening(archive) as server, ready_listener(server) as stream:
        quiet = read_until(stream, b"still here")
        assert b"event: work" not in quiet, "nothing has changed"
        archive.catalog.worker.say(WORKER, "")
        archive.catalog.worker.pause(True)
        assert b"event: work" in read_until(stream, b"event: work")
        archive.catalog.worker.say(WORKER, "")
        time.sleep(2 * web.live._EVERY)
        assert b"event" not in stream.recv(4096), "a sign of life is no change"


def test_streams_leave_the_page_all_its_threads_and_too_many_are_sent_away(
    archive: Archive,
) -> None:
    with listening(archive) as server:
        streams = [ready_listener(server) for _ in range(MOST_STREAMS)]
        refused = read_until(listener(server), b"</html>")
        assert refused.startswith(b"HTTP/1.1 503") and b"Retry-After: 30" in refused
        page = b"GET /work HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        assert ask(server, page).startswith(b"HTTP/1.1 200 OK")
        for stream in streams:
            stream.close()
        deadline = time.monotonic() + 30
        while b"HTTP/1.1 200" not in (came := read_until(listener(server), b"\r\n")):
            assert time.monotonic() < deadline, f"those who went gave no place back: {came!r}"
            time.sleep(0.2)


def test_the_server_ends_at_once_with_streams_open(archive: Archive) -> None:
    with listening(archive) as server:
        stream = ready_listener(server)
        began = time.monotonic()
    assert time.monotonic() - began < 4, "waitress waits 5 s for threads that are at work"
    stream.close()


def test_whoever_may_no_more_is_told_no_more(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web.live, "_LASTS", 2.0)
    with with_users(archive, vera=(Role.VIEWER, ()), gil=(Role.VIEWER, ("Gate",))):
        assert get(logged_in(archive, "gil"), "/queue/events").status_code == 403
        vera = logged_in(archive, "vera")
        answer = get(vera, "/queue/events", buffered=False)
        assert answer.mimetype == "text/event-stream"
        archive.catalog.users.disable("vera")
        assert sum(1 for _ in answer.response) >= 2, "it ends by itself"
        answer.close()
        assert get(vera, "/queue/events").status_code == 401


def test_what_a_page_asks_for_by_itself_keeps_no_login_alive(archive: Archive) -> None:
    nearly = archive.settings.login.unused - timedelta(minutes=2)
    with with_users(archive):
        ana = logged_in(archive)
        moved(archive.catalog, seen=nearly)
        get(ana, "/queue/events", buffered=False).close()
        assert get(ana, "/exports", headers={BY_ITSELF: "yes"}).status_code == 200
        moved(archive.catalog, seen=timedelta(minutes=3))
        assert get(ana, "/exports").status_code == 401, "nobody has used it for so long"
        ana = logged_in(archive)
        moved(archive.catalog, seen=nearly)
        assert get(ana, "/exports").status_code == 200
        moved(archive.catalog, seen=timedelta(minutes=3))
        assert get(ana, "/exports").status_code == 200, "somebody has"


def test_all_streams_share_one_look() -> None:
    looks: list[float] = []

    def look() -> dict[Topic, object]:
        looks.append(time.monotonic())
        return dict.fromkeys(Topic, 1)

    live = LiveChanges(look)
    threads = [threading.Thread(target=lambda: list(live.events())) for _ in range(6)]
    for thread in threads:
        thread.start()
    time.sleep(3)
    live.end()
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()
    assert 2 <= len(looks) <= 5


# In the browser


@pytest.fixture
def context(browser: Browser, archive: Archive) -> Iterator[BrowserContext]:
    with served(archive) as address, watched_context(browser, address) as watched:
        yield watched


def test_a_page_that_is_told_asks_only_when_something_has_changed(
    page: Page, archive: Archive
) -> None:
    asked: list[Request] = []

    def note(request: Request) -> None:
        if request.url.endswith("/work"):
            asked.append(request)

    with page.expect_response("**/queue/events"):
        page.goto("/work")
    page.wait_for_timeout(500)  # for the question that follows the first word
    page.on("request", note)
    page.wait_for_timeout(4500)
    assert asked == [], "without a stream it would have asked twice"
    wait_in_line(archive.catalog, Path("/nvr/a.mp4"))
    run_next(archive.catalog, done=150, total=600)
    expect(page.get_by_role("progressbar", name="a.mp4")).to_be_visible()
    assert 1 <= len(asked) <= 2
    assert all(BY_ITSELF.lower() in request.headers for request in asked)


def test_a_source_is_added_and_fills_before_ones_eyes(
    page: Page, archive: Archive, tmp_path: Path, yard_clip: Path
) -> None:
    folder = tmp_path / "nvr"
    folder.mkdir()
    shutil.copy(yard_clip, folder)
    with worker_with(archive.settings, {}):
        page.goto("/work")
        page.get_by_label("Name", exact=True).fill("Front door")
        page.get_by_label("Folder", exact=True).fill(str(folder))
        page.get_by_text("More", exact=True).click()
        page.get_by_label("Taken when unchanged for").fill("0.5")
        page.get_by_role("button", name="Add the source").click()
        running = page.get_by_role("progressbar", name=yard_clip.name)
        expect(running).to_be_visible(timeout=1000 * PATIENCE)
        source = page.get_by_role("region", name="Sources").get_by_role("listitem")
        expect(running).to_have_count(0, timeout=1000 * PATIENCE)
        expect(source).to_contain_text("1 file, 0 waiting, 0 failed")
        expect(page.get_by_role("region", name="Queue")).to_contain_text("1 recording")


def test_a_page_without_a_stream_asks_by_itself(page: Page, archive: Archive) -> None:
    page.route("**/queue/events", lambda route: route.fulfill(status=503))
    page.goto("/work")
    archive.catalog.worker.pause(True)
    expect(page.get_by_text("Paused. No worker has run yet.")).to_be_visible()
