"""Connections to the page that do nothing: they keep nobody out, and do not stay."""

import resource
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from mmrag_video.archive import Archive
from tests.test_page_server import connect, listening
from web import connections
from web.connections import MOST_CONNECTIONS, most_connections
from web.server import PageServer

pytestmark = pytest.mark.toy_model


@contextmanager
def visiting(server: PageServer) -> Iterator[HTTPConnection]:
    """A browser's connection, which stays open between requests."""
    with closing(HTTPConnection(urlsplit(server.address).netloc, timeout=60)) as visitor:
        visitor.connect()
        opened = visitor.sock
        yield visitor
        assert visitor.sock is opened, "it was not opened anew"


def is_answered(visitor: HTTPConnection) -> bool:
    visitor.request("GET", "/static/page.css")
    answer = visitor.getresponse()
    return answer.status == 200 and bool(answer.read())


def test_more_idle_connections_than_select_knows_keep_nobody_out(opened: Archive) -> None:
    number = 1100
    with listening(opened) as server, ExitStack() as idle:
        if most_connections() < number:
            pytest.skip("The system lets a program open too few files.")
        for _ in range(number):
            idle.enter_context(connect(server))
        with visiting(server) as visitor:
            assert is_answered(visitor)


def test_who_finds_no_room_gets_that_of_the_one_who_was_quiet_longest(
    opened: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "most_connections", lambda: 10)
    with listening(opened) as server, ExitStack() as idle:
        crowd = [idle.enter_context(connect(server)) for _ in range(30)]
        with visiting(server) as visitor:
            assert is_answered(visitor)
        assert crowd[0].recv(1) == b"", "it was closed"
        crowd[-1].setblocking(False)
        with pytest.raises(BlockingIOError):
            crowd[-1].recv(1)


@pytest.mark.parametrize("sent", [b"", b"GET /static/page.css HTTP/1.1\r\nHost: lo"])
def test_who_sends_no_request_is_soon_gone_but_not_who_has_sent_one(
    opened: Archive, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(connections, "_LONGEST_SILENCE", 0.5)
    monkeypatch.setattr(connections, "_LOOKED_EVERY", 0)
    with listening(opened) as server, visiting(server) as visitor, connect(server) as silent:
        assert is_answered(visitor)
        silent.sendall(sent)
        assert silent.recv(1) == b""
        assert is_answered(visitor)


def test_there_are_no_more_connections_than_the_system_has_files_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    allowed = [(1024, 1048576), (1024, 4096), (256, 256), (resource.RLIM_INFINITY,) * 2]
    raised = []
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: raised.append(limits))
    found = []
    for limits in allowed:
        monkeypatch.setattr(resource, "getrlimit", lambda _, limits=limits: limits)
        found.append(most_connections())
    assert found == [MOST_CONNECTIONS, 1792, 100, MOST_CONNECTIONS]
    assert raised == [(8512, 1048576), (4096, 4096), (256, 256)]
