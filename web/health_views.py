"""Whether all is well, and how much of what: for machines, and on a page for people."""

from flask import Blueprint, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from prometheus_client.exposition import choose_encoder
from werkzeug.exceptions import Forbidden

from mmrag_video.catalog.users import Role
from web import access
from web.health_report import Level, report
from web.security import is_loopback
from web.services import services

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@access.open_to_all
def healthz() -> ResponseReturnValue:
    """200 if all is well, else 503 with what is wrong."""
    problems = services().health.problems()
    if not problems:
        return jsonify(status="ok")
    told = {problem.part.value: problem.sentence for problem in problems}
    return jsonify(status="failing", problems=told), 503


@blueprint.get("/health")
def page() -> ResponseReturnValue:
    """Every part of the system, with a plain word and what to do."""
    access.check_sees_all_cameras()
    archive, health, disk = services().archive, services().health, services().disk
    readings = report(archive, health, disk)
    worst = max((one.level for one in readings), key=list(Level).index)
    return render_template("health.html", readings=readings, worst=worst, Level=Level)


@blueprint.get("/metrics")
@access.open_to_all
def metrics() -> Response:
    """The metrics in Prometheus' text format, or in OpenMetrics where that is asked for.

    For admins, and for whoever asks from this machine: Prometheus cannot log in, and who has an
    account here may read as much from the system. There are figures, and the names of sources.
    """
    if not access.may(Role.ADMIN) and not is_loopback(request.remote_addr or ""):
        raise Forbidden("Only admins, and programs on the page's own machine, get the metrics.")
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    text = encode(services().metrics.registry)
    return Response(text, content_type=content_type, headers={"Cache-Control": "no-store"})
