"""The command `mmrag-video`, and `python -m mmrag_video`."""

import sys

from mmrag_video.errors import ExitCode


def main() -> None:
    """Run the command line. Ctrl-C ends it in order also while it is still being imported."""
    try:
        from mmrag_video.cli import cli  # noqa: PLC0415

        cli()
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)


if __name__ == "__main__":
    main()
