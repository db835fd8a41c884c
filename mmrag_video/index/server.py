"""Borrowing the embedded server: every process on one data directory shares one Milvus Lite.

A client holds a shared lock while it uses the server. The first one starts the keeper (keeper.py),
which stops the server when nobody has held that lock for some seconds; the kernel drops the lock
of a client that is killed, so nothing is left running. Milvus Lite has no authentication: it
listens on loopback only, where every user of this machine can reach it.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from mmrag_video.errors import StoreError
from mmrag_video.file_lock import FileLock, LockMode
from mmrag_video.index.keeper import ADDRESS_FILE, CLIENTS_LOCK, DATA_FOLDER, KEEPER_LOCK

START_LOCK = "start.lock"
LOG_FILE = "server.log"

_PATIENCE = 60.0
"""Seconds a start may take: 2 s usual on 2 cores, more where the disk or the machine is busy."""
_POLL_SECONDS = 0.02
_HOST = "http://127.0.0.1"

_keepers: list[subprocess.Popen[bytes]] = []
"""Kept because a Popen that is thrown away complains that its process still runs, as it should."""


@dataclass(frozen=True)
class Lease:
    """The right to use a server, which stays while this is held."""

    uri: str
    directory: Path

    @property
    def is_served(self) -> bool:
        """Whether the server that was leased still lives. One that was killed is to be leased anew.

        Takes 0.05 ms: whether the keeper's lock is held, and the address is still this one.
        """
        # The address first: a keeper that is starting has none yet, and must find its lock free.
        if _published_port(self.directory) != _port_of(self.uri):
            return False
        with FileLock(self.directory / KEEPER_LOCK) as keeper:
            return not keeper.try_acquire(LockMode.SHARED)


@contextmanager
def lease_server(directory: Path, linger: float) -> Iterator[Lease]:
    """A lease of this directory's server, which is started if need be.

    `linger`: seconds the server outlives its last client; the first client's word counts. Raises
    StoreError if the server cannot be started.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        clients = FileLock(directory / CLIENTS_LOCK)
    except OSError as error:
        raise StoreError(
            f"The frame store's folder {directory} cannot be used: {error.strerror}."
        ) from error
    with clients:
        # A keeper that is on its way out holds this lock until its server has closed its files.
        if not clients.acquire(LockMode.SHARED, _PATIENCE):
            raise StoreError(
                f"The frame store's server is still stopping after {_PATIENCE:.0f} s; "
                f"see {directory / LOG_FILE}."
            )
        yield Lease(_find_or_start(directory, linger), directory)


def end_unused_server(directory: Path, patience: float) -> bool:
    """End this directory's server now, without its lingering, unless somebody uses it.

    Whether none is left; it is killed if it has not ended within `patience` seconds.
    """
    # First: a server that is on its way out withdraws its address before its process ends.
    process = _published_process(directory)
    with FileLock(directory / CLIENTS_LOCK) as clients, FileLock(directory / KEEPER_LOCK) as keeper:
        # From here on nobody new can use it or start another. A keeper that looks whether it is
        # unused, or is on its way out, holds this lock for a while.
        if not clients.acquire(LockMode.EXCLUSIVE, patience):
            return False
        if process is None:
            return keeper.acquire(LockMode.EXCLUSIVE, patience)
        # A number whose keeper's lock is free may be another program's by now: not to be signalled.
        if not keeper.try_acquire(LockMode.EXCLUSIVE):
            with suppress(psutil.NoSuchProcess):
                process.terminate()
            if psutil.wait_procs([process], timeout=patience)[1]:
                process.kill()
        psutil.wait_procs([process], timeout=patience)
        return keeper.acquire(LockMode.EXCLUSIVE, patience)


def _find_or_start(directory: Path, linger: float) -> str:
    with FileLock(directory / START_LOCK) as starting, FileLock(directory / KEEPER_LOCK) as keeper:
        if not starting.acquire(LockMode.EXCLUSIVE, _PATIENCE):
            raise StoreError(
                f"Another process has been starting the frame store's server for "
                f"{_PATIENCE:.0f} s; see {directory / LOG_FILE}."
            )
        started = None
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            if started is None and keeper.try_acquire(LockMode.EXCLUSIVE):
                # No keeper lives; an address that one left behind when it was killed is void.
                (directory / ADDRESS_FILE).unlink(missing_ok=True)
                keeper.release()
                started = _start_keeper(directory, linger)
            port = _published_port(directory)
            if port is not None:
                return f"{_HOST}:{port}"
            if started is not None and started.poll() is not None:
                raise StoreError(_why_it_ended(directory))
            time.sleep(_POLL_SECONDS)
        raise StoreError(
            f"The frame store's server did not answer within {_PATIENCE:.0f} s; "
            f"see {directory / LOG_FILE}."
        )


def _start_keeper(directory: Path, linger: float) -> subprocess.Popen[bytes]:
    log_file = directory / LOG_FILE
    if log_file.exists():
        log_file.replace(log_file.with_suffix(".log.before"))
    with log_file.open("wb") as log:
        keeper = subprocess.Popen(
            # -P: a file named like a library in the current folder must not be imported.
            [sys.executable, "-P", "-m", "mmrag_video.index.keeper", str(directory), str(linger)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            # A search is many small products: NumPy's second thread spins more than it helps
            # (10k frames: 24 ms of CPU with one thread, 64 ms with two, on 2 busy cores).
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )
    _keepers[:] = [one for one in _keepers if one.poll() is None] + [keeper]
    return keeper


def _published_port(directory: Path) -> int | None:
    return _published(directory, "port")


def _published_process(directory: Path) -> psutil.Process | None:
    number = _published(directory, "pid")
    try:
        return psutil.Process(number) if number is not None else None
    except psutil.NoSuchProcess:
        return None


def _published(directory: Path, key: str) -> int | None:
    try:
        return int(json.loads((directory / ADDRESS_FILE).read_text())[key])
    except FileNotFoundError:
        return None


def _port_of(uri: str) -> int:
    return int(uri.removeprefix(f"{_HOST}:"))


def _why_it_ended(directory: Path) -> str:
    log_file = directory / LOG_FILE
    lines = log_file.read_text(errors="replace").strip().splitlines()
    cause = lines[-1].strip() if lines else "it said nothing"
    return (
        f"The frame store in {directory / DATA_FOLDER} could not be opened ({cause}); "
        f"see {log_file}."
    )
