"""The search page."""

from dataclasses import dataclass
from time import perf_counter

from flask import Blueprint
from flask.typing import ResponseReturnValue

from mmrag_video.catalog.audit import Action
from mmrag_video.moments import Confidence, Moment
from mmrag_video.search import search
from web import access
from web.form_page import FormPage, open_form_page
from web.search_form import MOST_MOMENTS, SearchForm
from web.services import services

blueprint = Blueprint("search", __name__)

EXAMPLES = (
    "a person",
    "two people",
    "a red car",
    "a person with a backpack",
    "someone on a bicycle",
    "an empty room",
)


@dataclass(frozen=True)
class Results:
    """An answer, parted where confidence ends."""

    confident: list[Moment]
    weak: list[Moment]
    seconds: float
    more: SearchForm | None
    """The same search for more moments; None where all are shown."""


@blueprint.get("/")
def page() -> ResponseReturnValue:
    """The form, and the answer to what it holds."""
    opened = open_form_page("search.html")
    if opened.form.asks_nothing or not opened.cameras:
        return opened.render(holdings=access.cameras(), examples=EXAMPLES)
    return opened.answer(lambda: _parts(opened))


def _parts(opened: FormPage) -> dict[str, object]:
    results = _results(opened)
    return {"results": results, "offers_answer": _offers_answer(opened.form, results)}


def _results(opened: FormPage) -> Results:
    archive = services().archive
    where, form = opened.where, opened.form
    limit = form.moments(archive.settings.search.limit)
    query = form.query(services().pictures)
    access.note(Action.SEARCH, **form.about())
    began = perf_counter()
    answer = search(archive, query, where, limit)
    seconds = perf_counter() - began
    services().metrics.searches.observe(seconds)
    full = len(answer.moments) >= limit and limit < MOST_MOMENTS
    return Results(
        confident=[m for m in answer.moments if m.confidence is not Confidence.WEAK],
        weak=[m for m in answer.moments if m.confidence is Confidence.WEAK],
        seconds=seconds,
        more=form.with_limit(min(2 * limit, MOST_MOMENTS)) if full else None,
    )


def _offers_answer(form: SearchForm, results: Results) -> bool:
    """Whether somebody could write an answer, and would have something to write about."""
    is_set = services().archive.settings.generator.is_set
    in_words_alone = bool(form.words) and not form.picture
    return is_set and in_words_alone and bool(results.confident)
