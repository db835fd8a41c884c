"""What the views stand on: the opened archive and what the page keeps itself."""

from dataclasses import dataclass, field

from flask import Flask, current_app

from mmrag_video.archive import Archive
from mmrag_video.disk_use import DiskUse
from web.attempts import Attempts
from web.clip_cache import ClipCache
from web.fetches import Fetches
from web.health_check import HealthCheck
from web.live import LiveChanges
from web.making.maker import ExportMaker
from web.metrics import Metrics
from web.query_pictures import QueryPictures
from web.recent_pictures import RecentPictures
from web.signed_findings import SignedFindings
from web.turns import Turns

_EXTENSION = "mmrag_video"


def _answering() -> Turns:
    """An answer in words takes minutes."""
    return Turns(2, "Other answers are being written; please ask again a little later.", 15)


def _exporting() -> Turns:
    """The disk is what it waits for."""
    return Turns(1, "Others are exporting now; please ask again a little later.", 15)


def _hashing() -> Turns:
    """Each password takes 64 MiB and, on purpose, a good part of a second."""
    return Turns(4, "Many are logging in just now; please try again.", 1)


def _comparing() -> Turns:
    """The disk is what it waits for, of a large file for a minute."""
    refusal = "Recordings are being compared with what was ingested; try again in a moment."
    return Turns(2, refusal, 5, waiting=2, longest_wait=15.0)


def _short_work() -> Turns:
    """A child takes a core, and half a second to start."""
    refusal = "Others are looking at recordings just now; try again in a moment."
    return Turns(2, refusal, 2, waiting=4, longest_wait=15.0)


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
    answering: Turns = field(default_factory=_answering)
    """Held while an answer in words is being written."""
    comparing: Turns = field(default_factory=_comparing)
    """Held while a recording's file is read through, to know whether it is the one ingested."""
    short_work: Turns = field(default_factory=_short_work)
    """Held while a child process looks into a recording for a request."""
    attempts: Attempts = field(default_factory=Attempts)
    """Logins that failed."""
    fetches: Fetches = field(default_factory=Fetches)
    """Files that the audit log says were fetched."""
    hashing: Turns = field(default_factory=_hashing)
    """Held while a password is being checked."""
    findings: SignedFindings = field(default_factory=SignedFindings)
    exporting: Turns = field(default_factory=_exporting)
    """Held while recordings are read through for an export."""

    @property
    def places(self) -> int:
        """Threads that are held at most by all that takes turns; searches take none."""
        kinds = (
            self.answering,
            self.exporting,
            self.hashing,
            self.comparing,
            self.short_work,
            self.clips.encoding,
            self.pictures.decoding,
        )
        return sum(kind.places for kind in kinds)


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
