"""What machines ask: whether all is well, and how much of what."""

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from prometheus_client.exposition import choose_encoder

from web.services import services

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> ResponseReturnValue:
    """200 if all is well, else 503 with what is wrong."""
    problems = services().health.problems()
    if not problems:
        return jsonify(status="ok")
    told = {problem.part.value: problem.sentence for problem in problems}
    return jsonify(status="failing", problems=told), 503


@blueprint.get("/metrics")
def metrics() -> Response:
    """The metrics in Prometheus' text format, or in OpenMetrics where that is asked for."""
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    text = encode(services().metrics.registry)
    return Response(text, content_type=content_type, headers={"Cache-Control": "no-store"})
