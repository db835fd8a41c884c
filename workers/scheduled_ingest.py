"""Ingest folders again and again: `python -m workers.scheduled_ingest /mnt/nvr --every 10`.

The scheduler, in a thread, only says that a round is due; the main thread carries it out. Only the
main thread can be interrupted by a signal in the middle of a recording, and APScheduler's executors
swallow the KeyboardInterrupt of a job.
"""

import logging
import signal
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from math import isnan
from pathlib import Path
from threading import Event
from typing import NoReturn

import click
from apscheduler.schedulers.background import BackgroundScheduler

from mmrag_video.archive import Archive
from mmrag_video.catalog.writer_lock import writer_lock
from mmrag_video.cli.ingest import summary
from mmrag_video.errors import ExitCode, MmragError
from mmrag_video.ingest import Outcome, OutcomeState, ingest_files
from mmrag_video.settings import Settings
from mmrag_video.settings.loading import load_settings
from mmrag_video.video.discover import find_files

_log = logging.getLogger("workers.scheduled_ingest")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--every",
    type=click.FloatRange(0.01, 60 * 24 * 7),
    callback=lambda context, option, minutes: _number(minutes),
    default=10,
    show_default=True,
    help="Minutes from the start of a round to the start of the next; fractions are allowed.",
)
@click.option(
    "--settings",
    type=click.Path(path_type=Path, dir_okay=False),
    help="TOML file with settings; else the one that MMRAG_SETTINGS names.",
)
@click.pass_context
def scheduled_ingest(
    context: click.Context, paths: tuple[Path, ...], every: float, settings: Path | None
) -> None:
    """Ingest PATHS now and then every few minutes, until Ctrl-C or SIGTERM (exit code 130).

    Example: python -m workers.scheduled_ingest /mnt/nvr --every 10
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # in order, as by Ctrl-C
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
    _log.setLevel(logging.INFO)
    try:
        ingest_every(every, Rounds(load_settings(settings), paths))
    except MmragError as error:
        _log.error("%s", error)
        context.exit(error.exit_code)
    except KeyboardInterrupt:
        _log.info("Stopped. What was complete is kept; start again to go on.")
        context.exit(ExitCode.INTERRUPTED)


def ingest_every(minutes: float, rounds: "Rounds") -> NoReturn:
    """Carry out a round now and every `minutes`; one that takes longer is followed at once."""
    due = Event()
    scheduler = BackgroundScheduler(timezone=UTC)
    scheduler.add_job(
        due.set,
        "interval",
        minutes=minutes,
        next_run_time=datetime.now(UTC),
        misfire_grace_time=None,  # the default drops what a busy machine starts 1 s late
        coalesce=True,
        max_instances=1,
    )
    scheduler.start()
    try:
        while True:
            due.wait()
            due.clear()
            rounds.carry_out()
    finally:
        scheduler.shutdown(wait=False)


def _number(minutes: float) -> float:
    """No comparison tells that `nan` is out of range."""
    if isnan(minutes):
        raise click.BadParameter("'nan' is not a number of minutes.")
    return minutes


_Change = tuple[int, int]
"""Size, and time of the last change in ns: of content, permissions or name."""


class Rounds:
    """Rounds over the same paths, each with an archive and the writer's lock of its own.

    What became searchable is remembered: a file that has not changed since is not read again only
    to learn that it is known.
    """

    def __init__(self, settings: Settings, paths: Sequence[Path]) -> None:
        self._settings = settings
        self._paths = paths
        self._searchable: dict[Path, _Change] = {}
        self._failures: set[str] = set()
        """The last round's sentences: a failure is logged when it is new, not at every try."""

    def carry_out(self) -> None:
        """Ingest what is new or failed before. What stops a round is logged, not raised."""
        try:
            news = self._ingest_new()
        except (MmragError, OSError) as error:
            _log.error("%s The next round tries again.", error)
        else:
            if news:
                _log.info("This round: %s", summary(news))

    def _ingest_new(self) -> list[Outcome]:
        """The outcomes that were worth a line."""
        found = {file.path: file for file in find_files(self._paths)}
        changes = {path: _last_change(path) for path in found}
        new = [file for path, file in found.items() if self._searchable.get(path) != changes[path]]
        news, failures = [], set()
        if new:
            with Archive(self._settings) as archive, writer_lock(archive.directory.root):
                for outcome in ingest_files(archive, new):
                    if outcome.state is OutcomeState.FAILED:
                        failures.add(outcome.message)
                    else:
                        self._searchable[outcome.path] = changes[outcome.path]
                    if self._tell(outcome):
                        news.append(outcome)
        self._failures = failures
        return news

    def _tell(self, outcome: Outcome) -> bool:
        """Log an outcome that is worth a line; whether it was."""
        if outcome.state is OutcomeState.ADDED:
            _log.info("%s is searchable (%d frames).", outcome.path, outcome.frames)
        elif outcome.state is OutcomeState.FAILED and outcome.message not in self._failures:
            _log.warning("%s", outcome.message)
        else:
            return False
        return True


def _last_change(path: Path) -> _Change:
    """Zeros if it cannot be looked at."""
    with suppress(OSError):
        status = path.stat()
        return status.st_size, status.st_ctime_ns
    return 0, 0


if __name__ == "__main__":
    scheduled_ingest()
