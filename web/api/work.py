"""The API's sources, and the worker's queue; for those who see all cameras."""

from flask import Blueprint
from pydantic import BaseModel
from werkzeug.exceptions import NotFound

from mmrag_video import json_shapes as shapes
from mmrag_video.as_json import queue_to_json, source_to_json
from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.tally import SourceCounts, counts_by_source
from mmrag_video.catalog.users import Role
from mmrag_video.queue_overview import queue_overview
from mmrag_video.settings import SourceSettings
from mmrag_video.sources import Source, SourceOrigin, add_source, list_sources, remove_source
from web import access
from web.api.operation import Fields, operation
from web.api.problems import PREFIX
from web.services import services

blueprint = Blueprint("api_work", __name__, url_prefix=PREFIX)
# Files are in the queue before anybody knows which camera they are of.
blueprint.before_request(access.check_sees_all_cameras)


class KnownSource(SourceSettings):
    """A source, with its settings and how many of its files wait."""

    name: str
    origin: SourceOrigin
    """Where it was named, which is where it can be taken away."""
    files: shapes.SourceFiles


class SourceList(BaseModel):
    """Sources, by name."""

    sources: list[KnownSource]


class NewSource(Fields, SourceSettings):
    """A folder in which recordings arrive. A time without an offset is in the settings' zone."""

    name: str


class QueueChange(Fields):
    """What the worker is to do."""

    paused: bool


@blueprint.get("/sources")
@operation(SourceList)
def sources() -> dict[str, object]:
    """The sources."""
    archive = services().archive
    return {"sources": [_told(one) for one in list_sources(archive.settings, archive.catalog)]}


@blueprint.post("/sources")
@operation(KnownSource, status=201, role=Role.ADMIN)
def add(body: NewSource) -> dict[str, object]:
    """Add a source; the worker finds it within seconds."""
    archive = services().archive
    # As it was sent: times get their zone there, and every field its sentence.
    values = body.model_dump(mode="json", exclude={"name"}, exclude_unset=True)
    source = add_source(archive.settings, archive.catalog, body.name, values)
    folder = str(source.folder)
    access.note(Action.CHANGE, what="source added", source=body.name, folder=folder)
    return _told(Source(body.name, source, SourceOrigin.PAGE))


@blueprint.delete("/sources/<name>")
@operation(None, status=204, role=Role.ADMIN, errors=(400,))
def remove(name: str) -> None:
    """Take away a source that was added here, on the page or by a command."""
    archive = services().archive
    if name not in {one.name for one in list_sources(archive.settings, archive.catalog)}:
        raise NotFound("There is no such source.")
    remove_source(archive.settings, archive.catalog, name)
    access.note(Action.CHANGE, what="source removed", source=name)


@blueprint.get("/queue")
@operation(shapes.Queue)
def queue() -> shapes.Queue:
    """The worker's queue as it stands."""
    return _queue()


@blueprint.patch("/queue")
@operation(shapes.Queue, role=Role.OPERATOR)
def change(body: QueueChange) -> shapes.Queue:
    """Let the worker hold still, or go on."""
    services().archive.catalog.worker.pause(body.paused)
    access.note(Action.CHANGE, what="worker paused" if body.paused else "worker resumed")
    return _queue()


def _queue() -> shapes.Queue:
    return queue_to_json(queue_overview(services().archive))


def _told(source: Source) -> dict[str, object]:
    counts = counts_by_source(services().archive.catalog.database)
    return source_to_json(source, counts.get(source.name, SourceCounts(0, 0, 0)))
