"""`mmrag-video forget`: let recordings go from the index, by name or by the retention's rules."""

from collections.abc import Sequence
from datetime import UTC, datetime

import click

from mmrag_video.archive import Archive
from mmrag_video.cases import cases_of
from mmrag_video.catalog.records import Recording
from mmrag_video.catalog.writer_lock import writer_lock
from mmrag_video.cli.console import error_console, json_option, plain, print_json, printable
from mmrag_video.counting import counted
from mmrag_video.errors import ExitCode, UsageError
from mmrag_video.letting_go import let_go
from mmrag_video.naming_recordings import named, short
from mmrag_video.retention import LEAP, Due, Reason, due
from mmrag_video.settings import Settings


@click.command()
@click.argument("recordings", nargs=-1)
@click.option("--due", "by_rule", is_flag=True, help="Those that the retention settings let go.")
@click.option(
    "--trust-clock",
    is_flag=True,
    help="With --due: also those whose age is doubtful.",
)
@click.option("--dry-run", is_flag=True, help="Only say which ones.")
@json_option
@click.pass_context
def forget(
    context: click.Context,
    recordings: tuple[str, ...],
    by_rule: bool,
    trust_clock: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Let recordings go from the index.

    That is, their vectors, their pictures and their rows in the catalog. RECORDINGS are ids, or
    beginnings of ids, as `mmrag-video recordings` shows them. Their files are not touched, and an
    ingest of one by name makes it searchable again.

    \b
    Example:
      mmrag-video forget --due --dry-run
    """
    settings: Settings = context.obj
    if bool(recordings) == by_rule:
        raise click.UsageError("Name recordings, or say --due.")
    if trust_clock and not by_rule:
        raise click.UsageError("--trust-clock goes with --due.")
    with Archive(settings) as archive:
        now = datetime.now(UTC)
        chosen = due(archive, now, trust_clock=trust_clock) if by_rule else []
        going = _sure(chosen) if by_rule else _named(archive, recordings)
        reasons = {one.recording.id: one.reason.value for one in chosen}
        stayed = set() if dry_run or not going else _let_go(archive, going)
    gone = [recording for recording in going if recording.id not in stayed]
    _tell_of_doubt(chosen)
    for recording in going:
        if recording.id in stayed:
            error_console.print(
                plain(f"{recording.path} stays: it is kept, in a case, or being ingested by now."),
                soft_wrap=True,
            )
    if as_json:
        print_json({"recordings": [_to_json(one, reasons) for one in gone], "dry_run": dry_run})
    else:
        for recording in gone:
            reason = reasons.get(recording.id)
            click.echo(printable(f"{recording.path}" + (f" ({reason})" if reason else "")))
        verb = "would be forgotten" if dry_run else "forgotten"
        click.echo(f"{counted(len(gone), 'recording')} {verb}.")
    context.exit(ExitCode.FAILED if stayed else ExitCode.OK)


def _sure(chosen: Sequence[Due]) -> list[Recording]:
    return [one.recording for one in chosen if one.reason is not Reason.DOUBTFUL_AGE]


def _named(archive: Archive, prefixes: Sequence[str]) -> list[Recording]:
    found = {recording.id: recording for recording in (named(archive, one) for one in prefixes)}
    for recording in found.values():
        _check_in_no_case(archive, recording)
        if recording.kept:
            raise UsageError(
                f"{recording.path} is kept; `mmrag-video recordings --release "
                f"{short(recording)}` lets it go first."
            )
    return list(found.values())


def _check_in_no_case(archive: Archive, recording: Recording) -> None:
    names = cases_of(archive, recording)
    if names:
        listed = ", ".join(map(repr, names))
        raise UsageError(
            f"{recording.path} is in the {'case' if len(names) == 1 else 'cases'} {listed}; take "
            "its moments out, or remove the case, first: `mmrag-video cases`."
        )


def _let_go(archive: Archive, going: Sequence[Recording]) -> set[str]:
    """Those that stayed all the same."""
    with writer_lock(archive.directory.root):
        archive.catalog.interrupt_running()
        return set(let_go(archive, [recording.id for recording in going]).stayed)


def _tell_of_doubt(chosen: Sequence[Due]) -> None:
    doubtful = [one for one in chosen if one.reason is Reason.DOUBTFUL_AGE]
    if doubtful:
        error_console.print(
            f"{counted(len(doubtful), 'recording')} would go by age, but nothing was recorded for "
            f"more than {LEAP.days} days after: is this machine's clock right? If it is, say so "
            "with --trust-clock.",
            soft_wrap=True,
        )


def _to_json(recording: Recording, reasons: dict[str, str]) -> dict[str, str | None]:
    return {
        "id": recording.id,
        "path": str(recording.path),
        "camera": recording.camera,
        "reason": reasons.get(recording.id),
    }
