"""`mmrag-video ingest`: make recordings searchable."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import click
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from mmrag_video.archive import Archive
from mmrag_video.as_json import outcome_to_json
from mmrag_video.catalog.writer_lock import writer_lock
from mmrag_video.cli.console import error_console, json_option, plain, print_json
from mmrag_video.counting import counted
from mmrag_video.errors import ExitCode
from mmrag_video.ingest import Outcome, OutcomeState, ingest_paths
from mmrag_video.ingest import Progress as Follow
from mmrag_video.reindex import reindex_paths
from mmrag_video.settings import Settings

_IN_WORDS = {
    OutcomeState.ADDED: "added",
    OutcomeState.KNOWN: "already known",
    OutcomeState.SAMPLER_CHANGED: "sampled with other settings",
    OutcomeState.FAILED: "failed",
    OutcomeState.FORGOTTEN: "forgotten",
}


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--reindex",
    is_flag=True,
    help="Do again what was made with another model or other sampler settings.",
)
@click.option(
    "--forget-missing",
    is_flag=True,
    help="With --reindex: give up recordings whose file is gone.",
)
@json_option
@click.pass_context
def ingest(
    context: click.Context,
    paths: tuple[Path, ...],
    reindex: bool,
    forget_missing: bool,
    as_json: bool,
) -> None:
    """Make the recordings in PATHS searchable.

    PATHS are files, or folders with all below them. What is known already is left alone. An ingest
    that was stopped is started again with the same command: nothing is lost, nothing is twice.

    \b
    Example:
      mmrag-video ingest /mnt/nvr/front-door clip.mp4
    """
    settings: Settings = context.obj
    if not paths and not reindex:
        raise click.UsageError("Name a file or a folder with recordings.")
    if forget_missing and not reindex:
        raise click.UsageError("--forget-missing goes with --reindex.")
    with (
        Archive(settings) as archive,
        writer_lock(archive.directory.root),
        follow_progress() as follow,
    ):
        if reindex:
            work = reindex_paths(archive, paths, forget_missing, follow)
        else:
            work = ingest_paths(archive, paths, follow)
        code = carry_out(work, as_json)
    context.exit(code)


def carry_out(work: Iterator[Outcome], as_json: bool) -> ExitCode:
    """Do the work to its end, tell of every outcome, and give the exit code."""
    outcomes: list[Outcome] = []
    try:
        for outcome in work:
            outcomes.append(outcome)
            _tell(outcome)
    except KeyboardInterrupt:
        error_console.print("What was complete is kept; the same command goes on from there.")
        raise
    if as_json:
        print_json({"recordings": [outcome_to_json(outcome) for outcome in outcomes]})
    else:
        click.echo(summary(outcomes))
    failed = any(outcome.state is OutcomeState.FAILED for outcome in outcomes)
    return ExitCode.SOME_RECORDINGS_FAILED if failed else ExitCode.OK


@contextmanager
def follow_progress() -> Iterator[Follow]:
    """A bar on standard error that shows how far the recording at hand has come."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeRemainingColumn(),
        console=error_console,
        transient=True,
        disable=not error_console.is_terminal,
    )
    with bar:
        task = bar.add_task("Looking for recordings", total=None)

        def follow(path: Path, done: Fraction, total: Fraction) -> None:
            name = plain(path.name)
            bar.update(task, description=name, completed=float(done), total=float(total) or None)

        yield follow


def _tell(outcome: Outcome) -> None:
    if outcome.message:
        error_console.print(plain(outcome.message), soft_wrap=True)


def summary(outcomes: list[Outcome]) -> str:
    """`2 added (118 frames), 1 already known, 1 failed.`."""
    if not outcomes:
        return "No recordings found there."
    states = Counter(outcome.state for outcome in outcomes)
    frames = sum(outcome.frames for outcome in outcomes)
    parts = []
    for state, words in _IN_WORDS.items():
        if states[state]:
            detail = f" ({counted(frames, 'frame')})" if state is OutcomeState.ADDED else ""
            parts.append(f"{states[state]} {words}{detail}")
    return ", ".join(parts) + "."
