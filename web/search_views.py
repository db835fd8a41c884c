"""The search page."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from time import perf_counter
from typing import Generic
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from mmrag_video.asked import Asked
from mmrag_video.catalog.audit import Action
from mmrag_video.errors import MmragError, UsageError
from mmrag_video.example_searches import USUAL, example_searches
from mmrag_video.facets import CountedFacet, facets
from mmrag_video.moments import Confidence, Moment
from mmrag_video.search import looks_again
from mmrag_video.sequences import Pair, Step
from web import access
from web.form_page import FormPage, open_form_page
from web.found import all_found, found_moments, found_pairs, in_pairs
from web.grouping import NAMES, Found, Group, Grouping, grouped, grouping_asked
from web.play_address import play_address
from web.search_form import MOST_MOMENTS, SearchForm
from web.services import services

blueprint = Blueprint("search", __name__)


class Stage(StrEnum):
    """How far an answer is, where a reranker looks at pictures and takes long over it."""

    RECALLED = "recalled"
    """By vectors, at once."""
    LOOKED = "looked"
    """By the pictures of the best."""


@dataclass(frozen=True)
class Parted(Generic[Found]):
    """What was found, best first, parted where confidence ends."""

    confident: list[Found]
    weak: list[Found]
    seconds: float
    grouping: Grouping
    zone: ZoneInfo
    """Whose days and hours it is put together by."""

    def groups(self, found: Sequence[Found]) -> list[Group[Found]]:
        """Some of it, as it is put together."""
        return grouped(found, self.grouping, self.zone)


@dataclass(frozen=True)
class Results(Parted[Moment]):
    """Moments."""

    more: SearchForm | None
    """The same search for more moments; None where all are shown."""
    awaits_look: bool
    """Whether vectors alone decided so far, and a second look at the pictures is to come."""


@dataclass(frozen=True)
class Pairs(Parted[Pair]):
    """Pairs of moments."""

    asked: Asked

    @property
    def moments(self) -> list[Moment]:
        """Those of all pairs."""
        return in_pairs([*self.confident, *self.weak])


@blueprint.get("/")
def page() -> ResponseReturnValue:
    """The form, and the answer to what it holds."""
    opened = open_form_page("search.html")
    if opened.form.asks_nothing or not opened.cameras:
        return opened.render(holdings=access.cameras(), examples=_examples(opened))
    return opened.answer(lambda: _parts(opened))


@blueprint.get("/moments")
def moments() -> Response:
    """Where the moments of a search are played, best first, for a player that is opened at one.

    That is no search of somebody's: it is not noted, and no reranker looks at pictures for it.
    """
    opened = open_form_page("search.html")
    found = all_found(opened.form, opened.asked, looks=False)
    return jsonify(moments=[play_address(moment.spans[0]) for moment in found])


def _examples(opened: FormPage) -> tuple[str, ...]:
    try:
        return example_searches(services().archive, opened.cameras)
    except MmragError:  # the page is there, and says what is wrong when something is searched for
        return USUAL


def _parts(opened: FormPage) -> dict[str, object]:
    question = opened.asked
    about = opened.form.about()
    if _stage() is Stage.LOOKED and looks_again(services().archive):
        about["stage"] = Stage.LOOKED.value  # the same search goes on
    access.note(Action.SEARCH, **about)
    if question.then is not None:
        return {"pairs": _pairs(opened, question, question.then), "groupings": NAMES}
    results, found = _results(opened, question.first)
    return {
        "results": results,
        "facets": found,
        "groupings": NAMES,
        "offers_answer": _offers_answer(question.first, results),
    }


def _results(opened: FormPage, step: Step) -> tuple[Results, list[CountedFacet]]:
    archive, form = services().archive, opened.form
    grouping, awaits_look = grouping_asked(form.group), _awaits_look()
    limit = form.moments(archive.settings.search.limit)
    began = perf_counter()
    moments = found_moments(form, step, looks=not awaits_look)
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
        grouping=grouping,
        zone=ZoneInfo(opened.zone),
        awaits_look=awaits_look,
    )
    return results, found


def _awaits_look() -> bool:
    """Whether the first look is asked for: the page asks for the second itself."""
    return _stage() is not Stage.LOOKED and looks_again(services().archive)


def _stage() -> Stage:
    asked = request.args.get("stage", Stage.RECALLED.value)
    try:
        return Stage(asked)
    except ValueError:
        raise UsageError(f"stage: {asked[:40]!r} is neither recalled nor looked.") from None


def _pairs(opened: FormPage, question: Asked, then: Step) -> Pairs:
    grouping = grouping_asked(opened.form.group)
    began = perf_counter()
    found = found_pairs(opened.form, question, then)
    seconds = perf_counter() - began
    services().metrics.searches.observe(seconds)
    return Pairs(
        confident=[pair for pair in found if pair.confidence is not Confidence.WEAK],
        weak=[pair for pair in found if pair.confidence is Confidence.WEAK],
        seconds=seconds,
        grouping=grouping,
        zone=ZoneInfo(opened.zone),
        asked=question,
    )


def _offers_answer(step: Step, results: Results) -> bool:
    """Whether somebody could write an answer, and would have something to write about."""
    is_set = services().archive.settings.generator.is_set
    query = step.query
    in_words_alone = bool(query.text) and query.image is None and not query.without
    return is_set and in_words_alone and bool(results.confident)
