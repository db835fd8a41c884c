"""The search page."""

from dataclasses import dataclass
from time import perf_counter

from flask import Blueprint
from flask.typing import ResponseReturnValue

from mmrag_video.asked import Asked
from mmrag_video.catalog.audit import Action
from mmrag_video.errors import MmragError
from mmrag_video.example_searches import USUAL, example_searches
from mmrag_video.facets import CountedFacet, facets
from mmrag_video.moments import Confidence, Moment
from mmrag_video.sequences import Pair, Step
from web import access
from web.form_page import FormPage, open_form_page
from web.found import found_moments, found_pairs
from web.search_form import MOST_MOMENTS, SearchForm
from web.services import services

blueprint = Blueprint("search", __name__)


@dataclass(frozen=True)
class Results:
    """An answer, parted where confidence ends."""

    confident: list[Moment]
    weak: list[Moment]
    seconds: float
    more: SearchForm | None
    """The same search for more moments; None where all are shown."""


@dataclass(frozen=True)
class Pairs:
    """Pairs of moments, parted where confidence ends."""

    confident: list[Pair]
    weak: list[Pair]
    seconds: float
    asked: Asked


@blueprint.get("/")
def page() -> ResponseReturnValue:
    """The form, and the answer to what it holds."""
    opened = open_form_page("search.html")
    if opened.form.asks_nothing or not opened.cameras:
        return opened.render(holdings=access.cameras(), examples=_examples(opened))
    return opened.answer(lambda: _parts(opened))


def _examples(opened: FormPage) -> tuple[str, ...]:
    try:
        return example_searches(services().archive, opened.cameras)
    except MmragError:  # the page is there, and says what is wrong when something is searched for
        return USUAL


def _parts(opened: FormPage) -> dict[str, object]:
    question = opened.asked
    access.note(Action.SEARCH, **opened.form.about())
    if question.then is not None:
        return {"pairs": _pairs(opened.form, question, question.then)}
    results, found = _results(opened.form, question.first)
    return {
        "results": results,
        "facets": found,
        "offers_answer": _offers_answer(question.first, results),
    }


def _results(form: SearchForm, step: Step) -> tuple[Results, list[CountedFacet]]:
    archive = services().archive
    limit = form.moments(archive.settings.search.limit)
    began = perf_counter()
    moments = found_moments(form, step)
    seconds = perf_counter() - began
    services().metrics.searches.observe(seconds)
    found = facets(archive.model, moments)
    moments = moments[:limit]
    full = len(moments) >= limit and limit < MOST_MOMENTS
    results = Results(
        confident=[m for m in moments if m.confidence is not Confidence.WEAK],
        weak=[m for m in moments if m.confidence is Confidence.WEAK],
        seconds=seconds,
        more=form.with_limit(min(2 * limit, MOST_MOMENTS)) if full else None,
    )
    return results, found


def _pairs(form: SearchForm, question: Asked, then: Step) -> Pairs:
    began = perf_counter()
    found = found_pairs(form, question, then)
    seconds = perf_counter() - began
    services().metrics.searches.observe(seconds)
    return Pairs(
        confident=[pair for pair in found if pair.confidence is not Confidence.WEAK],
        weak=[pair for pair in found if pair.confidence is Confidence.WEAK],
        seconds=seconds,
        asked=question,
    )


def _offers_answer(step: Step, results: Results) -> bool:
    """Whether somebody could write an answer, and would have something to write about."""
    is_set = services().archive.settings.generator.is_set
    query = step.query
    in_words_alone = bool(query.text) and query.image is None and not query.without
    return is_set and in_words_alone and bool(results.confident)
