"""`mmrag-video check`: whether store, catalog, pictures and files agree."""

from collections.abc import Sequence

import click

from mmrag_video.archive import Archive
from mmrag_video.catalog.writer_lock import writer_lock
from mmrag_video.check import Difference, look
from mmrag_video.cli.console import json_option, print_json, printable
from mmrag_video.counting import counted
from mmrag_video.errors import ExitCode
from mmrag_video.mending import Mended, mend_all
from mmrag_video.settings import Settings


@click.command()
@click.option("--mend", "mending", is_flag=True, help="Mend what differs; nobody may ingest then.")
@click.option("--deep", is_flag=True, help="Read every file through and compare its content.")
@json_option
@click.pass_context
def check(context: click.Context, mending: bool, deep: bool, as_json: bool) -> None:
    """Say whether store, catalog and files agree.

    Store, catalog, pictures and files are compared, and what differs is said, one line each. Exit
    code 0: they agree, or all is mended. 1: something differs. That a recording's file is gone or
    has another size is said, but is no difference.

    \b
    Example:
      mmrag-video check --mend
    """
    settings: Settings = context.obj
    with Archive(settings) as archive:
        if mending:
            with writer_lock(archive.directory.root):
                archive.catalog.interrupt_running()
                found = list(mend_all(archive, deep=deep))
        else:
            found = [Mended(one, one.is_remark, "") for one in look(archive, deep=deep)]
    remaining = [one for one in found if not one.is_mended]
    if as_json:
        print_json({"agree": not remaining, "differences": [_to_json(one) for one in found]})
    else:
        for one in found:
            done = f": {one.done}" if one.done else ""
            click.echo(printable(f"{one.difference.kind.value}: {one.difference.sentence}{done}"))
        click.echo(_summary(found, remaining))
    context.exit(ExitCode.FAILED if remaining else ExitCode.OK)


def _summary(found: Sequence[Mended], remaining: Sequence[Mended]) -> str:
    real = [one for one in found if not one.difference.is_remark]
    if not real:
        return "All agree."
    if len(remaining) == len(real):
        return f"{counted(len(real), 'difference')}."
    return f"{counted(len(real) - len(remaining), 'difference')} mended, {len(remaining)} left."


def _to_json(one: Mended) -> dict[str, object]:
    difference: Difference = one.difference
    return {
        "kind": difference.kind.value,
        "sentence": difference.sentence,
        "recording": difference.recording.id if difference.recording else None,
        "index": difference.index.fingerprint if difference.index else None,
        "is_difference": not difference.is_remark,
        "mended": one.is_mended and not difference.is_remark,
        "done": one.done,
    }
