"""Is everything here that is needed? Each check says what is wrong and how to mend it."""

import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from zoneinfo import ZoneInfo

import av
import numpy as np

from mmrag_video.archive import Archive
from mmrag_video.counting import counted
from mmrag_video.errors import MmragError
from mmrag_video.models.base import Query
from mmrag_video.sources import all_sources

_PACKAGES = ("av", "numpy", "opencv-python-headless", "pillow", "pymilvus", "sqlalchemy", "flask")
_SPACE_WANTED = 2 * 1024**3
"""Bytes: a day of one busy camera takes some hundred megabytes of vectors and pictures."""


class Health(StrEnum):
    """The result of one check."""

    GOOD = "good"
    DOUBTFUL = "doubtful"
    """Works, but something is worth knowing."""
    BAD = "bad"


@dataclass(frozen=True)
class Finding:
    """One check's result."""

    subject: str
    health: Health
    detail: str
    remedy: str = ""
    """What to do; empty when nothing needs doing, or the detail says it."""


def examine(archive: Archive) -> Iterator[Finding]:
    """Run every check, in the order in which they depend on each other."""
    checks: tuple[tuple[str, Callable[[Archive], Finding]], ...] = (
        ("packages", _packages),
        ("exact frames", _exact_frames),
        ("video encoder", _encoder),
        ("data directory", _data_directory),
        ("disk", _disk),
        ("catalog", _catalog),
        ("model", _model),
        ("answers", _generator),
        ("store", _store),
        ("index", _index),
        ("sources", _sources),
        ("time zone", _time_zone),
    )
    for subject, check in checks:
        try:
            yield check(archive)
        except MmragError as error:
            yield Finding(subject, Health.BAD, str(error))


def package_versions() -> list[str]:
    """Of Python and of what this program stands on, as far as it is here."""
    found = [f"{name} {_version(name)}" for name in _PACKAGES if _version(name) is not None]
    return [f"Python {platform.python_version()}", *found]


def _packages(archive: Archive) -> Finding:
    missing = [name for name in _PACKAGES if _version(name) is None]
    if archive.settings.store.uri is None and _version("milvus-lite") is None:
        missing.append("milvus-lite")
    if missing:
        return Finding(
            "packages",
            Health.BAD,
            f"missing: {', '.join(missing)}",
            f"{sys.executable} -m pip install {' '.join(missing)}",
        )
    return Finding("packages", Health.GOOD, ", ".join(package_versions()))


def _exact_frames(_: Archive) -> Finding:
    decord = _version("decord")
    if decord is not None:
        return Finding("exact frames", Health.GOOD, f"decord {decord}")
    return Finding(
        "exact frames", Health.DOUBTFUL, "decord is not here; PyAV reads single frames, slower"
    )


def _encoder(_: Archive) -> Finding:
    if "libx264" in av.codecs_available:
        return Finding("video encoder", Health.GOOD, "libx264")
    return Finding(
        "video encoder",
        Health.BAD,
        "PyAV has no H.264 encoder: what a browser cannot play cannot be re-encoded",
        f"{sys.executable} -m pip install --force-reinstall av",
    )


def _data_directory(archive: Archive) -> Finding:
    archive.directory.create()
    return Finding("data directory", Health.GOOD, str(archive.directory.root))


def _disk(archive: Archive) -> Finding:
    free = shutil.disk_usage(archive.directory.root).free
    detail = f"{free / 1024**3:.1f} GB free"
    if free >= _SPACE_WANTED:
        return Finding("disk", Health.GOOD, detail)
    return Finding(
        "disk",
        Health.DOUBTFUL,
        detail,
        "Free some space, or set MMRAG_DATA_DIR to a folder on a larger disk.",
    )


def _catalog(archive: Archive) -> Finding:
    recordings = counted(len(archive.catalog.recordings()), "recording")
    cameras = counted(len(archive.catalog.camera_names()), "camera")
    failures = archive.catalog.failures()
    detail = f"{recordings} of {cameras}"
    if not failures:
        return Finding("catalog", Health.GOOD, detail)
    return Finding(
        "catalog",
        Health.DOUBTFUL,
        f"{detail}; {counted(len(failures), 'file')} failed",
        "`mmrag-video recordings` says why; ingest those again when they are mended.",
    )


def _model(archive: Archive) -> Finding:
    model = archive.model
    vector = model.embedder.embed_query(Query(text="a person"))
    if vector.shape != (model.embedder.dimensions,) or not np.isfinite(vector).all():
        return Finding(
            "model",
            Health.BAD,
            f"{model.embedder.name} gives vectors that are not finite",
            "Install the model's packages anew.",
        )
    detail = f"{model.embedder.name}, {model.embedder.dimensions}-d"
    return Finding("model", Health.GOOD, detail + (", reranked" if model.reranker else ""))


def _generator(archive: Archive) -> Finding:
    if not archive.settings.generator.is_set:
        return Finding("answers", Health.GOOD, "off: no generator is set")
    name = archive.generator.model_name()
    return Finding("answers", Health.GOOD, f"written by {name}")


def _store(archive: Archive) -> Finding:
    frames = archive.store(archive.catalog.active_index() or archive.identity).count()
    place = archive.settings.store.uri or "started here"
    return Finding("store", Health.GOOD, f"{place}; {counted(frames, 'frame')}")


def _index(archive: Archive) -> Finding:
    active = archive.active_identity
    if active is None:
        return Finding("index", Health.GOOD, "nothing ingested yet")
    if active.fingerprint != archive.identity.fingerprint:
        return Finding(
            "index",
            Health.DOUBTFUL,
            f"made with {active.describe()}; the sampler settings differ now",
            "Set them back, or `mmrag-video ingest --reindex`.",
        )
    return Finding("index", Health.GOOD, active.describe())


def _sources(archive: Archive) -> Finding:
    there = all_sources(archive.settings, archive.catalog)
    unreadable = [name for name in archive.catalog.worker.read().unreadable if name in there]
    if not unreadable:
        return Finding("sources", Health.GOOD, counted(len(there), "source"))
    return Finding(
        "sources",
        Health.DOUBTFUL,
        f"the worker could not read all of: {', '.join(unreadable)}",
        "The worker's log says which folder or file it was, and why.",
    )


def _time_zone(archive: Archive) -> Finding:
    settings = archive.settings
    here = datetime.now(ZoneInfo(settings.clock.zone))
    detail = f"{settings.clock.zone}, where it is now {here:%Y-%m-%d %H:%M}"
    if "clock" in settings.model_fields_set:
        return Finding("time zone", Health.GOOD, detail)
    return Finding(
        "time zone",
        Health.DOUBTFUL,
        f"{detail}; nobody has set it",
        "Set clock.zone to the zone your recorders' clocks show, or a camera's own zone.",
    )


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
