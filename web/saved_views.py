"""Saved searches and what they rang for."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import Forbidden

from mmrag_video.catalog.hits import Hit
from mmrag_video.catalog.records import Recording
from mmrag_video.catalog.saved_searches import SavedSearch, Target
from mmrag_video.errors import UsageError
from mmrag_video.saved_search import save_search
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
def add() -> ResponseReturnValue:
    """Save the search of the form."""
    form = SearchForm.read(request.form)
    webhook = request.form.get("webhook", "").strip()
    if webhook and not services().loopback_only:
        raise Forbidden("This page takes no webhooks, because others than this machine reach it.")
    try:
        for camera in form.cameras:
            if camera not in services().archive.catalog.camera_names():
                raise UsageError(f"There is no camera named {camera!r} in this collection.")
        save_search(
            services().archive,
            request.form.get("name", ""),
            form.words,
            form.cameras,
            Target(webhook, request.form.get("secret", "")),
        )
    except UsageError as error:
        return _render(form, problem=str(error)), 400
    return redirect(url_for("saved.page"), code=303)


@blueprint.post("/saved/<int:identity>/remove")
def remove(identity: int) -> ResponseReturnValue:
    """Take a saved search away, with its hits."""
    catalog = services().archive.catalog
    for search in catalog.saved.all():
        if search.id == identity:
            catalog.saved.remove(search)
    return redirect(url_for("saved.page"), code=303)


def _render(form: SearchForm, problem: str = "") -> str:
    catalog = services().archive.catalog
    searches = catalog.saved.all()
    return render_template(
        "saved.html",
        form=form,
        name=request.form.get("name", form.words),
        webhook=request.form.get("webhook", ""),
        problem=problem,
        searches=searches,
        hits=_shown({search.id: search for search in searches}),
        cameras=catalog.camera_names(),
        takes_webhooks=services().loopback_only,
    )


def _shown(searches: Mapping[int, SavedSearch]) -> list[ShownHit]:
    catalog = services().archive.catalog
    hits = catalog.hits.newest(_MOST_HITS)
    ids = {hit.moment.recording for hit in hits}
    recordings = {recording.id: recording for recording in catalog.recordings(ids=ids)}
    return [
        ShownHit(hit, searches[hit.search], recordings.get(hit.moment.recording))
        for hit in hits
        if hit.search in searches
    ]
