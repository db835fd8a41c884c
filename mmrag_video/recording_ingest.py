"""One run over one recording: sample it, embed what is kept, store it, and then let it be found."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from mmrag_video.archive import Archive
from mmrag_video.catalog.records import IngestRun, Recording
from mmrag_video.index.frames import StoredFrame
from mmrag_video.index.identity import IndexIdentity
from mmrag_video.models.base import FrameEmbedding
from mmrag_video.overlap import overlapped
from mmrag_video.thumbnails import write_thumbnail
from mmrag_video.video.clock import FileTimes, clock_of
from mmrag_video.video.content import Content
from mmrag_video.video.decoder_process import ChildSampling, sample_in_child
from mmrag_video.video.frames import VideoFacts
from mmrag_video.video.lead_up import with_lead_up
from mmrag_video.video.sampled import SampledFrame, SamplerSettings
from mmrag_video.video.timecode import Timecode
from mmrag_video.video.wall_clock import Clock

_EMBEDDING_THREADS = 2
"""While one batch is computed another is prepared, and one that is done is written by the thread
that waits for them. That keeps a card at work 99.9 % of the time where frames are decoded quickly
enough for it, one batch at a time 77 to 87 % (benchmarks/results/ingest_stages.md).
"""
_SHORT_BY = Fraction(1)
"""Seconds, or a hundredth of the whole, that a recording may be shorter than it declares."""


@dataclass(frozen=True)
class RecordingIngest:
    """A run that has begun in the catalog, and all that it needs."""

    archive: Archive
    identity: IndexIdentity
    run: IngestRun
    path: Path
    content: Content
    camera: str
    sampler: SamplerSettings
    on_progress: Callable[[Path, Fraction, Fraction], None]
    """Called with the path, the seconds of it done and the seconds in all."""

    def carry_out(self) -> tuple[Recording, int]:
        """The recording, which can be found now, and how many frames were kept of it.

        Raises RecordingError if it cannot be read, and MmragErrors of other kinds if the model,
        the store or the disk fail. Nothing of it can be found then.
        """

        def follow(done: Fraction) -> None:
            self.on_progress(self.path, done, decoder.facts.duration)

        settings = self.archive.settings_in_force
        with sample_in_child(self.path, self.sampler, settings.decode, follow) as decoder:
            facts = decoder.facts
            times = FileTimes(facts.created, self.content.modified, facts.duration)
            clock = clock_of(self.path, self.camera, times, settings)
            frames = self.take(decoder, clock, follow)
        recording = recording_of(self.path, self.camera, self.content, facts, clock)
        self.archive.catalog.complete_run(self.run, recording, len(frames))
        remove_other_pictures(
            self.archive.directory.pictures(self.identity.collection, recording.id),
            {self._picture_of(frame.time) for frame in frames},
        )
        return recording, len(frames)

    def take(
        self, decoder: ChildSampling, clock: Clock, follow: Callable[[Fraction], None]
    ) -> list[StoredFrame]:
        """Embed what the decoder gives and write it, with its pictures; it is not findable yet.

        `follow` is told the seconds that were looked at after every batch: the decoder may be done
        long before the model, and who is told may hold us back. Gives what was written.
        """
        settings = self.archive.settings.model
        batches = _batches(
            with_lead_up(decoder, settings.lead_up, settings.lead_up_seconds), settings.batch
        )
        embed = self.archive.model.embedder.embed_frames
        taken: list[StoredFrame] = []
        with closing(overlapped(embed, batches, _EMBEDDING_THREADS)) as embedded:
            for batch, embeddings in embedded:
                taken += self._store(batch, embeddings, clock)
                follow(decoder.looked_until)
        self.archive.store(self.identity).flush()
        return taken

    def _store(
        self, batch: Sequence[SampledFrame], embeddings: Sequence[FrameEmbedding], clock: Clock
    ) -> list[StoredFrame]:
        """Write frames and their pictures."""
        for frame in batch:
            write_thumbnail(frame.image, self._picture_of(frame.time))
        stored = [
            (self._stored(frame, embedding, clock), embedding.vector)
            for frame, embedding in zip(batch, embeddings, strict=True)
        ]
        self.archive.store(self.identity).insert(stored)
        return [frame for frame, _ in stored]

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

    def _picture_of(self, time: Fraction) -> Path:
        directory, collection = self.archive.directory, self.identity.collection
        return directory.thumbnail(collection, self.content.sha256, time)


def remove_other_pictures(folder: Path, own: set[Path]) -> None:
    """Pictures of earlier runs over the same recording."""
    for path in set(folder.iterdir()) - own:
        path.unlink(missing_ok=True)


def recording_of(
    path: Path, camera: str, content: Content, facts: VideoFacts, clock: Clock
) -> Recording:
    """All that the catalog keeps of a file that was read."""
    return Recording(
        id=content.sha256,
        path=path,
        camera=camera,
        size=content.size,
        container=facts.container,
        codec=facts.codec,
        width=facts.width,
        height=facts.height,
        rotation=facts.rotation,
        duration=facts.duration,
        average_rate=facts.average_rate,
        created=facts.created,
        modified=content.modified,
        clock=clock,
        damage=_damage(facts),
    )


def _damage(facts: VideoFacts) -> str:
    """Whether a part is missing: sound may outlast the picture by some tenths of a second."""
    declared = facts.declared_duration
    if declared is None or declared - facts.duration <= max(_SHORT_BY, declared / 100):
        return ""
    return (
        f"cut off: its container speaks of {Timecode(declared)}, the picture ends at "
        f"{Timecode(facts.duration)}; that much can be searched"
    )


def _batches(frames: Iterable[SampledFrame], size: int) -> Iterator[list[SampledFrame]]:
    remaining = iter(frames)
    while batch := list(itertools.islice(remaining, size)):
        yield batch
