"""The options for seconds that are exported before and after each moment, exact as typed."""

from collections.abc import Callable
from fractions import Fraction
from typing import TypeVar

import click

from mmrag_video.errors import UsageError
from mmrag_video.export.handles import parse_handle

_Command = TypeVar("_Command", bound=Callable[..., object])


class _Handle(click.ParamType):
    name = "seconds"

    def convert(
        self, value: str | Fraction, param: click.Parameter | None, context: click.Context | None
    ) -> Fraction:
        """Read what was typed; what is a number already is left as it is."""
        if isinstance(value, Fraction):
            return value
        name = param.opts[0] if param is not None else self.name
        try:
            return parse_handle(name, value)
        except UsageError as error:
            self.fail(str(error), param, context)


_OPTIONS = (
    click.option(
        "--before", type=_Handle(), default=Fraction(0), help="Seconds to add before each moment."
    ),
    click.option(
        "--after", type=_Handle(), default=Fraction(0), help="Seconds to add after each moment."
    ),
)


def handle_options(command: _Command) -> _Command:
    """Give a command the parameters `before` and `after`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
