"""A saved search's command, run so that it does not outlive the worker, and fills no disk.

`python -m workers.told_command DESCRIPTOR COMMAND...`, in a session of its own, with a pipe as
standard input that ends with the worker. The command reads the message from the descriptor, as its
own standard input; the end of what it says on standard error is said here. Exit codes are as a
shell has them: the command's own, 128 and the signal that ended it, 127 where it cannot be run.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import IO

from mmrag_video.end_with_parent import when_parent_ends

_KEPT = 4096
"""Bytes of what it says, the last ones."""
_LAST_WORDS = 0.5
"""Seconds for them to arrive after the command's end: what it left behind may talk for ever."""
_CANNOT_BE_RUN = 127


def main(message: int, command: Sequence[str]) -> int:
    """Run it to its end; the exit code."""
    when_parent_ends(_end_all)
    try:
        process = subprocess.Popen(command, stdin=message, stderr=subprocess.PIPE)
    except OSError as error:
        sys.stderr.write(f"it cannot be run: {error.strerror}")
        return _CANNOT_BE_RUN
    assert process.stderr is not None
    said = bytearray()
    listening = threading.Thread(target=_keep_end, args=(process.stderr, said), daemon=True)
    listening.start()
    code = process.wait()
    listening.join(_LAST_WORDS)
    sys.stderr.buffer.write(bytes(said))
    return code if code >= 0 else 128 - code


def _keep_end(stream: IO[bytes], said: bytearray) -> None:
    while piece := os.read(stream.fileno(), 64 * 1024):
        said += piece
        del said[:-_KEPT]


def _end_all() -> None:
    """End the whole group, and with it this process."""
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
