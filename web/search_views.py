"""The search page."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from mmrag_video.catalog.records import Camera
from mmrag_video.errors import MmragError
from mmrag_video.moments import Confidence, Moment
from mmrag_video.search import search
from web.errors import status_of
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
    form = SearchForm.read(request.args)
    cameras = services().archive.catalog.camera_names()
    if form.asks_nothing or not cameras:
        return _render(form, cameras, holdings=services().archive.catalog.cameras())
    try:
        return _render(form, cameras, results=_results(form, cameras))
    except MmragError as error:
        return _render(form, cameras, problem=str(error)), status_of(error)


def _results(form: SearchForm, cameras: Sequence[str]) -> Results:
    archive = services().archive
    where = form.filter(cameras, ZoneInfo(archive.settings.clock.zone))
    limit = form.moments(archive.settings.search.limit)
    query = form.query(services().pictures)
    began = perf_counter()
    answer = search(archive, query, where, limit)
    full = len(answer.moments) >= limit and limit < MOST_MOMENTS
    return Results(
        confident=[m for m in answer.moments if m.confidence is not Confidence.WEAK],
        weak=[m for m in answer.moments if m.confidence is Confidence.WEAK],
        seconds=perf_counter() - began,
        more=form.with_limit(min(2 * limit, MOST_MOMENTS)) if full else None,
    )


def _render(
    form: SearchForm,
    cameras: Sequence[str],
    results: Results | None = None,
    holdings: Sequence[Camera] = (),
    problem: str = "",
) -> str:
    return render_template(
        "search.html",
        form=form,
        results=results,
        offers_answer=_offers_answer(form, results),
        problem=problem,
        cameras=cameras,
        holdings=holdings,
        zone=services().archive.settings.clock.zone,
        examples=EXAMPLES,
    )


def _offers_answer(form: SearchForm, results: Results | None) -> bool:
    """Whether somebody could write an answer, and would have something to write about."""
    is_set = services().archive.settings.generator.is_set
    in_words_alone = bool(form.words) and not form.picture
    return is_set and in_words_alone and results is not None and bool(results.confident)
