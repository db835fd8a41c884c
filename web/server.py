"""Serves the page with waitress: pure Python, threads, and one process that holds the model.

Threads suit the page: a search waits for the store and for models that let other threads run
meanwhile, and each further process would load the model once more. What takes long takes turns, and
there are more threads than it can hold. A stream of events holds one that does next to nothing, so
there are as many more as there may be streams.
"""

import errno
import logging
import os
import socket
from collections.abc import Callable
from typing import Any

import waitress.task
import waitress.wasyncore
from pydantic import IPvAnyAddress

from mmrag_video.archive import Archive
from mmrag_video.errors import UsageError
from web.app import create_app
from web.connections import ConnectionServer
from web.live import MOST_STREAMS
from web.query_pictures import LARGEST_UPLOAD
from web.security import is_loopback
from web.services import Services, services_of

_FREE_THREADS = 4
"""For searches and all else that takes no turn, while every turn is held or waited for."""


def serve(
    archive: Archive,
    host: str,
    port: int,
    on_ready: Callable[[str], None] = lambda address: None,
) -> None:
    """Serve the page until the program is interrupted; port 0 takes a free one.

    `on_ready` gets the page's address as soon as a browser can open it. Raises UsageError if the
    port cannot be had, or if others than this machine reach the page and it has no users.
    """
    server = PageServer(archive, host, port)
    on_ready(server.address)
    server.run()


def free_port(host: str) -> int:
    """A port that the page could listen on now. Raises UsageError if there is no such address."""
    with _listen(host, 0) as listening:
        port: int = listening.getsockname()[1]
    return port


class PageServer:
    """The page on a socket that is listening already; `run` answers until it is closed."""

    def __init__(self, archive: Archive, host: str, port: int) -> None:
        # Requests that wait for a thread are no matter for the terminal.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        proxy = archive.settings.web.proxy
        loopback_only = is_loopback(host) and proxy is None
        if not loopback_only and not archive.catalog.users.exist():
            raise UsageError(_no_users(host, proxy))
        self._socket = _listen(host, port)
        self._connections: dict[int, Any] = {}
        app = create_app(archive, loopback_only=loopback_only)
        self._exports = services_of(app).exports
        self._server: Any = ConnectionServer(
            app,
            self._socket,
            self._connections,
            _Dispatcher(services_of(app)),
            ident="mmrag-video",
            # The application refuses less, with words; this only bounds what is buffered for it.
            max_request_body_size=4 * LARGEST_UPLOAD,
            **_proxy_options(proxy),
        )
        bound, port = self._socket.getsockname()[:2]
        self.address = f"http://[{bound}]:{port}/" if ":" in bound else f"http://{bound}:{port}/"
        """Where a browser finds the page, with the port that was really taken."""

    def run(self) -> None:
        """Answer requests. Ends on Ctrl-C, or when another thread calls `close`.

        What is being made in the background is interrupted then.
        """
        try:
            self._server.run()
        finally:
            self._exports.close()

    def close(self) -> None:
        """End `run` and let go of the port. From any thread."""
        # In the server's own thread: it may be waiting on the sockets that are closed here.
        self._server.trigger.pull_trigger(
            lambda: waitress.wasyncore.close_all(self._connections, ignore_all=True)
        )
        self._server.task_dispatcher.shutdown()


class _Dispatcher(waitress.task.ThreadedTaskDispatcher):
    """Waitress' own threads; it gives those that are at work five seconds when the server ends."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        self._live = services.live
        self.set_thread_count(services.places + _FREE_THREADS + MOST_STREAMS)

    def shutdown(self, cancel_pending: bool = True, timeout: int = 5) -> bool:
        """Of threads that hold streams nothing has to be waited for."""
        self._live.end()
        return bool(super().shutdown(cancel_pending, timeout))


def _no_users(host: str, proxy: IPvAnyAddress | None) -> str:
    reached = f"by {host}" if proxy is None else f"through the proxy {proxy}"
    return (
        f"Others would reach the page {reached}, and it has no users who could log in: add the "
        "first with `mmrag-video users add NAME --role admin`."
    )


def _proxy_options(proxy: IPvAnyAddress | None) -> dict[str, Any]:
    """What waitress makes of the headers that proxies add."""
    if proxy is None:
        # They stay, for the page to refuse those who come through a proxy that it knows nothing of.
        return {"clear_untrusted_proxy_headers": False}
    return {
        "trusted_proxy": str(proxy),
        "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"},
        "clear_untrusted_proxy_headers": True,
    }


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        number = getattr(error, "errno", None) or 0
        # Of a name that is not known the number is getaddrinfo's own, below 0.
        reason = os.strerror(number) if number > 0 else getattr(error, "strerror", None)
        reason = reason or str(error)
        advice = "choose another with --port or web.port, 0 takes a free one"
        if number == errno.EADDRINUSE:
            raise UsageError(
                f"Port {port} of {host} is taken: another program, perhaps another mmrag-video, "
                f"listens there; end it, or {advice}."
            ) from error
        raise UsageError(
            f"The page cannot listen on {host} port {port} ({reason}); "
            f"choose another address with --host or web.host; or if it is the port, {advice}."
        ) from error
