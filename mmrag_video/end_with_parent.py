"""A process that must not outlive the one that started it, however that one dies.

The parent gives it a pipe as standard input and keeps the other end to itself: the kernel closes
that end when the parent is gone, kill -9 included.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable

_PATIENCE = 10.0
"""Seconds for an end in order."""


def when_parent_ends(act: Callable[[], None]) -> None:
    """Call `act`, in a thread of its own, when standard input ends. Returns at once."""
    threading.Thread(target=_wait_and, args=(act,), daemon=True).start()


def end_in_order() -> None:
    """End this process as SIGTERM does; by force if that takes too long."""
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_PATIENCE)
    os.kill(os.getpid(), signal.SIGKILL)


def _wait_and(act: Callable[[], None]) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    act()
