"""Let recordings go wholly: vectors, pictures, clips, catalog rows. Their files are not touched.

First they are hidden, in one transaction, then frames, pictures, clips and rows are removed, in
this order. So a kill at any moment leaves nothing that is found and is half there: what is left
over is hidden, `check` names it, and letting the same recordings go again finishes it.
"""

import shutil
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mmrag_video.archive import Archive
from mmrag_video.catalog.holdings import HalfGone
from mmrag_video.errors import StoreError
from mmrag_video.recording_file import FileState, file_state


@dataclass(frozen=True)
class LetGo:
    """What became of the recordings that were to go, by their ids."""

    gone: tuple[str, ...]
    stayed: tuple[str, ...]
    """They are kept, in a case, or being ingested at this moment."""


def let_go(archive: Archive, recordings: Collection[str]) -> LetGo:
    """Remove these recordings from every index and from the catalog.

    Their jobs stay done, so that the worker does not ingest the files again before they change.
    The caller holds the writer's lock, and ingests none of them meanwhile. Raises StoreError if
    the store cannot be reached or a picture or a clip not be deleted, CatalogError if the catalog
    cannot be used; the same call again goes on then.
    """
    gone = archive.catalog.holdings.hide(recordings)
    if gone:
        for identity in archive.catalog.indexes():
            store = archive.store(identity)
            store.delete_recordings(gone)
            store.flush()
        remove_pictures(archive, gone)
        _remove_clips(archive, gone)
        archive.catalog.holdings.drop(gone)
    going = set(gone)
    return LetGo(tuple(gone), tuple(one for one in recordings if one not in going))


def comes_again(one: HalfGone) -> bool:
    """Whether what is found no more is to be ingested again, and not to be let go of wholly.

    Its file is there, and nobody wanted it gone: an ingest was broken off.
    """
    return one.is_awaited and file_state(one.recording) is FileState.PRESENT


def remove_pictures(archive: Archive, recordings: Sequence[str]) -> None:
    """Delete the pictures of these recordings in every index."""
    for identity in archive.catalog.indexes():
        for recording in recordings:
            remove_folder(archive.directory.pictures(identity.collection, recording))


def _remove_clips(archive: Archive, recordings: Collection[str]) -> None:
    """Delete what the page keeps re-encoded of these recordings. Raises StoreError."""
    for clip in archive.directory.clips_of(recordings):
        try:
            clip.unlink(missing_ok=True)
        except OSError as error:
            raise _cannot_be_deleted(f"The clip {clip}", error) from error


def _cannot_be_deleted(what: str, error: OSError) -> StoreError:
    return StoreError(
        f"{what} cannot be deleted ({error.strerror}); "
        "check the folder's permissions and start again."
    )


def remove_folder(folder: Path) -> None:
    """Delete a folder of pictures, and the one that it lies in if that is empty then.

    Raises StoreError if it cannot be deleted; that there is none is fine.
    """
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except OSError as error:
        raise _cannot_be_deleted(f"The pictures in {folder}", error) from error
    with suppress(OSError):
        folder.parent.rmdir()
