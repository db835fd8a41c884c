"""Puts the page together."""

from flask import Flask
from werkzeug.routing import BaseConverter, IntegerConverter

from mmrag_video.archive import Archive
from mmrag_video.catalog.users import Role
from mmrag_video.disk_use import DiskUse
from mmrag_video.export.formats import FORMATS
from mmrag_video.export.naming import DEFAULT_TEMPLATE, LONGEST_TEMPLATE
from web import (
    access,
    answer_views,
    audit_views,
    camera_views,
    camera_words,
    case_moment_views,
    case_views,
    collect_views,
    errors,
    export_job_views,
    export_views,
    failure_views,
    frame_views,
    health_views,
    live_views,
    login_views,
    model_views,
    player_views,
    query_picture_views,
    recording_views,
    saved_views,
    search_views,
    timeline_views,
    users_views,
    words,
    work_views,
)
from web.api import audit as api_audit
from web.api import cameras as api_cameras
from web.api import case_moments as api_case_moments
from web.api import cases as api_cases
from web.api import exports as api_exports
from web.api import failures as api_failures
from web.api import frames as api_frames
from web.api import health as api_health
from web.api import models as api_models
from web.api import recordings as api_recordings
from web.api import saved as api_saved
from web.api import search as api_search
from web.api import selection as api_selection
from web.api import timeline as api_timeline
from web.api import users as api_users
from web.api import work as api_work
from web.clip_cache import ClipCache
from web.collecting import collecting
from web.form_tokens import install_form_tokens
from web.frame_queries import similar
from web.health_check import HealthCheck
from web.live import LiveChanges
from web.live_marks import marks
from web.login import install_login
from web.making.maker import ExportMaker
from web.metrics import Metrics
from web.picture_shelf import PictureShelf
from web.play_address import play_address
from web.query_pictures import LARGEST_UPLOAD, QueryPictures
from web.security import install_security
from web.services import Services, install_services
from web.strips import strip_of

_API = (
    api_search,
    api_cameras,
    api_recordings,
    api_frames,
    api_timeline,
    api_cases,
    api_case_moments,
    api_selection,
    api_exports,
    api_saved,
    api_work,
    api_failures,
    api_models,
    api_users,
    api_audit,
    api_health,
)


def create_app(archive: Archive, *, loopback_only: bool = True) -> Flask:
    """The page over an opened archive.

    With `loopback_only`, a request whose Host header is not a loopback name is refused: a web
    site that makes its own name resolve to 127.0.0.1 cannot read the page (DNS rebinding). Without
    it, or as soon as there is a user, everybody has to log in.
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
    app.url_map.converters["number"] = _NumberConverter
    app.url_map.converters["camera"] = _CameraConverter
    app.jinja_env.filters.update({**words.FILTERS, **camera_words.FILTERS})
    app.jinja_env.globals.update(collecting=collecting, strip_of=strip_of, similar=similar)
    app.jinja_env.globals.update(play_address=play_address)
    app.jinja_env.globals.update(export_formats=FORMATS.values(), clip_kinds=export_views.CLIPS)
    app.jinja_env.globals.update(
        default_template=DEFAULT_TEMPLATE, longest_template=LONGEST_TEMPLATE
    )
    clips = ClipCache(archive.clip_cache)
    pictures = QueryPictures(PictureShelf(archive.directory.query_pictures))
    metrics, health = Metrics(archive), HealthCheck(archive)
    live = LiveChanges(lambda: marks(archive))
    disk, exports = DiskUse(archive.directory), ExportMaker(archive)
    install_services(
        app,
        Services(archive, pictures, clips, metrics, health, live, disk, exports, loopback_only),
    )
    app.before_request(exports.remove_old)
    install_security(app, loopback_only=loopback_only)
    install_login(app)
    install_form_tokens(app)
    app.jinja_env.globals.update(
        may=access.may, visitor=access.visitor, sees_all_cameras=access.sees_all_cameras, Role=Role
    )
    errors.install_handlers(app)
    app.register_blueprint(search_views.blueprint)
    app.register_blueprint(timeline_views.blueprint)
    app.register_blueprint(answer_views.blueprint)
    app.register_blueprint(query_picture_views.blueprint)
    app.register_blueprint(recording_views.blueprint)
    app.register_blueprint(player_views.blueprint)
    app.register_blueprint(health_views.blueprint)
    app.register_blueprint(work_views.blueprint)
    app.register_blueprint(camera_views.blueprint)
    app.register_blueprint(failure_views.blueprint)
    app.register_blueprint(live_views.blueprint)
    app.register_blueprint(model_views.blueprint)
    app.register_blueprint(saved_views.blueprint)
    app.register_blueprint(login_views.blueprint)
    app.register_blueprint(users_views.blueprint)
    app.register_blueprint(audit_views.blueprint)
    app.register_blueprint(collect_views.blueprint)
    app.register_blueprint(case_views.blueprint)
    app.register_blueprint(case_moment_views.blueprint)
    app.register_blueprint(export_views.blueprint)
    app.register_blueprint(export_job_views.blueprint)
    app.register_blueprint(frame_views.blueprint)
    for subject in _API:
        app.register_blueprint(subject.blueprint)
    return app


class _Sha256Converter(BaseConverter):
    """64 hex digits in an address; anything else is not found."""

    regex = "[0-9a-f]{64}"


class _TicksConverter(IntegerConverter):
    """Half of a fraction that is a time, with the digits of 64 bits; more make no file name."""

    regex = "[0-9]{1,20}"


class _NumberConverter(IntegerConverter):
    """A row's number, as large as the catalog can hold one."""

    regex = "[0-9]{1,18}"


class _CameraConverter(BaseConverter):
    """A camera's name at the end of an address: it may hold whatever a folder's name may, and
    slashes. Its rule must not merge those.
    """

    part_isolating = False
    regex = ".+"
    weight = 200
