"""What a search on the page finds: the same for its results, for an export and for the API."""

from collections.abc import Iterable

from mmrag_video.asked import Asked
from mmrag_video.facets import narrowed
from mmrag_video.moments import Confidence, Moment
from mmrag_video.search import search
from mmrag_video.sequences import Pair, Step, find_pairs
from web.search_form import MOST_MOMENTS, SearchForm
from web.services import services


def found_moments(form: SearchForm, step: Step, *, looks: bool = True) -> list[Moment]:
    """All that answer one step and have the facets asked for, best first; more than are shown.

    Without `looks`, no reranker looks at pictures. Facets narrow the best MOST_MOMENTS.
    """
    archive = services().archive
    limit = MOST_MOMENTS if form.facets else form.moments(archive.settings.search.limit)
    answer = search(archive, step.query, step.where, limit, looks=looks)
    return narrowed(archive.model, answer.moments, form.facets)


def found_pairs(form: SearchForm, question: Asked, then: Step, *, looks: bool = True) -> list[Pair]:
    """Pairs of which the second follows the first, best first; `looks` is as above."""
    archive = services().archive
    pairs = find_pairs(
        archive,
        question.first,
        then,
        question.within,
        one_camera=question.one_camera,
        limit=form.moments(archive.settings.search.limit),
        looks=looks,
    )
    return list(pairs)


def in_pairs(pairs: Iterable[Pair]) -> list[Moment]:
    """The moments of pairs, one after the other."""
    return [moment for pair in pairs for moment in (pair.first, pair.second)]


def all_found(
    form: SearchForm, question: Asked, *, weak: bool = True, looks: bool = True
) -> list[Moment]:
    """The moments that the page shows for a question, those of pairs one after the other.

    Without `weak` those alone that stand out: of pairs, where both do. `looks` is as above.
    """
    if question.then is not None:
        pairs = found_pairs(form, question, question.then, looks=looks)
        return in_pairs(pair for pair in pairs if weak or pair.confidence is not Confidence.WEAK)
    limit = form.moments(services().archive.settings.search.limit)
    moments = found_moments(form, question.first, looks=looks)[:limit]
    return [one for one in moments if weak or one.confidence is not Confidence.WEAK]
