"""`mmrag-video work`: the worker alone."""

import signal

import click

from mmrag_video.errors import ExitCode
from mmrag_video.settings import Settings
from mmrag_video.sources import refuse_misplaced


@click.command()
@click.pass_context
def work(context: click.Context) -> None:
    """Ingest what arrives in the sources, until Ctrl-C or SIGTERM.

    `mmrag-video serve` runs it together with the page; this is for a machine of its own.

    \b
    Example:
      mmrag-video work
    """
    # Only here, because the library needs no scheduler.
    from workers.logs import set_up  # noqa: PLC0415
    from workers.worker import Worker  # noqa: PLC0415

    settings: Settings = context.obj
    refuse_misplaced(settings)
    set_up(settings.worker.log)
    worker = Worker(settings)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop())
    worker.run()
    context.exit(ExitCode.INTERRUPTED)
