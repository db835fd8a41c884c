"""Every error is a page, or for the API a problem, with one sentence and the status that fits."""

import logging
from collections.abc import Mapping

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
from web.api.problems import (
    MEDIA_TYPE,
    SENTENCES,
    fields_of,
    is_for_api,
    problem_response,
    problem_text,
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
_UNFORESEEN = "Something went wrong in the program itself; its log says what."
_SENTENCES: Mapping[int | None, str] = {
    400: "The browser asked in a form that this page does not know.",
    404: "There is no page at this address.",
    405: "This address takes no request of this kind.",
    413: "What was sent is too large; choose a smaller picture.",
    416: "The video has no such part; load the page again.",
    500: _UNFORESEEN,
}


_NONE: Mapping[int | None, str] = {}


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
    status, sentence = status_of(error), str(error)
    if is_for_api():
        return problem_response(status, sentence, fields_of(error))
    is_about_index = isinstance(error, IndexMismatchError)
    page = render_template("problem.html", sentence=sentence, is_about_index=is_about_index)
    return page, status


def _answer_http(error: HTTPException) -> ResponseReturnValue:
    # Not the exception's own response, whose body echoes; its headers (Allow, Content-Range) stay.
    response = error.get_response()
    if response.status_code < 400:
        return response  # a redirect that the routing asks for
    if is_for_api():
        response.data = problem_text(response.status_code, _sentence(error, SENTENCES))
        response.content_type = MEDIA_TYPE
    else:
        response.data = render_template("problem.html", sentence=_sentence(error))
    return response


def _sentence(error: HTTPException, others: Mapping[int | None, str] = _NONE) -> str:
    """Its own words where we gave it some; the library's are for programmers."""
    if error.description and error.description != type(error).description:
        return error.description
    return others.get(error.code) or _SENTENCES.get(
        error.code, f"This cannot be answered (status {error.code})."
    )


def _answer_unforeseen(error: Exception) -> ResponseReturnValue:
    _log.exception("A page failed.", exc_info=error)
    if is_for_api():
        return problem_response(500, _UNFORESEEN)
    return render_template("problem.html", sentence=_UNFORESEEN), 500
