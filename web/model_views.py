"""The page of models and indexes, and what the worker is asked to do about the index."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.records import Recording
from mmrag_video.catalog.reindexings import Reindexing, Wish
from mmrag_video.catalog.users import Role
from mmrag_video.index_overview import IndexOverview, Standing, index_overview
from mmrag_video.model_overview import model_states
from mmrag_video.models.cards import Role as ModelRole
from web import access
from web.services import services

blueprint = Blueprint("models", __name__)
# An index is made of the recordings of all cameras.
blueprint.before_request(access.check_sees_all_cameras)
_TELLING = ("model", "dimensions", "sampler")
_NAMED = 100
"""Recordings, at most, that a page names."""
_NOTES: Mapping[Wish, str] = {
    Wish.NEW_INDEX: "new index asked for",
    Wish.FORGET_MISSING: "new index without missing recordings asked for",
    Wish.DROP_OTHERS: "dropping old indexes asked for",
}


@blueprint.get("/models")
def page() -> ResponseReturnValue:
    """The indexes, what is being done about them, and the models."""
    archive = services().archive
    overview, worker = index_overview(archive), archive.catalog.worker.read()
    states = list(model_states(archive))
    return render_template(
        "models.html",
        overview=overview,
        differences=_differences(overview),
        Standing=Standing,
        Wish=Wish,
        worker=worker,
        is_worker_there=worker.is_alive(datetime.now(UTC)),
        models=[state for state in states if state.card.role is ModelRole.EMBEDDER],
        rerankers=[state for state in states if state.card.role is ModelRole.RERANKER],
        zone=archive.settings.clock.zone,
    )


@blueprint.post("/models/reindex")
@access.needs(Role.ADMIN)
def reindex() -> ResponseReturnValue:
    """Ask the worker for a new index; with the field `missing`, without what cannot be read."""
    ask_for(Wish.FORGET_MISSING if request.form.get("missing") == "forget" else Wish.NEW_INDEX)
    return _back()


@blueprint.post("/models/reindex/cancel")
@access.needs(Role.ADMIN)
def cancel() -> ResponseReturnValue:
    """Call off what the worker was asked for."""
    call_off()
    return _back()


@blueprint.get("/models/give-up")
@access.needs(Role.ADMIN)
def give_up() -> ResponseReturnValue:
    """The recordings that a new index would do without, and a button."""
    overview = index_overview(services().archive)
    missing = _missing(overview)
    return render_template("models_give_up.html", missing=missing[:_NAMED], count=len(missing))


@blueprint.get("/models/drop")
@access.needs(Role.ADMIN)
def ask_to_drop() -> ResponseReturnValue:
    """The indexes that would be dropped, and a button."""
    return render_template("models_drop.html", others=index_overview(services().archive).others)


@blueprint.post("/models/drop")
@access.needs(Role.ADMIN)
def drop() -> ResponseReturnValue:
    """Ask the worker to drop every index but the one in use."""
    ask_for(Wish.DROP_OTHERS)
    return _back()


def ask_for(wish: Wish) -> Reindexing | None:
    """Ask the worker for something; None if it is at something else about the index."""
    asked = services().archive.catalog.reindexings.ask(wish, access.user().name)
    if asked is not None:
        access.note(Action.CHANGE, what=_NOTES[wish])
    return asked


def call_off() -> bool:
    """Call off what the worker was asked for. Whether there was something."""
    was_open = services().archive.catalog.reindexings.call_off(
        f"Called off by {access.user().name}."
    )
    if was_open:
        access.note(Action.CHANGE, what="work on the index called off")
    return was_open


def _missing(overview: IndexOverview) -> Sequence[Recording]:
    """What can be found now, and is not in the index that the settings make."""
    if overview.wanted is None:
        return []
    indexed = services().archive.catalog.recordings(index=overview.wanted.fingerprint)
    there = {one.id for one in indexed}
    return [one for one in access.recordings() if one.id not in there and not one.live]


def _differences(overview: IndexOverview) -> Mapping[str, tuple[str, str]]:
    """What was otherwise when the index in use was made: a name, its value then and now."""
    in_use = next((one.identity for one in overview.indexes if one.is_active), None)
    if in_use is None or overview.wanted is None:
        return {}
    differences = in_use.differences(overview.wanted)
    # Of two models the rest are digests of files that have nothing to do with each other.
    telling = {name: differences[name] for name in _TELLING if name in differences}
    return telling if "model" in telling else differences


def _back() -> ResponseReturnValue:
    return redirect(url_for("models.page"), code=303)
