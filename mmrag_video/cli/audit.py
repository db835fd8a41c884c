"""`mmrag-video audit`: who did what on the page, and whether the log of it is whole."""

import json
from collections.abc import Iterator
from pathlib import Path

import click

from mmrag_video.archive import Archive
from mmrag_video.as_json import audit_entry_from_json, audit_entry_to_json
from mmrag_video.catalog.audit import Action, AuditEntry, broken_at
from mmrag_video.catalog.users import LOCAL
from mmrag_video.cli.console import (
    error_console,
    json_option,
    plain,
    print_json,
    print_rows,
    table_of,
    wall_clock,
)
from mmrag_video.errors import ExitCode, UsageError
from mmrag_video.settings import Settings


@click.group()
def audit() -> None:
    """Show, export and verify the log of what users did.

    \b
    Example:
      mmrag-video audit show --user bob
    """


@audit.command()
@click.option("--user", help="Only this user's; `local` is whoever sits at the machine.")
@click.option("--action", type=click.Choice([one.value for one in Action]), help="Only this.")
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=20, help="At most so many; 20 if not given."
)
@json_option
@click.pass_obj
def show(
    settings: Settings, user: str | None, action: str | None, limit: int, as_json: bool
) -> None:
    """List the entries, newest first.

    \b
    Example:
      mmrag-video audit show --action search --limit 100
    """
    with Archive(settings) as archive:
        log = archive.catalog.audit
        chosen = None if action is None else Action(action)
        entries = list(log.entries(user=user, action=chosen, limit=limit))
    if as_json:
        print_json({"entries": [audit_entry_to_json(entry) for entry in entries]})
        return
    table = table_of("Number", "When", "Who*", "From", "What", "About*")
    for entry in entries:
        table.add_row(
            str(entry.number),
            wall_clock(entry.at),
            plain(entry.user),
            plain(entry.address or "a command"),
            entry.action.value,
            plain(json.dumps(dict(entry.about), ensure_ascii=False)),
        )
    print_rows(table, if_none="No such entries.")


@audit.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def export(settings: Settings, file: Path) -> None:
    """Write all entries to FILE, one JSON object a line, and say the last one's hash.

    \b
    Example:
      mmrag-video audit export audit.jsonl
    """
    with Archive(settings) as archive:
        log = archive.catalog.audit
        last = log.note(LOCAL.name, Action.EXPORT, {"what": "audit log", "file": str(file)})
        try:
            with file.open("x", encoding="utf-8") as lines:
                for entry in log.oldest_first():
                    text = json.dumps(audit_entry_to_json(entry), ensure_ascii=False)
                    lines.write(text + "\n")
                    last = entry
        except OSError as error:
            raise UsageError(f"The log cannot be written to {file}: {error.strerror}.") from error
    error_console.print(
        f"The last entry is number {last.number}, with the hash {last.hash}.",
        soft_wrap=True,
    )


@audit.command()
@click.option(
    "--file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="An export, instead of the catalog's log.",
)
@click.option("--last", help="Hash that an earlier export told; it must be there.")
@click.pass_context
def verify(context: click.Context, file: Path | None, last: str | None) -> None:
    """Say whether every entry is what was written and follows the one before; if not, exit code 1.

    Entries that were cut off at the end leave no gap: that is what --last is for.

    \b
    Example:
      mmrag-video audit verify --last 3f9a...
    """
    hashes: set[str] = set()
    with Archive(context.obj) as archive:
        entries = archive.catalog.audit.oldest_first() if file is None else _read(file)
        broken = broken_at(_noting(hashes, entries))
    if broken is not None:
        error_console.print(
            f"Entry {broken} is not what was written, or does not follow the one before it."
        )
        context.exit(ExitCode.FAILED)
    if last is not None and last not in hashes:
        error_console.print("The chain holds, but no entry has that hash: its end was cut off.")
        context.exit(ExitCode.FAILED)
    error_console.print(f"The chain holds. Entries: {len(hashes)}.")


def _noting(hashes: set[str], entries: Iterator[AuditEntry]) -> Iterator[AuditEntry]:
    for entry in entries:
        hashes.add(entry.hash)
        yield entry


def _read(file: Path) -> Iterator[AuditEntry]:
    try:
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                yield audit_entry_from_json(json.loads(line))
    except OSError as error:
        raise UsageError(f"The export {file} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{file} is no export of the audit log, or was spoilt.") from error
