"""The folders in which recordings arrive: those of the settings and those that were added."""

from mmrag_video.catalog.catalog import Catalog
from mmrag_video.settings import Settings, SourceSettings


def all_sources(settings: Settings, catalog: Catalog) -> dict[str, SourceSettings]:
    """By name; those of the settings count where both have one."""
    return {**catalog.sources.all(), **settings.sources}
