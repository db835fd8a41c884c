"""`mmrag-video reindex`: make the index anew while the old one answers."""

import click

from mmrag_video.archive import Archive
from mmrag_video.catalog.writer_lock import writer_lock
from mmrag_video.cli.console import error_console, json_option
from mmrag_video.cli.ingest import carry_out, follow_progress
from mmrag_video.reindex import drop_other_indexes, reindex_paths
from mmrag_video.settings import Settings


@click.command()
@click.option(
    "--forget-missing", is_flag=True, help="Give up recordings whose file is gone or unreadable."
)
@click.option(
    "--drop-old", is_flag=True, help="Then drop every other index, half-filled ones among them."
)
@json_option
@click.pass_context
def reindex(context: click.Context, forget_missing: bool, drop_old: bool, as_json: bool) -> None:
    """Make the index anew with the settings as they are now.

    That is, with their model and sampler. All known recordings are ingested into a new index. A
    page and searches with the old settings go on with the old index; when the new one is whole it
    takes over, and they want the new settings. Stopped and started again, it goes on. The old index
    is kept, so that its settings and this command bring it back at once, until --drop-old.

    \b
    Example:
      mmrag-video reindex
      mmrag-video reindex --drop-old
    """
    settings: Settings = context.obj
    with (
        Archive(settings) as archive,
        writer_lock(archive.directory.root),
        follow_progress() as follow,
    ):
        work = reindex_paths(archive, (), forget_missing, follow)
        code = carry_out(work, as_json)
        dropped = drop_other_indexes(archive) if drop_old else []
    for old in dropped:
        error_console.print(f"Dropped: {old.describe()}.")
    context.exit(code)
