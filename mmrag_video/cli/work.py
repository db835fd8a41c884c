"""`mmrag-video work`: the worker alone."""

import threading

import click


@click.command()
def work() -> None:
    """Ingest what arrives in the sources, until Ctrl-C or SIGTERM.

    \b
    Example:
      mmrag-video work
    """
    threading.Event().wait()
