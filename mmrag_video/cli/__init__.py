"""The command line: one file per command."""

import signal
from pathlib import Path
from typing import Any, NoReturn

import click

from mmrag_video import __version__
from mmrag_video.cli.ask import ask
from mmrag_video.cli.audit import audit
from mmrag_video.cli.cameras import cameras
from mmrag_video.cli.cases import cases
from mmrag_video.cli.check import check
from mmrag_video.cli.console import error_console, plain, tell_what_is_waited_for
from mmrag_video.cli.doctor import doctor
from mmrag_video.cli.evaluate import evaluate
from mmrag_video.cli.evidence import evidence
from mmrag_video.cli.export import export
from mmrag_video.cli.forget import forget
from mmrag_video.cli.ingest import ingest
from mmrag_video.cli.models import models
from mmrag_video.cli.page import page
from mmrag_video.cli.queue import queue
from mmrag_video.cli.recordings import recordings
from mmrag_video.cli.reindex import reindex
from mmrag_video.cli.saved import saved
from mmrag_video.cli.search import search
from mmrag_video.cli.serve import serve
from mmrag_video.cli.sources import sources
from mmrag_video.cli.users import users
from mmrag_video.cli.verify import verify
from mmrag_video.cli.work import work
from mmrag_video.end_with_parent import end_in_order, when_parent_ends
from mmrag_video.errors import ExitCode, MmragError
from mmrag_video.settings.loading import load_settings


class _Commands(click.Group):
    """Turns errors a user may meet into words, and Ctrl-C into its exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except MmragError as error:
            error_console.print(f"[bold red]Error:[/] {plain(str(error))}", soft_wrap=True)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            error_console.print("Stopped.")
            ctx.exit(ExitCode.INTERRUPTED)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mmrag-video")
@click.option(
    "--settings",
    "settings_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="TOML file with settings; else the one that MMRAG_SETTINGS names.",
)
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of catalog, store and pictures; else MMRAG_DATA_DIR, else your user data folder.",
)
@click.option(
    "--end-with-stdin",
    is_flag=True,
    help="End as by SIGTERM when standard input ends: with the program that holds its other end.",
)
@click.pass_context
def cli(
    context: click.Context, settings_file: Path | None, data_dir: Path | None, end_with_stdin: bool
) -> None:
    """Search inside surveillance recordings by describing what happened.

    \b
    Example:
      mmrag-video ingest /mnt/nvr
      mmrag-video search "two people at an ATM"

    \b
    Exit codes: 0 done; 1 failed; 2 wrong usage or settings; 3 some recordings failed, the others
    are done; 4 no confident match, or not seen; 5 the index was made with other settings;
    6 evidence was changed; 130 interrupted.
    """
    signal.signal(signal.SIGTERM, _stop)
    if end_with_stdin:
        when_parent_ends(end_in_order)
    tell_what_is_waited_for()
    settings = load_settings(settings_file)
    if data_dir is not None:
        settings = settings.model_copy(update={"data_dir": data_dir})
    context.obj = settings


def _stop(*_: object) -> NoReturn:
    """End like Ctrl-C, so that every context is left in order."""
    raise KeyboardInterrupt


for command in (
    ingest,
    reindex,
    search,
    ask,
    export,
    saved,
    serve,
    page,
    work,
    sources,
    queue,
    recordings,
    cameras,
    users,
    audit,
    cases,
    evidence,
    verify,
    forget,
    check,
    evaluate,
    models,
    doctor,
):
    cli.add_command(command)
