"""Telling a webhook or a command of hits: again until it worked, and for nobody else to wait.

A delivery that was sent but not noted, because the worker was killed between the two, is sent
again: with the same id, by which the receiver knows it.
"""

import asyncio
import hashlib
import hmac
import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import uuid4

import httpx

from mmrag_video.as_json import hit_to_json
from mmrag_video.catalog.catalog import Catalog
from mmrag_video.catalog.hits import Hit
from mmrag_video.catalog.saved_searches import SavedSearch
from mmrag_video.errors import CatalogError, MmragError
from mmrag_video.saved_search import webhook_host

MOST_ATTEMPTS = 8
_FIRST_WAIT = timedelta(minutes=1)
_LONGER = 4
"""Times as long before each next attempt: 1, 4, 16 minutes ... 2.8 days; 3.8 days in all."""
_HTTP_SECONDS = 10.0
_COMMAND_SECONDS = 30.0
_EVERY_SECONDS = 5.0
_POLL_SECONDS = 0.1
_SHOWN = 200
"""Characters of a command's own words that an error repeats."""
_log = logging.getLogger(__name__)


class DeliveryError(MmragError):
    """Nobody took the message; the sentence says why."""


@dataclass(frozen=True)
class Message:
    """What is delivered: the same bytes and the same id at every attempt."""

    id: str
    body: bytes


def message_of(catalog: Catalog, hit: Hit, search: SavedSearch) -> Message:
    """The message about a hit."""
    return _message(f"{catalog.id}-{hit.id}", hit, search)


def trial_of(hit: Hit, search: SavedSearch) -> Message:
    """A message of the same form under an id of its own, so that nobody takes it for a repeat."""
    return _message(f"test-{uuid4().hex}", hit, search)


def _message(identity: str, hit: Hit, search: SavedSearch) -> Message:
    body = {"id": identity, **hit_to_json(hit, search)}
    return Message(identity, json.dumps(body, ensure_ascii=False).encode(errors="replace"))


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 over the time and the body, as `X-Mmrag-Signature` has it."""
    signed = timestamp.encode() + b"." + body
    return "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def send(search: SavedSearch, message: Message, stopping: threading.Event | None = None) -> str:
    """Tell a search's webhook or command; what it said, in a few words. Raises DeliveryError.

    A command is ended when `stopping` is set.
    """
    if search.target.webhook:
        return _post(search, message)
    return _run(search.target.command, message, stopping or threading.Event())


def deliver(
    catalog: Catalog,
    search: SavedSearch,
    now: datetime | None = None,
    stopping: threading.Event | None = None,
) -> int:
    """Tell of a search's hits that are due; how many were delivered. Raises CatalogError alone.

    After a failure the rest of them wait for the next call.
    """
    now = now or datetime.now(UTC)
    stopping = stopping or threading.Event()
    delivered = 0
    for hit in catalog.hits.due(now, search.id):
        if stopping.is_set() or not _deliver(catalog, search, hit, now, stopping):
            break
        delivered += 1
    return delivered


class Deliveries:
    """Delivers from `start` to `stop`: one thread looks, and each search has one of its own.

    So a slow webhook holds up its own hits alone.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="deliveries", daemon=True)
        self._under_way: dict[int, threading.Thread] = {}
        """By search. Not a pool: its threads would hold up the end of the process."""

    def start(self) -> None:
        """Begin. Nothing that a webhook or a command does is raised, or holds up the caller."""
        self._thread.start()

    def stop(self, wait: float = 2.0) -> None:
        """End within `wait` seconds. A delivery under way is made again after the next start."""
        self._stopping.set()
        deadline = time.monotonic() + wait
        self._thread.join(wait)
        for thread in list(self._under_way.values()):
            thread.join(max(0.0, deadline - time.monotonic()))

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._guarded(self._begin_due)
            self._stopping.wait(_EVERY_SECONDS)

    def _begin_due(self) -> None:
        due = self._catalog.hits.searches_due(datetime.now(UTC))
        busy = {search for search, thread in self._under_way.items() if thread.is_alive()}
        for search in self._catalog.saved.all() if due - busy else []:
            if search.id in due - busy:
                self._under_way[search.id] = threading.Thread(
                    target=self._guarded, args=(partial(self._deliver, search),), daemon=True
                )
                self._under_way[search.id].start()

    def _deliver(self, search: SavedSearch) -> None:
        deliver(self._catalog, search, stopping=self._stopping)

    @staticmethod
    def _guarded(task: Callable[[], None]) -> None:
        try:
            task()
        except CatalogError as error:
            _log.error("%s", error)
        except Exception:
            _log.exception("Deliveries failed in a way that nobody foresaw.")


def _deliver(
    catalog: Catalog, search: SavedSearch, hit: Hit, now: datetime, stopping: threading.Event
) -> bool:
    try:
        send(search, message_of(catalog, hit, search), stopping)
    except DeliveryError as error:
        if stopping.is_set():
            return False
        _note_failure(catalog, search, hit, now, str(error))
        return False
    catalog.hits.delivered(hit)
    return True


def _note_failure(
    catalog: Catalog, search: SavedSearch, hit: Hit, now: datetime, error: str
) -> None:
    attempt = hit.attempts + 1
    if attempt >= MOST_ATTEMPTS:
        catalog.hits.give_up(hit, error)
        tries = f"{search.name}: hit {hit.id} was not delivered in {attempt} tries"
        _log.error("%s. %s", tries, error)
        return
    wait = _FIRST_WAIT * _LONGER ** (attempt - 1)
    catalog.hits.retry_later(hit, error, now + wait)
    _log.warning("%s: hit %d is tried again in %s. %s", search.name, hit.id, wait, error)


def _post(search: SavedSearch, message: Message) -> str:
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "mmrag-video",
        "X-Mmrag-Delivery": message.id,
        "X-Mmrag-Timestamp": timestamp,
        "X-Mmrag-Signature": signature(search.target.secret, timestamp, message.body),
    }
    host = webhook_host(search.target.webhook)
    try:
        status = asyncio.run(_status(search.target.webhook, message.body, headers))
    except (TimeoutError, httpx.TimeoutException) as error:
        raise DeliveryError(
            f"The webhook at {host} did not answer within {_HTTP_SECONDS:g} s."
        ) from error
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        said = " ".join(str(error).split())[:_SHOWN] or type(error).__name__
        raise DeliveryError(f"The webhook at {host} cannot be reached: {said}.") from error
    if not 200 <= status < 300:
        aside = "; redirects are not followed" if 300 <= status < 400 else ""
        raise DeliveryError(f"The webhook at {host} answered with status {status}{aside}.")
    return f"The webhook at {host} answered with status {status}."


async def _status(webhook: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Asynchronous for its deadline: the client's own timeouts begin anew with each byte."""
    async with (
        asyncio.timeout(_HTTP_SECONDS),
        httpx.AsyncClient(timeout=None, follow_redirects=False) as client,
        # Streamed, and not read: what a webhook says does not matter, and may be endless.
        client.stream("POST", webhook, content=body, headers=headers) as answer,
    ):
        return answer.status_code


def _run(command: Sequence[str], message: Message, stopping: threading.Event) -> str:
    # A file, not a pipe: a command need not read it.
    with tempfile.TemporaryFile() as given:
        given.write(message.body)
        given.seek(0)
        runner = (sys.executable, "-P", "-m", "workers.told_command", str(given.fileno()))
        try:
            process = subprocess.Popen(
                [*runner, *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=(given.fileno(),),
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise DeliveryError(f"The command {command[0]} cannot be run: {why}.") from error
        with process:
            code = _wait(process, stopping)
            assert process.stderr is not None
            words = process.stderr.read().decode(errors="replace").split()
    if code is None:
        raise DeliveryError(
            f"The command {command[0]} was ended: it had not finished in {_COMMAND_SECONDS:g} s."
        )
    if code != 0:
        last = " ".join(words)[-_SHOWN:] or "it said nothing"
        raise DeliveryError(f"The command {command[0]} failed with exit code {code}: {last}.")
    return f"The command {command[0]} ended with exit code 0."


def _wait(process: subprocess.Popen[bytes], stopping: threading.Event) -> int | None:
    """Its exit code; None if it took too long, or the worker stops: then all of it is ended."""
    deadline = time.monotonic() + _COMMAND_SECONDS
    while time.monotonic() < deadline and not stopping.is_set():
        with suppress(subprocess.TimeoutExpired):
            return process.wait(_POLL_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return None
