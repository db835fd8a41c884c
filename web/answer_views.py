"""The page with an answer in words."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import ServiceUnavailable

from mmrag_video.ask import WrittenAnswer, ask
from mmrag_video.errors import MmragError, UsageError
from web.errors import status_of
from web.search_form import SearchForm
from web.services import services

blueprint = Blueprint("answers", __name__)

_RETRY_AFTER = 15
"""Seconds, for those who came while others were being answered."""


@blueprint.get("/answer")
def page() -> ResponseReturnValue:
    """The form, and the answer in words to what it holds."""
    form = SearchForm.read(request.args)
    cameras = services().archive.catalog.camera_names()
    try:
        return _render(form, cameras, answer=_answer(form, cameras))
    except MmragError as error:
        return _render(form, cameras, problem=str(error)), status_of(error)


def _answer(form: SearchForm, cameras: Sequence[str]) -> WrittenAnswer:
    archive = services().archive
    where = form.filter(cameras, ZoneInfo(archive.settings.clock.zone))
    question = form.query(services().pictures).text
    if question is None or form.picture:
        raise UsageError("Only a question in words alone is answered in words.")
    with _turn():
        return ask(archive, question, where)


@contextmanager
def _turn() -> Iterator[None]:
    """One of the few who may have an answer written now: each keeps a thread for minutes.

    Raises ServiceUnavailable if there are as many already.
    """
    answering = services().answering
    if not answering.acquire(blocking=False):
        raise ServiceUnavailable(
            "Other answers are being written; please ask again a little later.",
            retry_after=_RETRY_AFTER,
        )
    try:
        yield
    finally:
        answering.release()


def _render(
    form: SearchForm,
    cameras: Sequence[str],
    answer: WrittenAnswer | None = None,
    problem: str = "",
) -> str:
    return render_template(
        "answer.html",
        form=form,
        answer=answer,
        problem=problem,
        cameras=cameras,
        zone=services().archive.settings.clock.zone,
    )
