"""The options for seconds that are exported before and after each moment, exact as typed."""

from collections.abc import Callable
from fractions import Fraction
from typing import TypeVar

import click

from mmrag_video.export.handles import parse_handle

_Command = TypeVar("_Command", bound=Callable[..., object])


def _exactly(context: click.Context, option: click.Parameter, typed: str) -> Fraction:
    """What was typed, as a number. Raises UsageError."""
    return parse_handle(option.opts[0], typed)


_OPTIONS = tuple(
    click.option(
        name, default="0", metavar="SECONDS", callback=_exactly, help=f"Seconds to add {where}."
    )
    for name, where in (
        ("--before", "before each moment"),
        ("--after", "after each moment"),
    )
)


def handle_options(command: _Command) -> _Command:
    """Give a command the parameters `before` and `after`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
