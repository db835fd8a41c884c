"""A real webhook: an HTTP server that checks what it gets, and fails as it is told."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "the secret of the tests"


@dataclass
class Hook:
    """What came, and what is answered."""

    address: str = ""
    answers: list[int] = field(default_factory=list)
    """Status codes to come; 200 when there are no more."""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    signed: list[bool] = field(default_factory=list)
    """Of each: whether the signature is that of the secret."""
    hold: threading.Event = field(default_factory=threading.Event)
    """Nothing is answered before this is set."""


@contextmanager
def hook() -> Iterator[Hook]:
    """A webhook in threads of this process."""
    told = Hook()
    told.hold.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            signed = self.headers["X-Mmrag-Timestamp"].encode() + b"." + body
            expected = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
            told.bodies.append(json.loads(body))
            told.ids.append(self.headers["X-Mmrag-Delivery"])
            told.signed.append(self.headers["X-Mmrag-Signature"] == f"sha256={expected}")
            told.hold.wait(30)
            self.send_response(told.answers.pop(0) if told.answers else 200)
            self.send_header("Location", told.address)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Not to the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    told.address = f"http://127.0.0.1:{server.server_port}/hook?token=confidential"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield told
    finally:
        told.hold.set()
        server.shutdown()
        server.server_close()
        thread.join()
