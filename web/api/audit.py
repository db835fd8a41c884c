"""The API's audit log. For admins."""

from flask import Blueprint
from flask.typing import ResponseReturnValue
from pydantic import Field
from typing_extensions import TypedDict

from mmrag_video import json_shapes as shapes
from mmrag_video.as_json import audit_entry_to_json
from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.users import Role
from mmrag_video.json_shapes import shape
from web import audit_views
from web.api.operation import Fields, Media, operation
from web.api.problems import PREFIX
from web.services import services

blueprint = Blueprint("api_audit", __name__, url_prefix=PREFIX)


class EntriesQuery(Fields):
    """Which entries."""

    user: str | None = None
    action: Action | None = None
    before: int | None = Field(None, ge=1, lt=2**63)
    """Only those with a smaller number."""
    limit: int = Field(100, ge=1, le=1000)


@shape
class Entries(TypedDict):
    """Entries, the newest first."""

    entries: list[shapes.AuditEntry]


@blueprint.get("/audit")
@operation(Entries, role=Role.ADMIN)
def entries(query: EntriesQuery) -> Entries:
    """Entries of the audit log, newest first."""
    found = services().archive.catalog.audit.entries(**query.model_dump())
    return {"entries": [audit_entry_to_json(one) for one in found]}


@blueprint.get("/audit.jsonl")
@operation(Media(("application/jsonl",)), role=Role.ADMIN)
def export() -> ResponseReturnValue:
    """The whole audit log, oldest first, one JSON object a line."""
    return audit_views.export()
