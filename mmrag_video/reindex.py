"""Make the index anew after a change of model or sampler, and let it take over when it is whole.

Until then the old index answers. It is dropped only when every recording it held is in the new
one, or is given up in so many words.
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
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

    One outcome per file. A known recording that cannot be read any more keeps the old index in
    use, unless `forget_missing`. The caller holds the writer's lock.

    Raises StoreError, after all outcomes, if the old index stays in use.
    """
    identity = archive.identity
    active = archive.catalog.active_index()
    known = archive.catalog.recordings()
    clear_unfinished(archive, identity)
    places = {recording.path for recording in known}
    held: set[str] = set()
    for file in find_files([*(recording.path for recording in known), *paths]):
        outcome = ingest_file(archive, identity, file, on_progress, redo=True)
        if forget_missing and isinstance(file, Unreachable) and file.path in places:
            archive.catalog.settle_failures(file.path)
            outcome = replace(outcome, state=OutcomeState.FORGOTTEN)
        if outcome.recording is not None:
            held.add(outcome.recording.id)
        yield outcome
    lost = [recording for recording in known if recording.id not in held]
    is_new = active is not None and active.fingerprint != identity.fingerprint
    if lost and is_new and not forget_missing:
        raise StoreError(
            f"{len(lost)} known recordings, such as {lost[0].path}, could not be read again, so "
            "the old index stays in use; put them back and start again, or give them up with "
            "--forget-missing."
        )
    archive.catalog.activate_index(identity)
    if forget_missing:
        for recording in lost:
            archive.catalog.give_up(recording.id, identity.fingerprint)
        clear_unfinished(archive, identity)
    for old in archive.catalog.indexes():
        if old.fingerprint != identity.fingerprint:
            _drop(archive, old, identity)


def _drop(archive: Archive, old: IndexIdentity, new: IndexIdentity) -> None:
    archive.store(new).drop_index(old)
    archive.catalog.forget_index(old.fingerprint)
    shutil.rmtree(archive.directory.thumbnails(old.collection), ignore_errors=True)
