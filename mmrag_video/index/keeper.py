"""The process that runs the shared server and stops it after its last user has gone.

`python -m mmrag_video.index.keeper DIRECTORY LINGER` is started by server.py. Milvus Lite runs as
threads of this process, so that there is never a server without its keeper, and it binds port 0,
so that no other program can take the port between choosing and opening it.
"""

import json
import logging
import os
import signal
import sys
import time
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from mmrag_video.file_lock import FileLock, LockMode

CLIENTS_LOCK = "clients.lock"
"""Held SHARED by every client for as long as it uses the server."""
KEEPER_LOCK = "keeper.lock"
"""Held EXCLUSIVE by a keeper all its life: taken means alive, whatever the address file says."""
ADDRESS_FILE = "server.json"
DATA_FOLDER = "data"

_POLL_SECONDS = 0.2


def main(directory: Path, linger: float) -> int:
    """Serve until nobody has used the server for `linger` seconds, or until SIGTERM."""
    # No Event: its lock may be held by the very thread that the signal interrupts.
    told_to_stop: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: told_to_stop.append(number))
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    with FileLock(directory / KEEPER_LOCK) as own, FileLock(directory / CLIENTS_LOCK) as clients:
        if not own.try_acquire(LockMode.EXCLUSIVE):
            print("Another keeper is already running here.", flush=True)
            return 1
        # Imported late: the locks above must not wait for the 2 s that this takes.
        from milvus_lite.adapter.grpc.server import start_server_in_thread  # noqa: PLC0415

        server, database, port = start_server_in_thread(str(directory / DATA_FOLDER))
        _publish(directory / ADDRESS_FILE, port)
        try:
            _wait_until_unused(clients, linger, told_to_stop)
        finally:
            _withdraw(directory / ADDRESS_FILE)
            server.stop(grace=5).wait()
            database.close()
    return 0


def _publish(file: Path, port: int) -> None:
    """Say where the server is, all at once."""
    address = {"pid": os.getpid(), "port": port, "milvus_lite": version("milvus-lite")}
    draft = file.with_suffix(".new")
    draft.write_text(json.dumps(address))
    draft.replace(file)


def _withdraw(file: Path) -> None:
    """Take the address back, unless the folder was removed and another keeper's lies there now."""
    with suppress(OSError, ValueError):
        if json.loads(file.read_text())["pid"] == os.getpid():
            file.unlink()


def _wait_until_unused(clients: FileLock, linger: float, told_to_stop: list[int]) -> None:
    """Return holding the clients' lock, so that a newcomer waits until the server is gone."""
    unused_since: float | None = None
    while not told_to_stop:
        time.sleep(_POLL_SECONDS)
        if not clients.try_acquire(LockMode.EXCLUSIVE):
            unused_since = None
            continue
        unused_since = unused_since or time.monotonic()
        if time.monotonic() - unused_since >= linger:
            return
        clients.release()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), float(sys.argv[2])))
