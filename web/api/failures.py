"""The API's failures: files that could not be ingested, to be tried again."""

from typing import Annotated

from flask import Blueprint
from pydantic import Field
from typing_extensions import TypedDict

from mmrag_video import json_shapes as shapes
from mmrag_video.as_json import job_to_json
from mmrag_video.catalog.jobs import Failures
from mmrag_video.catalog.users import Role
from mmrag_video.errors import ErrorKind
from mmrag_video.json_shapes import shape
from web import access, failure_views
from web.api.operation import Fields, operation
from web.api.problems import PREFIX
from web.services import services

blueprint = Blueprint("api_failures", __name__, url_prefix=f"{PREFIX}/queue")
# Files are in the queue before anybody knows which camera they are of.
blueprint.before_request(access.check_sees_all_cameras)

_Source = Annotated[str, Field(min_length=1)]


class FailureQuery(Fields):
    """Which failures."""

    kind: ErrorKind | None = None
    """What they were about; without it, anything."""
    source: _Source | None = None
    """The name of a source; without it, of all."""
    limit: int = Field(100, ge=1, le=1000)
    offset: int = Field(0, ge=0, le=10**9)
    """Failures to leave out at the beginning."""


class RetryOrder(Fields):
    """What is to be tried again; without anything, all that failed."""

    job: int | None = Field(None, ge=1, lt=2**63)
    """The number of one of them."""
    kind: ErrorKind | None = None
    """What the failures were about."""
    source: _Source | None = None
    """The name of their source."""


@shape
class FailureList(TypedDict):
    """Files whose last attempt failed, the newest failure first."""

    failures: list[shapes.Job]
    all: int
    """How many there are of these, those left out included."""
    sources: list[str]
    """Names of all sources of which a file failed."""


@shape
class Retried(TypedDict):
    """What came of it."""

    jobs: int
    """How many will be tried again."""


@blueprint.get("/failures")
@operation(FailureList)
def failures(query: FailureQuery) -> FailureList:
    """All that failed, or what failed of a kind and a source."""
    jobs, which = services().archive.catalog.jobs, Failures(query.kind, query.source)
    shown = jobs.failed(query.limit, which, skip=query.offset)
    return {
        "failures": [job_to_json(one) for one in shown],
        "all": jobs.count_failed(which),
        "sources": failure_views.sources_with_failures(),
    }


@blueprint.post("/retries")
@operation(Retried, role=Role.OPERATOR)
def retry(body: RetryOrder) -> Retried:
    """Try again what failed: one file, a kind, a source, or all."""
    return {"jobs": failure_views.try_again(body.job, Failures(body.kind, body.source))}
