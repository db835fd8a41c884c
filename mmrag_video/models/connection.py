"""Asking a model server over HTTP, and every way in which it may fail as one sentence."""

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from mmrag_video.errors import ModelError

_SHOWN = 200
"""Characters of a server's own words that an error repeats."""
_CONNECT_SECONDS = 5.0
_QUIET_SECONDS = 2.0
"""Until it is said that an answer is waited for."""
_log = logging.getLogger(__name__)


class StatusError(ModelError):
    """A server answered, with an error status."""

    def __init__(self, sentence: str, status: int, said: str) -> None:
        """`said`: the start of the server's own words."""
        super().__init__(sentence)
        self.status = status
        self.said = said


class Connection:
    """One server. Threads share it: httpx keeps a pool of connections."""

    def __init__(self, url: str, key: str | None, time_limit: float, setting: str) -> None:
        """`setting`: the one that names the server, for the sentences that say what to change."""
        self.url = url.rstrip("/")
        self._setting = setting
        self._time_limit = time_limit
        self._said_slow = threading.Lock()
        """Taken when it was said, and never given back: two threads do not say it twice."""
        self._client = httpx.Client(
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx.Timeout(time_limit, connect=min(_CONNECT_SECONDS, time_limit)),
            # Proxies of the environment are for the internet; this server is the user's own.
            trust_env=False,
        )

    def get(self, path: str) -> Any:
        """The JSON at a path below the server's address. Raises ModelError, which is a StatusError
        where the server itself says no.
        """
        return self._ask("GET", path, None)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The JSON answer to a JSON body. Raises as `get` does."""
        return self._ask("POST", path, body)

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        address = f"{self.url}{path}"
        try:
            with self._saying_if_slow():
                answer = self._client.request(method, address, json=body)
        except httpx.TimeoutException as error:
            raise ModelError(
                f"The model server at {self.url} did not answer in time; wait until it is less"
                " busy, or allow it more seconds with the setting time_limit beside"
                f" {self._setting}."
            ) from error
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise ModelError(
                f"The model server at {self.url} cannot be reached ({_words(str(error))}); start"
                f" it, or correct {self._setting}."
            ) from error
        if answer.is_error:
            raise StatusError(self._refused(answer), answer.status_code, _said(answer))
        try:
            return answer.json()
        except ValueError as error:
            raise ModelError(
                f"What answers at {address} is no model server: it sent no JSON; correct"
                f" {self._setting}."
            ) from error

    @contextmanager
    def _saying_if_slow(self) -> Iterator[None]:
        """Log that an answer is waited for: once, since a slow server is slow all the time."""
        if self._said_slow.locked():
            yield
            return
        timer = threading.Timer(_QUIET_SECONDS, self._say_that_it_is_slow)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _say_that_it_is_slow(self) -> None:
        if self._said_slow.acquire(blocking=False):
            _log.info(
                "Waiting for the model server at %s to answer, for %g s at most.",
                self.url,
                self._time_limit,
            )

    def _refused(self, answer: httpx.Response) -> str:
        where = f"The model server at {self.url}"
        code = answer.status_code
        if code in (401, 403):
            return f"{where} refused the key (status {code}); set the key beside {self._setting}."
        if code == 404:
            return (
                f"{where} knows no {answer.request.url.path} (status 404, {_said(answer)}); correct"
                f" {self._setting}, or start the server for this kind of work."
            )
        if code == 503:
            return f"{where} is not ready yet (status 503): wait until it has loaded its model."
        return f"{where} failed with status {code} ({_said(answer)}); its own log says why."


def _said(answer: httpx.Response) -> str:
    """The message of an error as OpenAI, vLLM and llama.cpp send it, else the start of the text."""
    try:
        return _words(answer.json()["error"]["message"])
    except (ValueError, KeyError, TypeError, AttributeError):
        is_page = "html" in answer.headers.get("content-type", "")
        return "it sent a web page" if is_page else _words(answer.text)


def _words(text: str) -> str:
    """The start of somebody else's words, on one line."""
    return " ".join(text.split())[:_SHOWN].rstrip(". ") or "it said nothing"
