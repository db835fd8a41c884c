"""Make the index anew after a change of model or sampler, and let it take over when it is whole.

Until then the old index answers those whose settings still are the old ones. It is kept after that,
so that one can go back, until it is dropped in so many words.
"""

import shutil
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

from mmrag_video.archive import Archive
from mmrag_video.catalog.records import Recording
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


class RecordingsMissingError(StoreError):
    """Known recordings could not be read again, so the old index stays in use."""

    def __init__(self, lost: Sequence[Recording]) -> None:
        self.lost = lost
        super().__init__(
            f"{len(lost)} known recordings, such as {lost[0].path}, could not be read again, so "
            "the old index stays in use; put them back and start again, or give them up with "
            "--forget-missing."
        )


def known_recordings(archive: Archive) -> list[Recording]:
    """Those that a new index is made of. What still grows cannot be read as a whole: the worker
    takes it anew.
    """
    return [recording for recording in archive.catalog.recordings() if not recording.live]


def reindex_paths(
    archive: Archive,
    paths: Sequence[Path] = (),
    forget_missing: bool = False,
    on_progress: Progress = no_progress,
) -> Iterator[Outcome]:
    """Ingest `paths` and all that is known, or failed, with the settings as they are now.

    One outcome per file. Stopped and started again, it goes on: what is complete in the new index
    is not done twice. A known recording that cannot be read any more keeps the old index in use,
    unless `forget_missing`. The caller holds the writer's lock.

    Raises RecordingsMissingError, after all outcomes, if the old index stays in use.
    """
    identity = archive.identity
    active = archive.catalog.active_index()
    known = known_recordings(archive)
    failed = archive.catalog.failures()
    archive.catalog.note_index(identity)
    clear_unfinished(archive, identity)
    # What failed is tried again too: else the new index would know nothing of it.
    places = [recording.path for recording in known] + [run.path for run in failed]
    held: set[str] = set()
    for file in find_files([*places, *paths]):
        if forget_missing and isinstance(file, Unreachable) and file.path in places:
            archive.catalog.settle_failures(file.path)
            yield Outcome(file.path, OutcomeState.FORGOTTEN, message=file.why)
            continue
        outcome = ingest_file(archive, identity, file, on_progress, redo=True)
        if outcome.recording is not None:
            held.add(outcome.recording.id)
            if outcome.state is not OutcomeState.ADDED:  # else its frames were written just now
                _follow_clock(archive, identity, outcome.recording)
        yield outcome
    lost = [recording for recording in known if recording.id not in held]
    if forget_missing:
        _give_up(archive, identity, lost)
    elif lost and active is not None and active.fingerprint != identity.fingerprint:
        raise RecordingsMissingError(lost)
    archive.activate(identity)


def _follow_clock(archive: Archive, identity: IndexIdentity, recording: Recording) -> None:
    """Correct an index that lay aside while the recording's clock was corrected in another."""
    store = archive.store(identity)
    begins = store.frames_between(recording.id, Fraction(0), Fraction(1))
    if begins and begins[0].wall_start != recording.clock.at(begins[0].time):
        store.set_clock(recording.id, recording.clock)
        store.flush()


def _give_up(archive: Archive, identity: IndexIdentity, lost: Sequence[Recording]) -> None:
    for index in archive.catalog.indexes():
        for recording in lost:
            if recording.kept:
                continue
            archive.catalog.give_up(recording.id, index.fingerprint)
    clear_unfinished(archive, identity)


def drop_other_indexes(archive: Archive) -> list[IndexIdentity]:
    """Drop every index but the one in use, those that were never filled to the end among them.

    Gives what was dropped. The caller holds the writer's lock.
    """
    active = archive.catalog.active_index()
    if active is None:
        return []
    # Milvus drops no collection that an alias names, as one may that was stopped while it changed.
    archive.store(active).answer_by_alias()
    others = [one for one in archive.catalog.indexes() if one.fingerprint != active.fingerprint]
    for old in others:
        archive.store(active).drop_index(old)
        archive.catalog.forget_index(old.fingerprint)
        shutil.rmtree(archive.directory.thumbnails(old.collection), ignore_errors=True)
    return others
