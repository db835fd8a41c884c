"""Recordings as a person names them: by the beginning of their id."""

from mmrag_video.archive import Archive
from mmrag_video.catalog.records import Recording
from mmrag_video.errors import UsageError

_SHOWN = 10
"""Digits of an id in lists: of 100,000 recordings hardly two share them."""


def short(recording: Recording) -> str:
    """The beginning of its id, as lists show it."""
    return recording.id[:_SHOWN]


def named(archive: Archive, prefix: str) -> Recording:
    """The recording whose id begins so. Raises UsageError unless that is exactly one."""
    found = archive.catalog.holdings.beginning_with(prefix.lower()) if prefix else []
    if not found:
        raise UsageError(
            f"No recording has an id that begins with {prefix!r}; `mmrag-video recordings` lists "
            "them."
        )
    if len(found) > 1:
        raise UsageError(
            f"{len(found)} recordings have an id that begins with {prefix!r}, such as "
            f"{found[0].path} and {found[1].path}; give more of it."
        )
    return found[0]
