"""Puts the page together."""

from flask import Flask
from werkzeug.routing import BaseConverter, IntegerConverter

from mmrag_video.archive import Archive
from web import (
    answer_views,
    errors,
    export_views,
    health_views,
    query_picture_views,
    recording_views,
    saved_views,
    search_views,
    words,
    work_views,
)
from web.clip_cache import ClipCache
from web.health_check import HealthCheck
from web.metrics import Metrics
from web.query_pictures import LARGEST_UPLOAD, QueryPictures
from web.security import install_security
from web.services import Services, install_services


def create_app(archive: Archive, *, loopback_only: bool = True) -> Flask:
    """The page over an opened archive.

    With `loopback_only`, a request whose Host header is not a loopback name is refused: a web
    site that makes its own name resolve to 127.0.0.1 cannot read the page (DNS rebinding).
    """
    app = Flask(__name__)
    # A little more than the picture itself, for the other fields and the multipart frame.
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_UPLOAD + 64 * 1024
    app.jinja_options = {
        "trim_blocks": True,
        "lstrip_blocks": True,
        "finalize": words.printable,
    }
    app.url_map.converters["sha256"] = _Sha256Converter
    app.url_map.converters["ticks"] = _TicksConverter
    app.jinja_env.filters.update(words.FILTERS)
    clips = ClipCache(archive.clip_cache)
    metrics, health = Metrics(archive), HealthCheck(archive)
    install_services(app, Services(archive, QueryPictures(), clips, metrics, health, loopback_only))
    install_security(app, loopback_only=loopback_only)
    errors.install_handlers(app)
    app.register_blueprint(search_views.blueprint)
    app.register_blueprint(answer_views.blueprint)
    app.register_blueprint(query_picture_views.blueprint)
    app.register_blueprint(recording_views.blueprint)
    app.register_blueprint(health_views.blueprint)
    app.register_blueprint(work_views.blueprint)
    app.register_blueprint(saved_views.blueprint)
    app.register_blueprint(export_views.blueprint)
    return app


class _Sha256Converter(BaseConverter):
    """64 hex digits in an address; anything else is not found."""

    regex = "[0-9a-f]{64}"


class _TicksConverter(IntegerConverter):
    """Half of a fraction that is a time, with the digits of 64 bits; more make no file name."""

    regex = "[0-9]{1,20}"
