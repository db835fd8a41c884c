"""Saved searches and what they rang for."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import Forbidden, NotFound

from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.hits import Hit
from mmrag_video.catalog.records import Recording
from mmrag_video.catalog.saved_searches import SavedSearch, Target
from mmrag_video.catalog.users import Role
from mmrag_video.errors import UsageError
from mmrag_video.saved_search import save_search
from web import access
from web.search_form import SearchForm
from web.services import services

blueprint = Blueprint("saved", __name__)

_MOST_HITS = 100


@dataclass(frozen=True)
class ShownHit:
    """A hit with what is known around it."""

    hit: Hit
    search: SavedSearch
    recording: Recording | None
    """None where the catalog knows it no more."""


@blueprint.get("/saved")
def page() -> ResponseReturnValue:
    """Hits, newest first; the saved searches; and a form, filled in with a search to be saved."""
    return _render(SearchForm.read(request.args))


@blueprint.post("/saved")
@access.needs(Role.OPERATOR)
def add() -> ResponseReturnValue:
    """Save the search of the form."""
    form = SearchForm.read(request.form)
    target = Target(request.form.get("webhook", "").strip(), request.form.get("secret", ""))
    try:
        save(request.form.get("name", ""), form.words, form.cameras, target)
    except UsageError as error:
        return _render(form, problem=str(error)), 400
    return redirect(url_for("saved.page"), code=303)


def save(name: str, words: str, cameras: Sequence[str], target: Target) -> SavedSearch:
    """Save a search in cameras that may be seen; none means all of them.

    Raises UsageError for what cannot be saved, Forbidden for a webhook that may not be given.
    """
    if target.webhook and not services().loopback_only:
        raise Forbidden("This page takes no webhooks, because others than this machine reach it.")
    for camera in cameras:
        if camera not in access.camera_names():
            raise UsageError(f"There is no camera named {camera!r} in this collection.")
    saved = save_search(services().archive, name, words, cameras or access.user().cameras, target)
    access.note(
        Action.CHANGE,
        what="search saved",
        name=saved.name,
        query=saved.text,
        cameras=list(saved.cameras),
    )
    return saved


@blueprint.post("/saved/<int:identity>/remove")
@access.needs(Role.OPERATOR)
def remove(identity: int) -> ResponseReturnValue:
    """Take a saved search away, with its hits; one that other cameras are part of stays."""
    with suppress(NotFound):  # somebody else was quicker: the page shows it
        remove_own(identity)
    return redirect(url_for("saved.page"), code=303)


def remove_own(identity: int) -> None:
    """Take a saved search away, with its hits.

    Raises NotFound if there is none, or other cameras than the user's are part of it.
    """
    catalog = services().archive.catalog
    for search in catalog.saved.all():
        if search.id == identity and _is_own(search):
            catalog.saved.remove(search)
            access.note(Action.CHANGE, what="saved search removed", name=search.name)
            return
    raise NotFound("There is no such saved search, or it watches others’ cameras too.")


def _is_own(search: SavedSearch) -> bool:
    """Whether it looks at no camera that is kept from the one who asks."""
    cameras = access.user().cameras
    return not cameras or (bool(search.cameras) and set(search.cameras) <= set(cameras))


def visible(every: Sequence[SavedSearch]) -> Sequence[SavedSearch]:
    """Those that look at a camera of the one who asks, without the others that they look at."""
    cameras = access.user().cameras
    if not cameras:
        return every
    return [
        replace(search, cameras=tuple(name for name in cameras if search.watches(name)))
        for search in every
        if any(search.watches(name) for name in cameras)
    ]


def _render(form: SearchForm, problem: str = "") -> str:
    every = services().archive.catalog.saved.all()
    searches = visible(every)
    return render_template(
        "saved.html",
        form=form,
        name=request.form.get("name", form.words),
        webhook=request.form.get("webhook", ""),
        problem=problem,
        searches=searches,
        removable={search.id for search in every if _is_own(search)},
        hits=shown_hits({search.id: search for search in searches}, _MOST_HITS),
        cameras=access.camera_names(),
        takes_webhooks=services().loopback_only,
    )


def shown_hits(searches: Mapping[int, SavedSearch], limit: int) -> list[ShownHit]:
    """The newest hits of these searches in the user's cameras."""
    hits = services().archive.catalog.hits.newest(limit, cameras=access.user().cameras)
    ids = {hit.moment.recording for hit in hits}
    recordings = {recording.id: recording for recording in access.recordings(ids=ids)}
    return [
        ShownHit(hit, searches[hit.search], recordings.get(hit.moment.recording))
        for hit in hits
        if hit.search in searches
    ]
