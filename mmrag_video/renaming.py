"""Giving a camera another name: at once in the catalog, then in every index.

Until a frame has the new name it is found by the old one, which is no other camera's: a search for
a camera asks for all names that it had. So nobody sees less or more meanwhile, and whoever is
stopped half-way leaves nothing wrong; the next writer goes on.
"""

from mmrag_video.archive import Archive
from mmrag_video.camera_settings import CameraError, toml_key
from mmrag_video.catalog.catalog import Catalog
from mmrag_video.errors import UsageError
from mmrag_video.settings import Settings
from mmrag_video.sources import Source, SourceOrigin, list_sources

_LONGEST_NAME = 80
"""Characters: a name stands in a column of a table."""
_NO_ADDRESS = frozenset({".", ".."})
"""Browsers take these parts out of an address."""


def rename_camera(settings: Settings, catalog: Catalog, camera: str, name: str) -> None:
    """Rename a camera in the catalog; `carry_out_renames` does the rest, here or in the worker.

    Recordings that arrive under a former name are given to the renamed camera. Raises CameraError
    if that cannot be: the name cannot be used or is another's, or the settings or a source say
    what the camera is called.
    """
    if problem := _problem(settings, catalog, camera, name):
        raise CameraError({"name": problem})
    try:
        catalog.renamed.rename(camera, name)
    except UsageError as error:
        raise CameraError({"name": str(error)}) from None


def carry_out_renames(archive: Archive, *, every: bool = False) -> None:
    """Give frames of renamed cameras their name, in every index.

    `every`: also of cameras of which that was noted as done: one that died may have written a
    frame since. The caller holds the writer's lock. Raises StoreError and CatalogError.
    """
    names = archive.catalog.renamed
    indexes = archive.catalog.indexes()
    for was, name in names.former(pending=not every).items():
        for identity in indexes:
            archive.store(identity).rename_camera(was, name)
        names.note_carried_out(was, name)


def _problem(settings: Settings, catalog: Catalog, camera: str, name: str) -> str | None:
    if name == camera:
        return f"The camera is named {name!r} already."
    if not name or name != name.strip() or name in _NO_ADDRESS:
        return "A camera needs a name, without a space before or after it."
    if len(name) > _LONGEST_NAME or not name.isprintable():
        return f"A camera's name is at most {_LONGEST_NAME} printable characters on one line."
    for one in (camera, name):
        if one in settings.cameras:
            return f"The settings name the camera {one!r}; change [cameras.{toml_key(one)}] there."
        for source in list_sources(settings, catalog):
            if source.settings.camera == one:
                return _source_names_it(source, one)
    return None


def _source_names_it(source: Source, camera: str) -> str:
    if source.origin is SourceOrigin.SETTINGS:
        remedy = f"change [sources.{toml_key(source.name)}] in the settings"
    else:
        remedy = "remove the source, and add it again with another camera or none"
    return f"The source {source.name!r} names the camera {camera!r}; {remedy}."
