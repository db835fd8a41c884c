"""The API's own state: whether all is well, and the document that describes it."""

from typing import Any, Literal

from flask import Blueprint, url_for
from typing_extensions import TypedDict

from mmrag_video.json_shapes import shape
from web.api.document import document
from web.api.operation import operation
from web.api.problems import PREFIX
from web.services import services

blueprint = Blueprint("api_health", __name__, url_prefix=PREFIX)


@shape
class HealthLinks(TypedDict):
    """What machines ask, without a login where it is allowed."""

    healthz: str
    """Answers 503 while something is wrong."""
    metrics: str
    """In Prometheus' format."""


@shape
class Health(TypedDict):
    """Whether all is well."""

    status: Literal["ok", "failing"]
    problems: dict[str, str]
    """A sentence for each part that is not."""
    links: HealthLinks


@blueprint.get("/health")
@operation(Health)
def health() -> Health:
    """Whether catalog, store, disk and worker are well."""
    problems = {one.part.value: one.sentence for one in services().health.problems()}
    return {
        "status": "failing" if problems else "ok",
        "problems": problems,
        "links": {"healthz": url_for("health.healthz"), "metrics": url_for("health.metrics")},
    }


@blueprint.get("/openapi.json")
@operation(dict[str, Any])
def openapi() -> dict[str, Any]:
    """The description of the API, in OpenAPI 3.1."""
    return document()
