"""How lines are logged: for a person, or as JSON for a collector; and which job they are about.

A line's fields come from its call's `extra=` and from `about`, which holds for all that its thread
logs meanwhile, whichever module says it.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Literal, TextIO

from pythonjsonlogger.json import JsonFormatter

Format = Literal["text", "json"]
"""As the setting `worker.log` has it."""
OWN_LOGGERS = ("mmrag_video", "workers", "web")
FIELDS = ("job", "recording", "source", "camera", "path", "seconds", "frames")
"""What a line may be about, beside its time, level and sentence."""

_about: ContextVar[Mapping[str, object]] = ContextVar("about")


def set_up(log: Format, level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Log to `stream`, standard error if it is None: our own lines from `level`, others' warnings.

    Takes the place of what was set up before.
    """
    handler = logging.StreamHandler(stream)
    handler.addFilter(_add_fields)
    handler.setFormatter(FORMATTERS[log]())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in OWN_LOGGERS:
        logging.getLogger(name).setLevel(level)


@contextmanager
def about(
    *,
    job: int | None = None,
    recording: str | None = None,
    source: str | None = None,
    camera: str | None = None,
    path: Path | None = None,
) -> Iterator[None]:
    """Let every line that this thread logs meanwhile say what it is about.

    An `about` within another adds to it, and a call's own `extra=` counts before both.
    """
    given = {"job": job, "recording": recording, "source": source, "camera": camera}
    given["path"] = None if path is None else readable(path)
    known = {name: value for name, value in given.items() if value is not None}
    token = _about.set({**_about.get({}), **known})
    try:
        yield
    finally:
        _about.reset(token)


def readable(path: Path) -> str:
    """A path as text that every reader takes: names may hold bytes that are no characters."""
    return str(path).encode(errors="backslashreplace").decode()


class _TextFormatter(logging.Formatter):
    """`2026-03-01 12:00:00,123 WARNING sentence`, and the job in brackets if there is one."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        job = getattr(record, "job", None)
        return super().formatMessage(record) + ("" if job is None else f" [job {job}]")


class _JsonFormatter(JsonFormatter):
    """One object a line: `time` in UTC, `level`, `logger`, `event` and the fields."""

    def __init__(self) -> None:
        super().__init__(
            "%(levelname)s %(name)s %(message)s",
            timestamp="time",
            rename_fields={
                "levelname": "level",
                "name": "logger",
                "message": "event",
                "exc_info": "traceback",
            },
            rename_fields_keep_missing=False,
        )


FORMATTERS: Mapping[str, type[logging.Formatter]] = {
    "text": _TextFormatter,
    "json": _JsonFormatter,
}


def _add_fields(record: logging.LogRecord) -> bool:
    for name, value in _about.get({}).items():
        if not hasattr(record, name):
            setattr(record, name, value)
    return True
