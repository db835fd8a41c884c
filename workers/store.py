"""The embedded store as a program: holds its server's lease until SIGTERM, then ends the server.

`python -m workers.store DIRECTORY LOG` is started by the supervisor; LOG is what `worker.log` says.
It ends when the server does, so that the supervisor starts both again; the other programs lease the
new server by themselves.
"""

import logging
import signal
import sys
import time
from pathlib import Path

from mmrag_video.end_with_parent import end_in_order, when_parent_ends
from mmrag_video.errors import ExitCode, StoreError
from mmrag_video.index.server import end_unused_server, lease_server
from workers.logs import set_up

_log = logging.getLogger("workers.store")
_POLL_SECONDS = 0.2
_PATIENCE = 2.0
"""Seconds for the server to close its files; 0.3 s are usual on 2 cores."""


def main(directory: Path) -> ExitCode:
    """Hold the lease; FAILED if the server cannot be started, or ended by itself."""
    # No Event: its lock may be held by the very thread that the signal interrupts.
    told_to_stop: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: told_to_stop.append(number))
    when_parent_ends(end_in_order)
    try:
        with lease_server(directory, linger=0) as lease:
            while not told_to_stop:
                time.sleep(_POLL_SECONDS)
                if not lease.is_served:
                    _log.error("The frame store's server in %s ended.", directory)
                    return ExitCode.FAILED
    except StoreError as error:
        _log.error("%s", error)
        return ExitCode.FAILED
    if not end_unused_server(directory, _PATIENCE):
        _log.warning("The frame store's server in %s goes on: others use it.", directory)
    return ExitCode.INTERRUPTED


if __name__ == "__main__":
    set_up("json" if sys.argv[2] == "json" else "text")
    sys.exit(main(Path(sys.argv[1])))
