"""`mmrag-video queue`: what the worker is at, what waits, what failed."""

from collections.abc import Iterable
from fractions import Fraction
from zoneinfo import ZoneInfo

import click
from rich.table import Table

from mmrag_video.archive import Archive
from mmrag_video.as_json import queue_to_json
from mmrag_video.catalog.jobs import Job, JobState
from mmrag_video.cli.console import (
    error_console,
    json_option,
    plain,
    print_json,
    print_table,
    printable,
    table_of,
    timecode,
    wall_clock,
)
from mmrag_video.counting import counted
from mmrag_video.errors import UsageError
from mmrag_video.queue_overview import (
    QueueOverview,
    counts_in_words,
    queue_overview,
    worker_in_words,
)
from mmrag_video.settings import Settings


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def queue(context: click.Context, as_json: bool) -> None:
    """Show, pause or retry what the worker is at.

    \b
    Example:
      mmrag-video queue
      mmrag-video queue retry
    """
    if context.invoked_subcommand is not None:
        return
    settings: Settings = context.obj
    with Archive(settings) as archive:
        overview = queue_overview(archive)
    if as_json:
        print_json(queue_to_json(overview))
    else:
        _print(overview, ZoneInfo(settings.clock.zone))


@queue.command()
@click.pass_obj
def pause(settings: Settings) -> None:
    """Let the worker hold still after the frames at hand, until `queue resume`.

    It is kept over restarts.

    \b
    Example:
      mmrag-video queue pause
    """
    with Archive(settings) as archive:
        archive.catalog.worker.pause(True)
    error_console.print("Paused: mmrag-video queue resume lets it go on.")


@queue.command()
@click.pass_obj
def resume(settings: Settings) -> None:
    """Let the worker go on.

    \b
    Example:
      mmrag-video queue resume
    """
    with Archive(settings) as archive:
        archive.catalog.worker.pause(False)
    error_console.print("It goes on.")


@queue.command()
@click.argument("jobs", nargs=-1, type=int)
@click.pass_obj
def retry(settings: Settings, jobs: tuple[int, ...]) -> None:
    """Try JOBS that failed again now; all that failed if none is named.

    `mmrag-video queue` shows their numbers.

    \b
    Example:
      mmrag-video queue retry
      mmrag-video queue retry 17 23
    """
    with Archive(settings) as archive:
        for job in jobs:
            _check_failed(archive, job)
        asked = archive.catalog.jobs.ask_again(jobs or None)
    error_console.print(f"{counted(asked, 'recording')} will be tried again.")


def _check_failed(archive: Archive, number: int) -> None:
    job = archive.catalog.jobs.job(number)
    if job is None:
        raise UsageError(f"There is no job {number}; `mmrag-video queue` lists those that failed.")
    if not job.has_failed:
        raise UsageError(f"Job {number} ({job.file.path}) has not failed: it is {job.state.value}.")


def _print(overview: QueueOverview, zone: ZoneInfo) -> None:
    click.echo(printable(worker_in_words(overview)))
    click.echo(counts_in_words(overview))
    click.echo(_progress_line(overview, zone))
    for heading, table in (
        ("Running", _running_table(overview.running)),
        ("Next", _next_table(overview.next)),
        ("Failed", _failed_table(overview.failed, zone)),
    ):
        if table.row_count:
            click.echo(f"\n{heading}")
            print_table(table)


def _progress_line(overview: QueueOverview, zone: ZoneInfo) -> str:
    progress = overview.progress
    speed = progress.times_real_time
    times = f", {speed:.1f} times real time" if speed is not None else ""
    return (
        f"Last hour: {counted(progress.recordings, 'recording')}, "
        f"{counted(progress.frames, 'frame')}, {timecode(Fraction(progress.footage))} of "
        f"footage{times}. {_caught_up(overview, zone)}"
    )


def _caught_up(overview: QueueOverview, zone: ZoneInfo) -> str:
    if overview.is_idle:
        return "Nothing is left to do."
    if overview.caught_up is None:
        return "When it will have caught up is not known."
    return f"Caught up at {wall_clock(overview.caught_up.astimezone(zone))}."


def _running_table(jobs: Iterable[Job]) -> Table:
    table = table_of("Job", "Source*", "Done", "Of", "File*")
    for job in jobs:
        length = timecode(Fraction(job.total_seconds)) if job.total_seconds else "unknown"
        table.add_row(
            str(job.id),
            plain(job.source),
            timecode(Fraction(job.done_seconds)),
            length,
            plain(str(job.file.path)),
        )
    return table


def _next_table(jobs: Iterable[Job]) -> Table:
    table = table_of("Job", "Source*", "File*")
    for job in jobs:
        table.add_row(str(job.id), plain(job.source), plain(str(job.file.path)))
    return table


def _failed_table(jobs: Iterable[Job], zone: ZoneInfo) -> Table:
    table = table_of("Job", "Source*", "Tried", "Next try", "Reason*")
    for job in jobs:
        again = (
            wall_clock(job.due.astimezone(zone)) if job.state is JobState.WAITING else "set aside"
        )
        table.add_row(str(job.id), plain(job.source), str(job.attempts), again, plain(job.error))
    return table
