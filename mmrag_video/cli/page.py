"""`mmrag-video page`: the search page alone."""

import click

from mmrag_video.archive import Archive
from mmrag_video.cli.console import error_console
from mmrag_video.settings import Settings

host_option = click.option("--host", help="Address to listen on; else the setting web.host.")
port_option = click.option(
    "--port", type=click.IntRange(0, 65535), help="Port; 0 takes a free one."
)


@click.command()
@host_option
@port_option
@click.pass_obj
def page(settings: Settings, host: str | None, port: int | None) -> None:
    """Serve the search page alone until Ctrl-C. By default only this machine can reach it.

    `mmrag-video serve` runs it together with the worker. On an address that others reach it needs
    users: `mmrag-video users add`.

    \b
    Example:
      mmrag-video page --port 8642
    """
    # Only here, because the library needs no Flask.
    from web.server import serve as serve_page  # noqa: PLC0415

    host = host or settings.web.host
    with Archive(settings) as archive:

        def announce(address: str) -> None:
            # The port is had by now: that one is taken need not wait for a model to be read.
            archive.warm_up()
            error_console.print(f"The search page is at {address}")

        serve_page(archive, host, settings.web.port if port is None else port, on_ready=announce)
