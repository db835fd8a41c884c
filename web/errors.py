"""Every error is a page with one sentence and the status code that fits."""

import logging

from flask import Flask, render_template
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from mmrag_video.errors import (
    IndexMismatchError,
    MmragError,
    ModelError,
    RecordingError,
    StoreError,
    UsageError,
)

_log = logging.getLogger(__name__)

# The first class that fits counts.
STATUS: tuple[tuple[type[MmragError], int], ...] = (
    (UsageError, 400),
    (RecordingError, 422),
    (IndexMismatchError, 409),
    (ModelError, 422),
    (StoreError, 503),
    (MmragError, 500),
)


class RecordingGoneError(RecordingError):
    """A recording is no longer where it was, or no longer what it was, when it was ingested."""


def status_of(error: MmragError) -> int:
    """The HTTP status code of an error."""
    if isinstance(error, RecordingGoneError):
        return 410
    return next(status for kind, status in STATUS if isinstance(error, kind))


def install_handlers(app: Flask) -> None:
    """Answer errors that views let pass."""
    app.register_error_handler(MmragError, _answer_own)
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(Exception, _answer_unforeseen)


def _answer_own(error: MmragError) -> ResponseReturnValue:
    return render_template("problem.html", sentence=str(error)), status_of(error)


def _answer_http(error: HTTPException) -> ResponseReturnValue:
    # Not the exception's own response, whose body echoes; its headers (Allow, Content-Range) stay.
    response = error.get_response()
    if response.status_code < 400:
        return response  # a redirect that the routing asks for
    response.data = render_template("problem.html", sentence=error.description)
    return response


def _answer_unforeseen(error: Exception) -> ResponseReturnValue:
    _log.exception("A page failed.", exc_info=error)
    sentence = "Something went wrong in the program itself; its log says what."
    return render_template("problem.html", sentence=sentence), 500
