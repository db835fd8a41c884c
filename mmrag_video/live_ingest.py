"""Recordings whose files still grow: taken bit by bit, and as one when the file is finished.

Until then a recording has a provisional id, and one complete run for each time that its file had
grown: each run goes on where the last ended. When the file is finished, all that the runs wrote is
written again by one more run under the id that every other recording has, the hash of its content;
nothing is embedded twice. Whatever stops this leaves the live recording as it was, or the finished
one complete; the next try does the rest.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from itertools import chain, islice, pairwise
from pathlib import Path

from mmrag_video.archive import Archive
from mmrag_video.catalog.records import IngestRun, Recording
from mmrag_video.errors import RecordingError, kind_of
from mmrag_video.index.frames import StoredFrame
from mmrag_video.index.identity import IndexIdentity
from mmrag_video.ingest import Outcome, OutcomeState, Progress, carried_out, no_progress
from mmrag_video.letting_go import let_go
from mmrag_video.models.base import Vector
from mmrag_video.recording_ingest import RecordingIngest, recording_of, remove_other_pictures
from mmrag_video.source_rules import camera_in, sampler_in, source_of
from mmrag_video.sources import all_sources
from mmrag_video.thumbnails import link_thumbnail
from mmrag_video.video.clock import FileTimes, clock_of
from mmrag_video.video.content import Content, content_of
from mmrag_video.video.decoder_process import sample_in_child
from mmrag_video.video.discover import FoundFile
from mmrag_video.video.sampled import Part, SamplerSettings

SUFFIXES = frozenset({".ts", ".m2ts", ".mts", ".mp4", ".m4v", ".mov", ".mkv"})
"""Of files that may be read while they grow: an MP4 only if it is written in fragments."""
_KNOWN_BY = (16 * 1024, 64 * 1024)
"""The bytes by which a growing file is known. Those before them are written once more at the end:
Matroska's length, the kind of an MP4 whose index comes last."""
_LOT = 1000
"""Frames read and written at a time."""


@dataclass(frozen=True)
class _Growing:
    """A growing file, and what was taken of it."""

    path: Path
    content: Content
    """With the provisional id, and size and time at this moment."""
    recording: Recording | None
    """None where nothing of it can be found yet."""
    runs: tuple[IngestRun, ...]
    """That let it be found, oldest first."""
    camera: str
    sampler: SamplerSettings

    @property
    def taken(self) -> Fraction:
        """Seconds up to which it was taken."""
        return self.recording.duration if self.recording else Fraction(0)


def ingest_growing(
    archive: Archive, identity: IndexIdentity, file: FoundFile, on_progress: Progress = no_progress
) -> Outcome:
    """Make searchable what a file has grown by since the last time.

    A file that cannot be read yet is a failure of which nothing is noted. What would fail for every
    file is raised. The caller holds the writer's lock, and nobody else is at this file.
    """
    try:
        growing = _look_at(archive, identity, file)
        if growing is None:
            raise RecordingError(f"{file.path} has only just begun.")
        return _take(archive, identity, growing, on_progress, grows=True)
    except RecordingError as error:
        return Outcome(file.path, OutcomeState.FAILED, message=str(error), kind=kind_of(error))


def finish_growing(
    archive: Archive, identity: IndexIdentity, file: FoundFile, on_progress: Progress = no_progress
) -> Outcome | None:
    """Make a live recording, whose file is finished, one like every other.

    None where the ordinary ingest has to do it: there is no live recording of this very file, its
    content is known, it was sampled otherwise than it is to be now, or it cannot be read.
    """
    catalog, index = archive.catalog, identity.fingerprint
    try:
        growing = _look_at(archive, identity, file)
        if growing is None or growing.recording is None:
            return None
        sampler = growing.sampler.fingerprint
        if any(run.sampler != sampler for run in growing.runs):
            return None
        content = content_of(file.path)
        if catalog.complete_run_of(content.sha256, index) is not None:
            return None
        last = _take(archive, identity, growing, on_progress, grows=False)
    except RecordingError:
        return None
    if last.recording is None:
        return last
    run = catalog.begin_run(file.path, content.sha256, index, sampler)
    live = replace(last.recording, kept=growing.recording.kept)
    finishing = _Finishing(archive, identity, run, live, content)
    outcome = carried_out(archive, identity, run, finishing.carry_out)
    drop_live(archive, file.path)
    return outcome


def drop_live(archive: Archive, path: Path) -> None:
    """Let live recordings at this path go, if another one has taken their place."""
    index = archive.identity.fingerprint
    stale = [
        recording.id
        for recording in archive.catalog.live_recordings(path)
        if archive.catalog.complete_run_of(recording.id, index) is None
    ]
    if stale:
        archive.catalog.holdings.keep(stale, False)  # the one in their place is kept
        let_go(archive, stale)


def _look_at(archive: Archive, identity: IndexIdentity, file: FoundFile) -> _Growing | None:
    """None where the file is too short to be known. Raises RecordingError if it is not there."""
    content = _provisional(file.path)
    if content is None:
        return None
    runs = archive.catalog.complete_runs_of(content.sha256, identity.fingerprint)
    recording = archive.catalog.recording(content.sha256) if runs else None
    settings = archive.settings_in_force
    source = source_of(file.path, all_sources(settings, archive.catalog))
    if recording is not None:
        camera = recording.camera
    else:
        camera = archive.catalog.renamed.now(camera_in(source, file, settings))
    sampler = sampler_in(source, camera, settings)
    return _Growing(file.path, content, recording, tuple(runs), camera, sampler)


def _provisional(path: Path) -> Content | None:
    """A growing file under an id that stays the same while it grows."""
    first, end = _KNOWN_BY
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            file.seek(first)
            known_by = file.read(end - first)
    except OSError as error:
        raise RecordingError(f"{path} cannot be read: {error.strerror}.") from error
    if len(known_by) < end - first:
        return None
    about = b"live\0%b\0%d\0" % (os.fsencode(path), status.st_ino)
    modified = datetime.fromtimestamp(status.st_mtime, tz=UTC)
    return Content(hashlib.sha256(about + known_by).hexdigest(), status.st_size, modified)


def _take(
    archive: Archive,
    identity: IndexIdentity,
    growing: _Growing,
    on_progress: Progress,
    *,
    grows: bool,
) -> Outcome:
    """One run, from where the last one ended to the end that there is now.

    Raises RecordingError, before anything is noted, if the file cannot be read at all.
    """
    path, content, taken = growing.path, growing.content, growing.taken

    def follow(done: Fraction) -> None:
        left = max(Fraction(0), decoder.facts.duration - taken)
        on_progress(path, max(Fraction(0), done - taken), left)

    def carry_out() -> tuple[Recording, int]:
        facts = decoder.facts
        times = FileTimes(facts.created, content.modified, facts.duration, grows)
        clock = growing.recording.clock if growing.recording else None
        if clock is None or clock.start is None:
            clock = clock_of(path, growing.camera, times, archive.settings_in_force)
        frames = work.take(decoder, clock, follow)
        recording = recording_of(path, growing.camera, content, facts, clock)
        if grows:  # what the container declares is no measure yet
            end = frames[-1].valid_until if frames else taken
            recording = replace(recording, duration=end, damage="")
        recording = replace(recording, live=True)
        archive.catalog.complete_run(run, recording, len(frames), extends=True)
        return recording, len(frames)

    decode, sampler = archive.settings.decode, growing.sampler
    with sample_in_child(path, sampler, decode, follow, Part(taken, grows)) as decoder:
        run = archive.catalog.begin_run(
            path, content.sha256, identity.fingerprint, sampler.fingerprint
        )
        work = RecordingIngest(
            archive, identity, run, path, content, growing.camera, sampler, on_progress
        )
        return carried_out(archive, identity, run, carry_out)


@dataclass(frozen=True)
class _Finishing:
    """A run that writes what is known of a live recording under the id of its content."""

    archive: Archive
    identity: IndexIdentity
    run: IngestRun
    live: Recording
    """As its last run left it."""
    content: Content

    def carry_out(self) -> tuple[Recording, int]:
        """The recording, which can be found now, and how many frames there are of it.

        Raises RecordingError if the file was written to again meanwhile.
        """
        recording = self._recording()
        store = self.archive.store(self.identity)
        pictures: set[Path] = set()
        frames = self._frames(recording)
        while lot := list(islice(frames, _LOT)):
            store.insert(lot)
            pictures.update(self._link_picture(frame.time) for frame, _ in lot)
        store.flush()
        status = self.live.path.stat()
        if status.st_size != self.content.size:
            raise RecordingError(f"{self.live.path} is written to again.")
        self.archive.catalog.complete_run(self.run, recording, len(pictures), replaces=self.live.id)
        folder = self.archive.directory.pictures(self.identity.collection, recording.id)
        remove_other_pictures(folder, pictures)
        return recording, len(pictures)

    def _recording(self) -> Recording:
        live, content = self.live, self.content
        times = FileTimes(live.created, content.modified, live.duration)
        clock = clock_of(live.path, live.camera, times, self.archive.settings_in_force)
        return replace(
            live,
            id=content.sha256,
            size=content.size,
            modified=content.modified,
            clock=clock,
            live=False,
        )

    def _frames(self, recording: Recording) -> Iterator[tuple[StoredFrame, Vector]]:
        """Those of all runs in order of time, each valid until the next."""
        store = self.archive.store(self.identity)
        runs = self.archive.catalog.complete_runs_of(self.live.id, self.identity.fingerprint)
        written = chain.from_iterable(
            sorted(store.frames_of_run(run.id), key=lambda one: one[0].time) for run in runs
        )
        for one, following in pairwise(chain(written, [None])):
            assert one is not None, "only the last is none"
            frame, vector = one
            until = following[0].time if following else max(recording.duration, frame.time)
            yield (
                replace(
                    frame,
                    recording=recording.id,
                    camera=recording.camera,
                    run=self.run.id,
                    valid_until=until,
                    wall_start=recording.clock.at(frame.time),
                    wall_end=recording.clock.at(until),
                ),
                vector,
            )

    def _link_picture(self, time: Fraction) -> Path:
        directory, collection = self.archive.directory, self.identity.collection
        picture = directory.thumbnail(collection, self.content.sha256, time)
        link_thumbnail(directory.thumbnail(collection, self.live.id, time), picture)
        return picture
