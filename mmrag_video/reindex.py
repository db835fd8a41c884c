"""Make the index anew after a change of model or sampler, and let it take over when it is whole.

Until then the old index answers. It is dropped only when every recording it held is in the new
one, or is given up in so many words.
"""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from mmrag_video.archive import Archive
from mmrag_video.errors import StoreError
from mmrag_video.index.identity import IndexIdentity
from mmrag_video.ingest import (
    Outcome,
    OutcomeState,
    Progress,
    clear_unfinished,
    ingest_file,
    no_progress,
)
from mmrag_video.video.discover import Unreachable, find_files


def reindex_paths(
    archive: Archive,
    paths: Sequence[Path],
    forget_missing: bool = False,
    on_progress: Progress = no_progress,
) -> Iterator[Outcome]:
    """Ingest `paths` and all known recordings with the settings as they are now.

    One outcome per file. Recordings whose file is gone are outcomes that failed, and keep the old
    index in use unless `forget_missing`. The caller holds the writer's lock.
    """
    identity = archive.identity
    active = archive.catalog.active_index()
    clear_unfinished(archive, identity)
    files = list(find_files([*_known_paths(archive), *paths]))
    lost = 0
    for file in files:
        outcome = ingest_file(archive, identity, file, on_progress, redo=True)
        was_known = isinstance(file, Unreachable) and not forget_missing
        lost += outcome.state is OutcomeState.FAILED and was_known
        yield outcome
    if active is None or active.fingerprint == identity.fingerprint:
        archive.catalog.activate_index(identity)
    elif lost:
        raise StoreError(
            f"{lost} recordings could not be read again, so the old index stays in use; put their "
            "files back and start again, or give them up with --forget-missing."
        )
    else:
        archive.catalog.activate_index(identity)
        _drop(archive, active, identity)


def _known_paths(archive: Archive) -> list[Path]:
    return [recording.path for recording in archive.catalog.recordings()]


def _drop(archive: Archive, old: IndexIdentity, new: IndexIdentity) -> None:
    archive.store(new).drop_index(old)
    archive.catalog.forget_index(old.fingerprint)
    shutil.rmtree(archive.directory.thumbnails(old.collection), ignore_errors=True)
