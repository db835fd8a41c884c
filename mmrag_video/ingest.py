"""From a recording on disk to searchable frames: identify, sample, embed, store.

A recording is searchable when its run is complete. Whatever stops a run before that (an error,
Ctrl-C, kill -9) leaves a run that is not complete: its frames are not found by a search, and the
next ingest removes them and begins that recording again.
"""

import errno
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

from PIL import Image as Pillow

from mmrag_video.archive import Archive
from mmrag_video.catalog.records import IngestRun, Recording
from mmrag_video.errors import MmragError, RecordingError, StoreError
from mmrag_video.index.frames import StoredFrame
from mmrag_video.index.identity import IndexIdentity, refusal
from mmrag_video.models.base import FrameEmbedding
from mmrag_video.video.clock import FileTimes, camera_of, clock_of
from mmrag_video.video.content import Content, content_of
from mmrag_video.video.decoder_process import sample_in_child
from mmrag_video.video.discover import FoundFile, Unreachable, find_files
from mmrag_video.video.frames import VideoFacts
from mmrag_video.video.sampled import SampledFrame, SamplerSettings
from mmrag_video.video.wall_clock import Clock

THUMBNAIL_WIDTH = 480
"""Pixels: two result cards beside each other on a telephone, one sharp card on a screen."""
_THUMBNAIL_QUALITY = 82


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
    archive.catalog.activate_index(identity)
    for file in files:
        yield ingest_file(archive, identity, file, on_progress)


def clear_unfinished(archive: Archive, identity: IndexIdentity) -> None:
    """Remove what runs that never completed have left in the store. Needs the writer's lock."""
    archive.catalog.interrupt_running()
    unfinished = archive.catalog.unfinished_runs(identity.fingerprint)
    for run in unfinished:
        archive.store(identity).delete_run(run.id)
    if unfinished:
        archive.store(identity).flush()
    for run in unfinished:
        archive.catalog.mark_cleared(run)


def ingest_file(
    archive: Archive,
    identity: IndexIdentity,
    file: FoundFile | Unreachable,
    on_progress: Progress = no_progress,
    *,
    redo: bool = False,
) -> Outcome:
    """Make one file searchable in one index.

    With `redo`, a recording that was sampled with other settings of its camera is done again.
    """
    catalog = archive.catalog
    if isinstance(file, Unreachable):
        return _failed(archive, identity, file.path, file.why)
    try:
        content = content_of(file.path)
    except RecordingError as error:
        return _failed(archive, identity, file.path, str(error))
    known = catalog.recording(content.sha256)
    camera = known.camera if known else camera_of(file.path, file.root, archive.settings)
    sampler = archive.settings.sampler_for(camera)
    earlier = catalog.complete_run_of(content.sha256, identity.fingerprint)
    changed = earlier is not None and earlier.sampler != sampler.fingerprint
    if known is not None and earlier is not None and not (changed and redo):
        return _known(archive, identity, file, known, content, changed)
    run = catalog.begin_run(file.path, content.sha256, identity.fingerprint, sampler.fingerprint)
    work = _Work(archive, identity, run, file, content, camera, sampler, on_progress)
    try:
        outcome = work.carry_out()
    except RecordingError as error:
        catalog.fail_run(run, str(error))
        outcome = Outcome(file.path, OutcomeState.FAILED, message=str(error))
    except MmragError as error:
        catalog.fail_run(run, str(error))
        raise
    except Exception as error:  # of a library, over this recording: the others go on
        why = f"{file.path} could not be ingested ({type(error).__name__}: {error})."
        catalog.fail_run(run, why)
        outcome = Outcome(file.path, OutcomeState.FAILED, message=why)
    except KeyboardInterrupt:
        catalog.interrupt_run(run)
        raise
    clear_unfinished(archive, identity)  # of this run if it failed, else of those it replaces
    return outcome


def _failed(archive: Archive, identity: IndexIdentity, path: Path, why: str) -> Outcome:
    """A path that did not even lead to content that could be identified."""
    run = archive.catalog.begin_run(path, None, identity.fingerprint, identity.sampler)
    archive.catalog.fail_run(run, why)
    return Outcome(path, OutcomeState.FAILED, message=why)


def _known(
    archive: Archive,
    identity: IndexIdentity,
    file: FoundFile,
    recording: Recording,
    content: Content,
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
        times = FileTimes(recording.created, recording.modified, recording.duration)
        clock = clock_of(file.path, recording.camera, times, archive.settings)
        if clock != recording.clock:
            messages.append(
                f"{file.path}: its start was {recording.clock.start or 'unknown'}, "
                f"is now {clock.start or 'unknown'}."
            )
            archive.store(identity).set_clock(recording.id, clock)
            archive.catalog.set_clock(recording.id, clock)
            recording = replace(recording, clock=clock)
    if changed:
        messages.append(
            f"{file.path} was sampled with other settings; `mmrag-video ingest --reindex` with "
            "its path does it again."
        )
    state = OutcomeState.SAMPLER_CHANGED if changed else OutcomeState.KNOWN
    return Outcome(file.path, state, recording, message=" ".join(messages))


@dataclass(frozen=True)
class _Work:
    """One run over one recording."""

    archive: Archive
    identity: IndexIdentity
    run: IngestRun
    file: FoundFile
    content: Content
    camera: str
    sampler: SamplerSettings
    on_progress: Progress

    def carry_out(self) -> Outcome:
        def follow(done: Fraction) -> None:
            self.on_progress(self.file.path, done, decoder.facts.duration)

        settings = self.archive.settings
        pictures: set[Path] = set()
        with sample_in_child(self.file.path, self.sampler, settings.decode, follow) as decoder:
            facts = decoder.facts
            times = FileTimes(facts.created, self.content.modified, facts.duration)
            clock = clock_of(self.file.path, self.camera, times, settings)
            for batch in _batches(decoder, settings.model.batch):
                pictures.update(self._store(batch, clock))
        self.archive.store(self.identity).flush()
        recording = self._recording(facts, clock)
        self.archive.catalog.complete_run(self.run, recording, len(pictures))
        self._remove_other_pictures(pictures)
        return Outcome(self.file.path, OutcomeState.ADDED, recording, len(pictures))

    def _store(self, batch: Sequence[SampledFrame], clock: Clock) -> list[Path]:
        """Write frames and their pictures; gives where the pictures lie."""
        embeddings = self.archive.model.embedder.embed_frames(batch)
        pictures = [self._write_thumbnail(frame) for frame in batch]
        self.archive.store(self.identity).insert(
            [
                (self._stored(frame, embedding, clock), embedding.vector)
                for frame, embedding in zip(batch, embeddings, strict=True)
            ]
        )
        return pictures

    def _stored(self, frame: SampledFrame, embedding: FrameEmbedding, clock: Clock) -> StoredFrame:
        return StoredFrame(
            recording=self.content.sha256,
            camera=self.camera,
            time=frame.time,
            valid_until=frame.valid_until,
            reason=frame.reason,
            wall_start=clock.at(frame.time),
            wall_end=clock.at(frame.valid_until),
            run=self.run.id,
            facts=embedding.facts,
        )

    def _write_thumbnail(self, frame: SampledFrame) -> Path:
        path = self.archive.directory.thumbnail(
            self.identity.collection, self.content.sha256, frame.time
        )
        write_thumbnail(frame, path)
        return path

    def _remove_other_pictures(self, own: set[Path]) -> None:
        """Pictures of earlier runs over the same recording."""
        for path in set(next(iter(own)).parent.iterdir()) - own:
            path.unlink(missing_ok=True)

    def _recording(self, facts: VideoFacts, clock: Clock) -> Recording:
        return Recording(
            id=self.content.sha256,
            path=self.file.path,
            camera=self.camera,
            size=self.content.size,
            container=facts.container,
            codec=facts.codec,
            width=facts.width,
            height=facts.height,
            rotation=facts.rotation,
            duration=facts.duration,
            average_rate=facts.average_rate,
            created=facts.created,
            modified=self.content.modified,
            clock=clock,
        )


def _batches(frames: Iterable[SampledFrame], size: int) -> Iterator[list[SampledFrame]]:
    remaining = iter(frames)
    while batch := list(itertools.islice(remaining, size)):
        yield batch


def write_thumbnail(frame: SampledFrame, path: Path) -> None:
    """Write a kept frame's picture as JPEG, at most THUMBNAIL_WIDTH wide.

    Raises StoreError if the disk does not take it.
    """
    picture = Pillow.fromarray(frame.image)
    if picture.width > THUMBNAIL_WIDTH:
        height = max(1, round(picture.height * THUMBNAIL_WIDTH / picture.width))
        picture = picture.resize((THUMBNAIL_WIDTH, height), Pillow.Resampling.BILINEAR)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path, "JPEG", quality=_THUMBNAIL_QUALITY)
    except OSError as error:
        remedy = (
            "free some space and start the same ingest again"
            if error.errno == errno.ENOSPC
            else "check the folder's permissions"
        )
        raise StoreError(
            f"The picture {path} cannot be written ({error.strerror}); {remedy}."
        ) from error
