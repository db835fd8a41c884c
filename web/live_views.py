"""The stream by which open pages hear that something has changed."""

from flask import Blueprint, Response
from werkzeug.exceptions import ServiceUnavailable

from web import access
from web.services import services

blueprint = Blueprint("live", __name__)
# All that is told of is about all cameras.
blueprint.before_request(access.check_sees_all_cameras)
_RETRY_AFTER = 30
"""Seconds, for those who find no room."""


@blueprint.get("/queue/events")
def events() -> Response:
    """Server-sent events: the names of what has changed, for at most a minute."""
    live = services().live
    if not live.take_place():
        raise ServiceUnavailable(
            "Enough pages are told of changes at once; this one has to ask itself.",
            retry_after=_RETRY_AFTER,
        )
    response = Response(live.events(), mimetype="text/event-stream")
    response.call_on_close(live.give_place_back)
    response.headers["Cache-Control"] = "no-store"
    # nginx would hold it back until it has some kilobytes.
    response.headers["X-Accel-Buffering"] = "no"
    return response
