"""The API's saved searches, and the hits that they rang for."""

from flask import Blueprint
from pydantic import Field
from typing_extensions import TypedDict

from mmrag_video import json_shapes as shapes
from mmrag_video.as_json import hit_to_json, saved_search_to_json
from mmrag_video.catalog.saved_searches import SavedSearch, Target
from mmrag_video.catalog.users import Role
from mmrag_video.json_shapes import shape
from mmrag_video.saved_search import LONGEST_NAME
from mmrag_video.search import LONGEST_QUERY
from web import saved_views
from web.api.operation import Fields, operation
from web.api.problems import PREFIX
from web.services import services

blueprint = Blueprint("api_saved", __name__, url_prefix=PREFIX)


class NewSavedSearch(Fields):
    """A search to be put to every new recording."""

    name: str = Field(min_length=1, max_length=LONGEST_NAME, examples=["Van at the gate"])
    text: str = Field(min_length=1, max_length=LONGEST_QUERY, examples=["a white van"])
    cameras: tuple[str, ...] = ()
    """None: all that the user may see."""
    webhook: str = ""
    """Told of each hit; only where the page is for its own machine alone."""
    secret: str = ""
    """What the webhook's messages are signed with."""


class HitsQuery(Fields):
    """How many."""

    limit: int = Field(100, ge=1, le=1000)


@shape
class KnownSavedSearch(shapes.SavedSearch):
    """A saved search."""

    id: int


@shape
class SavedSearchList(TypedDict):
    """Saved searches, by name."""

    saved: list[KnownSavedSearch]


@shape
class HitList(TypedDict):
    """Hits, the newest first."""

    hits: list[shapes.Hit]


@blueprint.get("/saved-searches")
@operation(SavedSearchList)
def saved_searches() -> SavedSearchList:
    """The saved searches that look at a camera of the user."""
    visible = saved_views.visible(services().archive.catalog.saved.all())
    return {"saved": [_known(one) for one in visible]}


@blueprint.post("/saved-searches")
@operation(KnownSavedSearch, status=201, role=Role.OPERATOR, errors=(404,))
def save(body: NewSavedSearch) -> KnownSavedSearch:
    """Save a search."""
    target = Target(body.webhook.strip(), body.secret)
    return _known(saved_views.save(body.name, body.text, body.cameras, target))


@blueprint.delete("/saved-searches/<number:number>")
@operation(None, status=204, role=Role.OPERATOR)
def remove(number: int) -> None:
    """Take a saved search away, with its hits. One that watches others' cameras is not found."""
    saved_views.remove_own(number)


@blueprint.get("/hits")
@operation(HitList)
def hits(query: HitsQuery) -> HitList:
    """What the saved searches rang for, in the user's cameras."""
    visible = {one.id: one for one in saved_views.visible(services().archive.catalog.saved.all())}
    shown = saved_views.shown_hits(visible, query.limit)
    return {"hits": [hit_to_json(one.hit, one.search) for one in shown]}


def _known(search: SavedSearch) -> KnownSavedSearch:
    return {"id": search.id, **saved_search_to_json(search)}
