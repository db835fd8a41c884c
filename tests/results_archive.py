"""Recordings through which something moves; a slow reranker that knows red when it sees it."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from playwright.sync_api import Locator, Page

from mmrag_video.archive import Archive
from mmrag_video.catalog.records import Recording
from mmrag_video.catalog.writer_lock import writer_lock
from mmrag_video.errors import ModelError
from mmrag_video.ingest import ingest_paths
from mmrag_video.models.base import Candidate, Judgement, Query
from mmrag_video.settings import ClockSettings, Settings
from mmrag_video.video.frames import Image
from tests.footage import write_pictures
from tests.shared_servers import shared_store

_RATE = 25
_SIZE = (320, 240)
_SCENES = {
    "Yard/Yard_00_20250304140322.mp4": (200, 30, 30),
    "Hall/Hall_00_20250304153000.mp4": (30, 60, 200),
    "Gate/old.mp4": (190, 20, 40),
}
"""The colour of what moves, by path; of the last one nobody knows when it was."""


class Redness:
    """Judges how red a picture is, once it is let."""

    looks_at_pictures = True

    def __init__(self) -> None:
        self.may_judge = threading.Event()
        self.may_judge.set()
        self.problem = ""
        """What it says instead of judging."""

    def judge(self, query: Query, candidates: Sequence[Candidate]) -> list[Judgement]:
        assert self.may_judge.wait(60)
        if self.problem:
            raise ModelError(self.problem)
        images = (candidate.image() for candidate in candidates)
        return [Judgement(_redness(image), "red") for image in images]


@dataclass(frozen=True)
class ResultsArchive:
    """The archive, and its recordings by camera."""

    archive: Archive
    recordings: dict[str, Recording]
    """By vectors alone the one of the hall answers best."""


@contextmanager
def results_archive(folder: Path, reranker: Redness | None = None) -> Iterator[ResultsArchive]:
    """Writes, ingests and opens the recordings under `folder`.

    Without a reranker vectors alone judge.
    """
    for name, colour in _SCENES.items():
        path = folder / "recordings" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_pictures(path, _passing(colour))
    settings = Settings(
        data_dir=folder / "data",
        clock=ClockSettings(zone="Europe/Lisbon"),
        store=shared_store(),
    )
    with Archive(settings) as archive:
        with writer_lock(archive.directory.root):
            for outcome in ingest_paths(archive, [folder / "recordings"]):
                assert outcome.recording is not None, outcome.message
        model = replace(archive.model, reranker=reranker)
        with Archive(settings, model) as judged:
            recordings = {one.camera: one for one in judged.catalog.recordings()}
            yield ResultsArchive(judged, recordings)


def _passing(colour: tuple[int, int, int]) -> Iterator[tuple[int, Image]]:
    """Six seconds; from the third on a block goes through a quiet yard."""
    width, height = _SIZE
    yard = np.random.default_rng(7).integers(90, 130, (height, width, 3), dtype=np.uint8)
    for number in range(6 * _RATE):
        picture = yard.copy()
        if number >= 2 * _RATE:
            left = (number - 2 * _RATE) * (width - 60) // (4 * _RATE)
            picture[80:160, left : left + 60] = colour
        yield number * 1000 // _RATE, picture


def _redness(image: Image) -> float:
    red, green, blue = image.astype(int).transpose(2, 0, 1)
    return min(1.0, 20 * float(np.mean((red > 150) & (green < 90) & (blue < 90))))


def strip_of_the_hall(page: Page) -> Locator:
    """The first card with a strip, which is of the hall."""
    return page.locator("li.card", has=page.locator(".strip")).first
