"""What shorter vectors cost and save: one embedding run, evaluated at several lengths."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mmrag_video.archive import Archive
from mmrag_video.evaluate import LabelledQueries, answer_queries, median_seconds, metrics
from mmrag_video.models.matryoshka import check_prefix, prefix, shortened
from mmrag_video.settings import Settings, StoreSettings


@dataclass(frozen=True)
class LengthResult:
    """The evaluation at one length of vectors."""

    dimensions: int
    frames: int
    store_bytes: int
    """On disk, facts and all; the vectors alone take frames x dimensions x 4."""
    search_seconds: float | None
    """Of a whole search, the median over the queries; None without queries."""
    metrics: dict[str, Any]


def with_whole_vectors(settings: Settings) -> Settings:
    """The same settings for vectors that are not cut."""
    model = settings.model.model_copy(update={"dimensions": None, "recall_dimensions": None})
    return settings.model_copy(update={"model": model})


def evaluate_lengths(
    whole: Archive, labelled: LabelledQueries, lengths: Sequence[int]
) -> Iterator[LengthResult]:
    """One result for each length, in order. `whole` holds the labelled videos at full length.

    The vectors are cut from those of `whole`, into an index of their own for each length, which is
    thrown away afterwards. Raises ModelError before anything is done if a length cannot be had.
    """
    for length in lengths:
        check_prefix(whole.model.embedder, length, "--dimensions")
    for length in lengths:
        with tempfile.TemporaryDirectory(dir=whole.directory.root) as folder:
            yield _at_length(whole, labelled, length, Path(folder))


def _at_length(
    whole: Archive, labelled: LabelledQueries, length: int, folder: Path
) -> LengthResult:
    model = replace(whole.model, embedder=shortened(whole.model.embedder, length))
    own = whole.settings.model.model_copy(update={"dimensions": length})
    # A server of its own, whatever the user's: to be thrown away, and measured on disk.
    settings = whole.settings.model_copy(
        update={"data_dir": folder, "model": own, "store": StoreSettings(linger=0)}
    )
    with Archive(settings, model) as short:
        frames = _copy(whole, short, length)
        short.warm_up()
        answered = answer_queries(short, labelled)
        files = [path for path in short.directory.store.rglob("*") if path.is_file()]
        return LengthResult(
            dimensions=length,
            frames=frames,
            store_bytes=sum(path.stat().st_size for path in files),
            search_seconds=median_seconds(answered),
            metrics=metrics(answered),
        )


def _copy(whole: Archive, short: Archive, length: int) -> int:
    """Fill an empty archive with the frames of another, their vectors cut; gives their number."""
    source, target = whole.identity, short.identity
    short.activate(target)
    store, copied = short.store(target), 0
    for recording in whole.catalog.recordings():
        made_by = whole.catalog.complete_run_of(recording.id, source.fingerprint)
        if made_by is None:
            continue
        run = short.catalog.begin_run(
            recording.path, recording.id, target.fingerprint, made_by.sampler
        )
        frames = whole.store(source).frames_of_run(made_by.id)
        store.insert(
            [(replace(frame, run=run.id), prefix(vector, length)) for frame, vector in frames]
        )
        store.flush()
        short.catalog.complete_run(run, recording, len(frames))
        copied += len(frames)
    return copied
