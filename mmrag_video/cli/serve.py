"""`mmrag-video serve`: everything that goes on by itself, under one supervisor."""

import os
import sys

import click

from mmrag_video.cli.page import host_option, port_option
from mmrag_video.data_directory import DataDirectory
from mmrag_video.settings import Settings


@click.command()
@host_option
@port_option
@click.pass_context
def serve(context: click.Context, host: str | None, port: int | None) -> None:
    """Run store, page and worker; what dies is started again.

    Until Ctrl-C. By default only this machine can reach the page.

    \b
    Example:
      mmrag-video serve --port 8642
    """
    # Only here, because the library needs no supervisor.
    from workers.supervisor import Program, become_supervisor  # noqa: PLC0415

    settings: Settings = context.obj
    # -P: a file named like a library in the current folder must not be imported.
    python = (sys.executable, "-P", "-m")
    this_program = (*python, "mmrag_video", "--end-with-stdin", *_options(context.parent))
    page_options = (*_given("--host", host), "--port", str(_port(settings, host, port)))
    programs = [
        Program("page", (*this_program, "page", *page_options)),
        Program("worker", (*this_program, "work")),
    ]
    if settings.store.uri is None:
        directory = DataDirectory(settings.data_dir.expanduser().absolute())
        directory.create()
        command = (*python, "workers.store", str(directory.store), settings.worker.log)
        # Its server stays where somebody else uses it, such as an ingest by hand.
        programs.insert(0, Program("store", command, takes_its_children_along=False))
    # The store lingers for nobody: whichever program starts its server, it ends with the last.
    environment = os.environ | {"MMRAG_STORE__LINGER": "0"}
    become_supervisor(programs, environment, settings.worker.log)


def _port(settings: Settings, host: str | None, port: int | None) -> int:
    """A free one is chosen here, once: a page that is started again stays where it was."""
    port = settings.web.port if port is None else port
    if port > 0:
        return port
    # Only here, because the library needs no Flask.
    from web.server import free_port  # noqa: PLC0415

    return free_port(host or settings.web.host)


def _options(program: click.Context | None) -> tuple[str, ...]:
    """The options that came before the command, as they are given to another."""
    given = program.params if program is not None else {}
    return _given("--settings", given.get("settings_file")) + _given(
        "--data-dir", given.get("data_dir")
    )


def _given(option: str, value: object) -> tuple[str, ...]:
    return () if value is None else (option, str(value))
