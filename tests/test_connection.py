"""Asking a model server: whatever it does, an answer or one sentence."""

import json
import logging
import os
import pty
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mmrag_video.errors import ModelError
from mmrag_video.models.connection import Connection
from tests.conftest import COMMAND, environment, quick_settings

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def server(answer: Answer) -> Iterator[str]:
    """A server that answers every request in this way, and its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            answer(self)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()


def says(status: int, content: bytes) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def refusal(url: str, time_limit: float = 5) -> str:
    with pytest.raises(ModelError) as caught:
        Connection(url, None, time_limit, "model.server.url").post("/v1/embeddings", {"a": 1})
    sentence = str(caught.value)
    assert url in sentence
    assert "\n" not in sentence
    return sentence


def test_json_goes_and_json_comes():
    with server(says(200, json.dumps({"data": [1]}).encode())) as url:
        connection = Connection(f"{url}/", "secret", 5, "model.server.url")
        assert connection.post("/v1/embeddings", {"input": "ü"}) == {"data": [1]}
        assert connection.get("/v1/models") == {"data": [1]}
        connection.close()


def test_a_key_is_sent_as_a_bearer_token():
    def answer(handler: BaseHTTPRequestHandler) -> None:
        says(200, json.dumps(handler.headers["Authorization"]).encode())(handler)

    with server(answer) as url:
        assert Connection(url, "secret", 5, "x").get("/") == "Bearer secret"


def test_a_server_that_is_down():
    with server(says(200, b"{}")) as url:
        pass
    assert "start it, or correct model.server.url" in refusal(url)


def test_a_server_that_is_slow():
    released = threading.Event()
    with server(lambda handler: released.wait(10) and None) as url:
        assert "did not answer in time" in refusal(url, time_limit=0.2)
        released.set()


def test_a_server_that_is_waited_for_is_named_once(caplog: pytest.LogCaptureFixture):
    released = threading.Event()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        released.wait(60)
        says(200, b"{}")(handler)

    class Noted(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            released.set()

    log, noted = logging.getLogger("mmrag_video.models.connection"), Noted()
    caplog.set_level(logging.INFO, log.name)
    log.addHandler(noted)
    try:
        with server(answer) as url, ThreadPoolExecutor(3) as threads:
            connection = Connection(url, None, 60, "model.server.url")
            assert list(threads.map(connection.get, ["/a", "/b", "/c"])) == [{}, {}, {}]
    finally:
        log.removeHandler(noted)
    assert [record.getMessage() for record in caplog.records if record.name == log.name] == [
        f"Waiting for the model server at {url} to answer, for 60 s at most."
    ]


def test_somebody_at_a_terminal_is_told_what_is_waited_for(tmp_path: Path):
    def answer(handler: BaseHTTPRequestHandler) -> None:
        released.wait(60)
        says(500, b"")(handler)

    for at_a_terminal in (True, False):
        released = threading.Event()
        reader, writer = pty.openpty() if at_a_terminal else os.pipe()
        with server(answer) as url:
            variables = {"MMRAG_MODEL__NAME": "server", "MMRAG_MODEL__SERVER__URL": url}
            command = [*COMMAND, "models", "test", "server"]
            own = environment(quick_settings(tmp_path), TERM="xterm", COLUMNS="200", **variables)
            if not at_a_terminal:
                own["MMRAG_MODEL__SERVER__TIME_LIMIT"] = "3"
            with subprocess.Popen(command, env=own, stderr=writer) as process:
                os.close(writer)
                said = os.read(reader, 4096).decode()
                released.set()
                process.wait(60)
        os.close(reader)
        waits = f"Waiting for the model server at {url}"
        assert (waits in said) == at_a_terminal, said


@pytest.mark.parametrize(
    ("status", "content", "said"),
    [
        (500, b"CUDA out of memory\nat line 7", "status 500 (CUDA out of memory at line 7)"),
        (500, b"", "it said nothing"),
        (501, b'{"error": {"code": 501, "message": "No embeddings."}}', "501 (No embeddings)"),
        (500, b'{"error": "No embeddings."}', 'status 500 ({"error": "No embeddings."})'),
        (503, b"loading", "wait until it has loaded its model"),
        (404, b"", "knows no /v1/embeddings"),
        (404, b'{"error": {"message": "No such model."}}', "(status 404, No such model)"),
        (401, b"", "set the key beside model.server.url"),
        (200, b"<html>", "it sent no JSON"),
    ],
)
def test_what_a_server_refuses(status: int, content: bytes, said: str):
    with server(says(status, content)) as url:
        assert said in refusal(url)
