"""The page as waitress serves it: its address, broken requests, slow viewers."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode, urlsplit

import pytest

from mmrag_video.archive import Archive
from mmrag_video.errors import UsageError
from mmrag_video.settings import WebSettings
from tests.page_archive import PageArchive
from tests.people import ADMIN, PASSWORD, with_users
from web.server import PageServer

pytestmark = pytest.mark.toy_model


@contextmanager
def listening(archive: Archive) -> Iterator[PageServer]:
    server = PageServer(archive, "127.0.0.1", 0)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join(30)
        assert not thread.is_alive()


def connect(server: PageServer) -> socket.socket:
    parts = urlsplit(server.address)
    return socket.create_connection((parts.hostname, parts.port), timeout=30)


def ask(server: PageServer, request: bytes) -> bytes:
    with connect(server) as connection:
        connection.sendall(request)
        return connection.makefile("rb").read()


def test_the_server_says_where_it_listens_and_lets_go_of_the_port(
    collection: PageArchive,
) -> None:
    with listening(collection.archive) as server:
        request = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        assert ask(server, request).startswith(b"HTTP/1.1 200 OK")
    with pytest.raises(ConnectionRefusedError):
        connect(server)


def test_a_port_that_is_taken_gets_one_sentence(collection: PageArchive) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"Port {port} of 127.0.0.1 is taken"):
            PageServer(collection.archive, "127.0.0.1", port)


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\xff\xfe?q=\xff HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: attacker.example\r\nConnection: close\r\n\r\n",
        b"POST /pictures HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    ],
)
def test_what_is_no_request_gets_a_clean_refusal(
    collection: PageArchive, request_bytes: bytes
) -> None:
    with listening(collection.archive) as server:
        answer = ask(server, request_bytes)
        assert answer.split(b" ", 2)[1] in (b"400", b"404", b"421", b"431")
        assert b"Traceback" not in answer
        request = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        assert ask(server, request).startswith(b"HTTP/1.1 200 OK")


def test_viewers_who_stop_reading_do_not_block_the_page(collection: PageArchive) -> None:
    address = f"/recordings/{collection.yard.id}/video"
    request = f"GET {address} HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-\r\n\r\n"
    with listening(collection.archive) as server:
        viewers = [connect(server) for _ in range(20)]
        for viewer in viewers:
            viewer.sendall(request.encode())
            assert viewer.recv(12) == b"HTTP/1.1 206"
        page = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        assert ask(server, page).startswith(b"HTTP/1.1 200 OK")
        for viewer in viewers:
            viewer.close()


def test_who_comes_through_an_unknown_proxy_does_not_sit_at_this_machine(
    collection: PageArchive,
) -> None:
    forwarded = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 203.0.113.5\r\n"
    with listening(collection.archive) as server:
        answer = ask(server, forwarded + b"Connection: close\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 403") and b"web.proxy" in answer


def test_a_proxy_that_is_named_is_believed(archive: Archive) -> None:
    web = WebSettings(proxy="127.0.0.1")
    archive.settings = archive.settings.model_copy(update={"web": web})
    with pytest.raises(UsageError, match="it has no users who could log in"):
        PageServer(archive, "127.0.0.1", 0)
    body = urlencode({"name": ADMIN, "password": PASSWORD}).encode()
    request = (
        b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: 203.0.113.5\r\n"
        b"X-Forwarded-Proto: https\r\nX-Forwarded-Host: cameras.example\r\n"
        b"Origin: https://cameras.example\r\nConnection: close\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    )
    with with_users(archive), listening(archive) as server:
        answer = ask(server, request)
        assert answer.startswith(b"HTTP/1.1 303") and b"; Secure;" in answer
        last = archive.catalog.audit.last()
        assert last is not None and (last.user, last.address) == (ADMIN, "203.0.113.5")
