"""What the views stand on: the opened archive and the page's own two stores."""

from dataclasses import dataclass

from flask import Flask, current_app

from mmrag_video.archive import Archive
from web.clip_cache import ClipCache
from web.query_pictures import QueryPictures

_EXTENSION = "mmrag_video"


@dataclass(frozen=True)
class Services:
    """One set per application."""

    archive: Archive
    pictures: QueryPictures
    clips: ClipCache


def install_services(app: Flask, services: Services) -> None:
    """Make the services known to the views of `app`."""
    app.extensions[_EXTENSION] = services


def services() -> Services:
    """The services of the application that answers the present request."""
    installed: Services = current_app.extensions[_EXTENSION]
    return installed
