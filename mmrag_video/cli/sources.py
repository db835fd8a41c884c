"""`mmrag-video sources`: the folders in which recordings arrive."""

from pathlib import Path

import click

from mmrag_video.archive import Archive
from mmrag_video.as_json import source_to_json
from mmrag_video.catalog.tally import SourceCounts, counts_by_source
from mmrag_video.cli.console import (
    error_console,
    json_option,
    plain,
    print_json,
    print_rows,
    table_of,
)
from mmrag_video.settings import Settings
from mmrag_video.sources import (
    add_source,
    camera_rule_in_words,
    list_sources,
    remove_source,
    schedule_in_words,
)


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def sources(context: click.Context, as_json: bool) -> None:
    """List the folders in which recordings arrive.

    With how many files of each are known, wait, or failed.

    \b
    Example:
      mmrag-video sources
      mmrag-video sources add gate /mnt/nvr/gate --camera gate
    """
    if context.invoked_subcommand is not None:
        return
    settings: Settings = context.obj
    with Archive(settings) as archive:
        known = list_sources(settings, archive.catalog)
        counts = counts_by_source(archive.catalog.database)
    counted = [(source, counts.get(source.name, SourceCounts(0, 0, 0))) for source in known]
    if as_json:
        print_json({"sources": [source_to_json(source, files) for source, files in counted]})
        return
    columns = ("Camera*", "Looked at", "Priority", "Files", "Waiting", "Failed", "From")
    table = table_of("Source*", "Folder*", *columns)
    for source, files in counted:
        table.add_row(
            plain(source.name),
            plain(str(source.settings.folder)),
            plain(camera_rule_in_words(source.settings)),
            schedule_in_words(source.settings),
            str(source.settings.priority),
            *(str(number) for number in (files.known, files.waiting, files.failed)),
            source.origin.value,
        )
    print_rows(table, if_none="No sources yet: mmrag-video sources add NAME FOLDER")


@sources.command()
@click.argument("name")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--camera", help="Its recordings are this camera's, whatever their name.")
@click.option(
    "--camera-from",
    type=click.Choice(["name", "folder"]),
    help="Where else the camera's name comes from first; name if not given.",
)
@click.option("--every", type=float, metavar="MINUTES", help="From one look to the next; else ten.")
@click.option(
    "--cron", metavar="FIELDS", help="When to look, as in a crontab; --every does not count then."
)
@click.option(
    "--include", multiple=True, metavar="PATTERN", help="Only such paths; may be repeated."
)
@click.option("--ignore", multiple=True, metavar="PATTERN", help="No such paths; may be repeated.")
@click.option("--no-recursive", is_flag=True, help="Without the folders below it.")
@click.option("--no-watch", is_flag=True, help="Only look when it is time to.")
@click.option("--priority", type=int, help="Sources with more of it come first; from -100 to 100.")
@click.option(
    "--order", type=click.Choice(["newest", "oldest"]), help="Which files come first; else newest."
)
@click.option(
    "--since", metavar="TIME", help="Leave files alone that were last written to before it."
)
@click.option("--live", is_flag=True, help="Take files that still grow.")
@click.option(
    "--settle", type=float, metavar="SECONDS", help="That a file must not have changed for."
)
@click.option(
    "--gone",
    type=click.Choice(["mark", "forget"]),
    help="What becomes of a recording whose file was deleted; else mark.",
)
@click.option("--interval", type=float, metavar="SECONDS", help="Its sampler.interval.")
@click.option("--heartbeat", type=float, metavar="SECONDS", help="Its sampler.heartbeat.")
@click.option("--sensitivity", type=float, help="Its sampler.sensitivity.")
@click.pass_obj
def add(
    settings: Settings,
    /,
    name: str,
    folder: Path,
    no_recursive: bool,
    no_watch: bool,
    **options: object,
) -> None:
    """Add the source NAME: recordings that arrive in FOLDER become searchable by themselves.

    The worker finds a new source within seconds. Where an option is not given, the default of the
    setting sources.NAME holds.

    \b
    Example:
      mmrag-video sources add gate /mnt/nvr/gate --camera gate --every 5
      mmrag-video sources add nvr /mnt/nvr --ignore "gate/*" --cron "*/15 * * * *"
    """
    given = {field: value for field, value in options.items() if value is not None}
    values = {**given, "folder": str(folder.absolute())}
    with Archive(settings) as archive:
        add_source(
            settings,
            archive.catalog,
            name,
            {**values, "recursive": not no_recursive, "watch": not no_watch},
        )
    error_console.print(f"Added: {plain(name)}.", soft_wrap=True)


@sources.command()
@click.argument("name")
@click.pass_obj
def remove(settings: Settings, name: str) -> None:
    """Remove the source NAME and what waits of it; what was ingested stays searchable.

    \b
    Example:
      mmrag-video sources remove gate
    """
    with Archive(settings) as archive:
        remove_source(settings, archive.catalog, name)
    error_console.print(f"Removed: {plain(name)}.", soft_wrap=True)
