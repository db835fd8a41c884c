"""What the views stand on: the opened archive and what the page keeps itself."""

from dataclasses import dataclass, field
from threading import BoundedSemaphore

from flask import Flask, current_app

from mmrag_video.archive import Archive
from mmrag_video.disk_use import DiskUse
from web.attempts import Attempts
from web.clip_cache import ClipCache
from web.health_check import HealthCheck
from web.live import LiveChanges
from web.making.maker import ExportMaker
from web.metrics import Metrics
from web.query_pictures import QueryPictures
from web.recent_pictures import RecentPictures
from web.short_work import ShortWork
from web.signed_findings import SignedFindings

_EXTENSION = "mmrag_video"
_ANSWERS_AT_ONCE = 2
"""With the clips that are encoded or waited for, two thirds of the server's threads: searches find
the others free."""
_PASSWORDS_AT_ONCE = 4
"""Each takes 64 MiB and, on purpose, a good part of a second."""

_EXPORTS_AT_ONCE = 1
"""The disk is what it waits for."""


@dataclass(frozen=True)
class Services:
    """One set per application."""

    archive: Archive
    pictures: QueryPictures
    clips: ClipCache
    metrics: Metrics
    health: HealthCheck
    live: LiveChanges
    disk: DiskUse
    exports: ExportMaker
    """Makes clips and evidence in the background."""
    loopback_only: bool
    """Whether none but this machine reaches the page."""
    frame_pictures: RecentPictures = field(default_factory=RecentPictures)
    """Frames that are searched with, kept apart from uploads: they are shown only through their
    recording, to those who may see it."""
    answering: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(_ANSWERS_AT_ONCE))
    """Held while an answer in words is being written."""
    short_work: ShortWork = field(default_factory=ShortWork)
    attempts: Attempts = field(default_factory=Attempts)
    """Logins that failed."""
    hashing: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(_PASSWORDS_AT_ONCE))
    """Held while a password is being checked."""
    findings: SignedFindings = field(default_factory=SignedFindings)
    exporting: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(_EXPORTS_AT_ONCE))
    """Held while recordings are read through for an export."""


def install_services(app: Flask, services: Services) -> None:
    """Make the services known to the views of `app`."""
    app.extensions[_EXTENSION] = services


def services() -> Services:
    """The services of the application that answers the present request."""
    return services_of(current_app)


def services_of(app: Flask) -> Services:
    """The services of an application."""
    installed: Services = app.extensions[_EXTENSION]
    return installed
