"""The API's models and indexes, and what the worker is asked to do about the index."""

from flask import Blueprint
from typing_extensions import TypedDict
from werkzeug.exceptions import Conflict, NotFound

from mmrag_video import json_shapes as shapes
from mmrag_video.as_json import models_to_json, reindexing_to_json
from mmrag_video.catalog.reindexings import Wish
from mmrag_video.catalog.users import Role
from mmrag_video.index_overview import index_overview
from mmrag_video.json_shapes import shape
from mmrag_video.model_overview import model_states
from web import access, model_views
from web.api.operation import Fields, operation
from web.api.problems import PREFIX
from web.services import services

blueprint = Blueprint("api_models", __name__, url_prefix=PREFIX)
# An index is made of the recordings of all cameras.
blueprint.before_request(access.check_sees_all_cameras)


class NewReindexing(Fields):
    """What is to be done about the index."""

    wish: Wish = Wish.NEW_INDEX
    """new index: recordings that cannot be read again keep the old one in use; forget missing: the
    same, but give those up; drop others: drop every index but the one in use."""


@shape
class LastReindexing(TypedDict):
    """The last wish about the index."""

    reindexing: shapes.Reindexing | None
    """null where there never was one."""


@blueprint.get("/models")
@operation(shapes.Models)
def models() -> shapes.Models:
    """The models, and the indexes that were made with them."""
    archive = services().archive
    return models_to_json(model_states(archive), index_overview(archive))


@blueprint.get("/reindexing")
@operation(LastReindexing)
def reindexing() -> LastReindexing:
    """What the worker was last asked to do about the index, and how far it is."""
    last = services().archive.catalog.reindexings.last()
    return {"reindexing": None if last is None else reindexing_to_json(last)}


@blueprint.post("/reindexing")
@operation(shapes.Reindexing, status=201, role=Role.ADMIN, errors=(409,))
def ask(body: NewReindexing) -> shapes.Reindexing:
    """Have the worker make the index anew with the settings as they are now, or drop old ones."""
    asked = model_views.ask_for(body.wish)
    if asked is None:
        raise Conflict("Something is being done about the index already; call that off first.")
    return reindexing_to_json(asked)


@blueprint.delete("/reindexing")
@operation(None, status=204, role=Role.ADMIN, errors=(404,))
def call_off() -> None:
    """Call off what the worker was asked to do about the index."""
    if not model_views.call_off():
        raise NotFound("There is nothing to call off.")
