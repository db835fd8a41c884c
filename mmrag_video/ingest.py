"""From a recording on disk to searchable frames: identify, sample, embed, store.

A recording is searchable when its run is complete. Whatever stops a run before that (an error,
Ctrl-C, kill -9) leaves a run that is not complete: its frames are not found by a search, and the
next ingest removes them and begins that recording again.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

from mmrag_video.archive import Archive
from mmrag_video.catalog.records import IngestRun, Recording, RunState
from mmrag_video.errors import ErrorKind, MmragError, RecordingError, kind_of
from mmrag_video.index.identity import IndexIdentity, refusal
from mmrag_video.known_clocks import correct_clocks
from mmrag_video.letting_go import remove_folder
from mmrag_video.recording_ingest import RecordingIngest
from mmrag_video.renaming import carry_out_renames
from mmrag_video.source_rules import camera_in, sampler_in, source_of
from mmrag_video.sources import all_sources
from mmrag_video.video.content import Content, content_of
from mmrag_video.video.discover import FoundFile, Unreachable, find_files


class OutcomeState(StrEnum):
    """What became of one file."""

    ADDED = "added"
    KNOWN = "known"
    """Its content was searchable already."""
    SAMPLER_CHANGED = "sampler-changed"
    """Searchable, but sampled with settings that no longer hold."""
    FAILED = "failed"
    FORGOTTEN = "forgotten"
    """Known, but gone, and given up as was asked for."""


@dataclass(frozen=True)
class Outcome:
    """What became of one file, for the person and the script that asked."""

    path: Path
    state: OutcomeState
    recording: Recording | None = None
    frames: int = 0
    message: str = ""
    """One sentence where the state needs one."""
    kind: ErrorKind | None = None
    """What a failure was about."""


Progress = Callable[[Path, Fraction, Fraction], None]
"""Called with a recording's path, the seconds of it done and the seconds in all."""


def no_progress(path: Path, done: Fraction, total: Fraction) -> None:
    """Nobody is watching."""


def ingest_paths(
    archive: Archive, paths: Iterable[Path], on_progress: Progress = no_progress
) -> Iterator[Outcome]:
    """Make the recordings at `paths` searchable; one outcome per file, as soon as it is known.

    One recording's failure is an outcome and the next goes on. What would fail for every file
    (no space, no store, no model) is raised. The caller holds the writer's lock.

    Raises IndexMismatchError if the index was made with another model or sampler.
    """
    return ingest_files(archive, find_files(paths), on_progress)


def ingest_files(
    archive: Archive,
    files: Iterable[FoundFile | Unreachable],
    on_progress: Progress = no_progress,
) -> Iterator[Outcome]:
    """The same for files that were found already."""
    identity = archive.identity
    active = archive.catalog.active_index()
    if active is not None and active.fingerprint != identity.fingerprint:
        raise refusal(active, identity, archive.directory.root)
    clear_unfinished(archive, identity)
    carry_out_renames(archive, every=True)
    archive.activate(identity)
    for file in files:
        yield ingest_file(archive, identity, file, on_progress)


def clear_unfinished(archive: Archive, identity: IndexIdentity) -> None:
    """Remove what others, who are dead by now, left in the store. Needs the writer's lock."""
    archive.catalog.interrupt_running()
    _clear(archive, identity)


def _clear(archive: Archive, identity: IndexIdentity) -> None:
    """Remove the frames of runs that failed, were broken off, or were superseded.

    And the pictures, of recordings that no other run has made findable or is at. Runs that go on
    stay as they are: other threads may be at other recordings.
    """
    unfinished = [
        run
        for run in archive.catalog.unfinished_runs(identity.fingerprint)
        if run.state is not RunState.RUNNING
    ]
    for run in unfinished:
        archive.store(identity).delete_run(run.id)
    if unfinished:
        archive.store(identity).flush()
    for run in unfinished:
        recording = run.recording
        if recording and not archive.catalog.is_written(recording, identity.fingerprint):
            remove_folder(archive.directory.pictures(identity.collection, recording))
        archive.catalog.mark_cleared(run)


def ingest_file(
    archive: Archive,
    identity: IndexIdentity,
    file: FoundFile | Unreachable,
    on_progress: Progress = no_progress,
    *,
    redo: bool = False,
    anew: bool = False,
) -> Outcome:
    """Make one file searchable in one index.

    With `redo`, a recording that was sampled with other settings of its camera is done again; with
    `anew`, every one. What was found before stays found until the new run takes its place.
    """
    catalog = archive.catalog
    if isinstance(file, Unreachable):
        return _failed(archive, identity, file.path, file.why)
    try:
        content = _content(archive, file.path)
    except RecordingError as error:
        return _failed(archive, identity, file.path, str(error), kind_of(error))
    known = catalog.recording(content.sha256)
    settings = archive.settings_in_force
    source = source_of(file.path, all_sources(settings, catalog))
    camera = known.camera if known else catalog.renamed.now(camera_in(source, file, settings))
    sampler = sampler_in(source, camera, settings)
    earlier = catalog.complete_run_of(content.sha256, identity.fingerprint)
    changed = earlier is not None and earlier.sampler != sampler.fingerprint
    if known is not None and earlier is not None and not anew and not (changed and redo):
        return _known(archive, file, known, changed)
    run = catalog.begin_run(file.path, content.sha256, identity.fingerprint, sampler.fingerprint)
    work = RecordingIngest(archive, identity, run, file.path, content, camera, sampler, on_progress)
    return carried_out(archive, identity, run, work.carry_out)


def carried_out(
    archive: Archive,
    identity: IndexIdentity,
    run: IngestRun,
    work: Callable[[], tuple[Recording, int]],
) -> Outcome:
    """What becomes of the file of a run that has begun, noted in the catalog.

    `work` completes the run, and gives the recording and how many frames were kept of it. What
    would fail for every file is raised.
    """
    catalog = archive.catalog
    try:
        recording, frames = work()
    except KeyboardInterrupt:
        catalog.interrupt_run(run)
        raise
    except Exception as error:
        foreseen = isinstance(error, MmragError)
        why = str(error) if foreseen else _unforeseen(run.path, error)
        catalog.fail_run(run, why)
        if foreseen and not isinstance(error, RecordingError):
            raise  # the store, the model or the disk: it would fail for every file
        outcome = Outcome(run.path, OutcomeState.FAILED, message=why, kind=kind_of(error))
    else:
        outcome = _added(_as_set_meanwhile(archive, identity, recording), frames)
    _clear(archive, identity)  # of this run if it failed, else of those it replaces
    return outcome


def _as_set_meanwhile(archive: Archive, identity: IndexIdentity, recording: Recording) -> Recording:
    """A recording that was just written, after what was set for its camera while it was."""
    now = archive.catalog.recording(recording.id) or recording
    if now.camera != recording.camera:
        archive.store(identity).rename_camera(recording.camera, now.camera)
    corrected = correct_clocks(archive, [now], archive.settings_in_force)
    return corrected[0] if corrected else now


def _added(recording: Recording, frames: int) -> Outcome:
    message = f"{recording.path} is {recording.damage}." if recording.damage else ""
    return Outcome(recording.path, OutcomeState.ADDED, recording, frames, message)


def _unforeseen(path: Path, error: Exception) -> str:
    """A library's failure over one recording, as a sentence: the others go on."""
    return f"{path} could not be ingested ({type(error).__name__}: {error})."


def _content(archive: Archive, path: Path) -> Content:
    """What the file holds: read through, unless it lies as it did when it was ingested.

    A file of the same name, size and modification time is taken to be the same, as rsync does:
    an hour of footage is gigabytes to read.
    """
    with suppress(OSError):
        status = path.stat()
        modified = datetime.fromtimestamp(status.st_mtime, tz=UTC)
        known = archive.catalog.unchanged_recording(path, status.st_size, modified)
        if known is not None:
            return Content(known.id, known.size, known.modified)
    return content_of(path)


def _failed(
    archive: Archive,
    identity: IndexIdentity,
    path: Path,
    why: str,
    kind: ErrorKind = ErrorKind.RECORDING,
) -> Outcome:
    """A path that did not even lead to content that could be identified."""
    run = archive.catalog.begin_run(path, None, identity.fingerprint, identity.sampler)
    archive.catalog.fail_run(run, why)
    return Outcome(path, OutcomeState.FAILED, message=why, kind=kind)


def _known(
    archive: Archive,
    file: FoundFile,
    recording: Recording,
    changed: bool,
) -> Outcome:
    """A recording that can be found already: only where it lies and its clock may be new."""
    archive.catalog.settle_failures(file.path)
    messages = []
    if recording.path != file.path and os.path.exists(recording.path):  # noqa: PTH110 - Path.exists raises EACCES
        messages.append(f"{file.path} has the same content as {recording.path}.")
    else:
        recording = replace(recording, path=file.path)
        archive.catalog.move_recording(recording.id, file.path)
        before = recording.clock.start
        for corrected in correct_clocks(archive, [recording], archive.settings_in_force):
            recording = corrected
            if recording.clock.start != before:
                messages.append(
                    f"{file.path}: its start was {before or 'unknown'}, "
                    f"is now {recording.clock.start or 'unknown'}."
                )
    if changed:
        messages.append(
            f"{file.path} was sampled with other settings; `mmrag-video ingest --reindex` with "
            "its path does it again."
        )
    state = OutcomeState.SAMPLER_CHANGED if changed else OutcomeState.KNOWN
    return Outcome(file.path, state, recording, message=" ".join(messages))
