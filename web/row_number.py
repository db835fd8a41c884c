"""Whole numbers, as a form or an address names them: most often that of a row."""

import re

from mmrag_video.errors import UsageError

_NUMBER = re.compile(r"\d{1,18}", re.ASCII)


def row_number(text: str, of: str) -> int:
    """The number; `of`: what it is to be of, such as `a job`. Raises UsageError if it is none."""
    number = number_in(text)
    if number is None:
        raise UsageError(f"{text[:20]!r} is not the number of {of}.")
    return number


def number_in(text: str) -> int | None:
    """The number that a text is; None if it is none, or a larger one than the catalog can hold."""
    return int(text) if _NUMBER.fullmatch(text) else None
