"""The number of a row, as a form or an address names it."""

from mmrag_video.errors import UsageError


def row_number(text: str, of: str) -> int:
    """The number; `of`: what it is to be of, such as `a job`. Raises UsageError if it is none.

    At most 18 digits: the catalog holds none that is larger.
    """
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise UsageError(f"{text[:20]!r} is not the number of {of}.")
    return int(text)
