"""A stand-in for an OpenAI-compatible server: it takes real requests and says what a test wants."""

import io
import json
import threading
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
from PIL import Image as Pillow

from mmrag_video.video.frames import Image

_DATA_URL = "data:image/jpeg;base64,"


class ChatServer:
    """Its address, what it was asked, and what it answers with from now on."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[dict[str, Any]] = []
        """The bodies of the chat completions asked for."""
        self.keys: list[str | None] = []
        """The header Authorization of each."""
        self.models: Any = {"data": [{"id": "tiny-instruct"}, {"id": "other"}]}
        self.status = 200
        self.body: Any = None
        self.before_answering: Callable[[], None] | None = None
        """Called when a question has come, in the thread that answers it."""

    def says(self, content: Any) -> None:
        """Answer with this content from now on, whatever comes."""
        self.status, self.body = 200, {"choices": [{"message": {"content": content}}]}

    def sends(self, status: int, body: Any) -> None:
        """Answer with this status and this body as JSON from now on."""
        self.status, self.body = status, body

    def words(self) -> str:
        """All text of the last question, pictures left out."""
        return "\n".join(part["text"] for part in self._parts() if part["type"] == "text")

    def pictures(self) -> list[Image]:
        """The decoded pictures of the last question."""
        return [_decoded(part) for part in self._parts() if part["type"] == "image_url"]

    def _parts(self) -> list[dict[str, Any]]:
        parts: list[dict[str, Any]] = self.asked[-1]["messages"][1]["content"]
        return parts


def _decoded(part: dict[str, Any]) -> Image:
    url = part["image_url"]["url"]
    assert url.startswith(_DATA_URL)
    with Pillow.open(io.BytesIO(b64decode(url.removeprefix(_DATA_URL), validate=True))) as picture:
        return np.asarray(picture.convert("RGB"))


@contextmanager
def chat_server() -> Iterator[ChatServer]:
    """A listening server, answering NOT SEEN until it is told otherwise."""
    chat = ChatServer()
    chat.says("NOT SEEN")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.path == "/v1/models"
            self._send(200, chat.models)

        def do_POST(self) -> None:
            assert self.path == "/v1/chat/completions"
            content = self.rfile.read(int(self.headers["Content-Length"]))
            chat.asked.append(json.loads(content))
            chat.keys.append(self.headers["Authorization"])
            if chat.before_answering is not None:
                chat.before_answering()
            self._send(chat.status, chat.body)

        def _send(self, status: int, body: Any) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        chat.url = f"http://127.0.0.1:{listening.server_port}/v1"
        thread = threading.Thread(target=listening.serve_forever, daemon=True)
        thread.start()
        yield chat
        listening.shutdown()
