"""Where commands print: answers to standard output, everything else to standard error."""

import json
import logging
import os
import sys
from datetime import datetime
from fractions import Fraction
from typing import Any

import click
from rich.console import Console
from rich.highlighter import NullHighlighter
from rich.logging import RichHandler
from rich.markup import escape
from rich.table import Table

from mmrag_video.archive import Archive
from mmrag_video.errors import UsageError
from mmrag_video.moments import Moment
from mmrag_video.video.timecode import Timecode

_PIPE_WIDTH = 200
"""Columns when the output is read by a program: nothing is cut to a window that isn't there."""

error_console = Console(stderr=True, highlight=False)

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object instead of words."
)


def printable(text: str) -> str:
    """Text that every terminal takes: names of files may hold stray bytes and escape codes."""
    valid = text.encode("utf-8", "backslashreplace").decode()
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in valid
    )


def plain(text: str) -> str:
    """A name or a sentence as a table or a console shows it unchanged, on one line."""
    return escape(printable(text))


def print_json(value: Any) -> None:
    """Print one JSON value to standard output."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    click.echo(text.encode("utf-8", "backslashreplace").decode())


def tell_what_is_waited_for() -> None:
    """Let somebody at a terminal know that a model server has not answered yet."""
    if error_console.is_terminal:
        log = logging.getLogger("mmrag_video")
        log.setLevel(logging.INFO)
        log.addHandler(
            RichHandler(
                console=error_console,
                show_time=False,
                show_level=False,
                show_path=False,
                highlighter=NullHighlighter(),
            )
        )


def check_camera(archive: Archive, name: str) -> None:
    """Raise UsageError unless there is a camera of that name."""
    if name not in archive.catalog.camera_names():
        raise UsageError(
            f"There is no camera named {name!r}; `mmrag-video cameras` lists those there are."
        )


def table_of(*headings: str) -> Table:
    """A table; only columns whose heading ends in * give way where the window is narrow."""
    table = Table(box=None)
    for heading in headings:
        gives_way = heading.endswith("*")
        table.add_column(heading.rstrip("*"), no_wrap=not gives_way, overflow="fold")
    return table


def print_table(table: Table) -> None:
    """Print a table as wide as the window, or wide enough for a program to read."""
    in_window = sys.stdout.isatty() or "COLUMNS" in os.environ
    Console(width=None if in_window else _PIPE_WIDTH, highlight=False).print(table)


def print_rows(table: Table, *, if_none: str) -> None:
    """Print a table that has rows, or on standard error a sentence in its place."""
    if table.row_count:
        print_table(table)
    else:
        error_console.print(if_none)


def wall_clock(time: datetime | None) -> str:
    """`2026-03-29 14:05:07 +01:00`, or `unknown`."""
    if time is None:
        return "unknown"
    zone = time.strftime("%z")
    return f"{time:%Y-%m-%d %H:%M:%S} {zone[:3]}:{zone[3:5]}"


def clock_of(moment: Moment) -> str:
    """A moment's wall-clock start with its origin, as `(name)`; or `unknown`."""
    clock = wall_clock(moment.wall_start)
    origin = moment.spans[0].recording.clock.origin
    return f"{clock} ({origin.value})" if moment.wall_start else clock


def timecode(seconds: Fraction) -> str:
    """`00:01:02.480`."""
    return str(Timecode(seconds))
