"""The command `mmrag-video`, and `python -m mmrag_video`."""

import os
import sys
from typing import NoReturn

from mmrag_video.errors import ExitCode
from mmrag_video.overlap import is_at_work


def main() -> None:
    """Run the command line. Ctrl-C ends it in order also while it is still being imported."""
    try:
        from mmrag_video.cli import cli  # noqa: PLC0415

        cli()
    except KeyboardInterrupt:
        _end(ExitCode.INTERRUPTED)
    except SystemExit as end:
        _end(end.code)


def _end(code: object) -> NoReturn:
    """A batch that nobody waits for is in a library's own code: taking the interpreter down under
    it aborts the program, so the process ends at once. All is written and closed by now.
    """
    if is_at_work() and isinstance(code, int):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
