"""Telling a webhook or a command of hits: again until it worked, and for nobody else to wait.

A delivery that was sent but not noted, because the worker was killed between the two, is sent
again: with the same id, by which the receiver knows it.
"""

import hashlib
import hmac
import json
import logging
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

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
    identity = f"{catalog.id}-{hit.id}"
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


def deliver_due(
    catalog: Catalog, now: datetime | None = None, stopping: threading.Event | None = None
) -> int:
    """Tell of all hits that are due; how many were delivered. Raises CatalogError alone.

    The searches' hits go side by side, so that a slow webhook holds up its own alone. After a
    failure the rest of that search's hits wait for the next call.
    """
    now = now or datetime.now(UTC)
    stopping = stopping or threading.Event()
    searches = {search.id: search for search in catalog.saved.all()}
    due: dict[int, list[Hit]] = defaultdict(list)
    for hit in catalog.hits.due(now):
        if hit.search in searches:
            due[hit.search].append(hit)
    delivered: list[Hit] = []

    def deliver(search: SavedSearch, hits: Sequence[Hit]) -> None:
        try:
            for hit in hits:
                if stopping.is_set() or not _deliver(catalog, search, hit, now, stopping):
                    return
                delivered.append(hit)
        except CatalogError as error:
            _log.error("%s", error)

    # Not a pool: its threads would hold up the end of the process.
    threads = [
        threading.Thread(target=deliver, args=(searches[search], hits), daemon=True)
        for search, hits in due.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(delivered)


class Deliveries:
    """Delivers in a thread of its own, from `start` to `stop`."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="deliveries", daemon=True)

    def start(self) -> None:
        """Begin. Nothing that a webhook or a command does is raised, or holds up the caller."""
        self._thread.start()

    def stop(self, wait: float = 2.0) -> None:
        """End within `wait` seconds. A delivery under way is made again after the next start."""
        self._stopping.set()
        self._thread.join(wait)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                deliver_due(self._catalog, stopping=self._stopping)
            except CatalogError as error:
                _log.error("%s", error)
            except Exception:
                _log.exception("Deliveries failed in a way that nobody foresaw.")
            self._stopping.wait(_EVERY_SECONDS)


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
        # Streamed, and not read: what a webhook says does not matter, and may be endless.
        with httpx.stream(
            "POST",
            search.target.webhook,
            content=message.body,
            headers=headers,
            timeout=_HTTP_SECONDS,
            follow_redirects=False,
        ) as answer:
            status = answer.status_code
    except httpx.TimeoutException as error:
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


def _run(command: Sequence[str], message: Message, stopping: threading.Event) -> str:
    # Files, not pipes: what the command started and left behind cannot hold these open.
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
        given.write(message.body)
        given.seek(0)
        try:
            process = subprocess.Popen(
                command,
                stdin=given,
                stdout=subprocess.DEVNULL,
                stderr=said,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise DeliveryError(f"The command {command[0]} cannot be run: {why}.") from error
        code = _wait(process, stopping)
        said.seek(0)
        words = said.read(64 * 1024).decode(errors="replace").split()
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
