"""A small archive of real recordings for the page's tests, ingested by the `basic` model."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from mmrag_video.archive import Archive
from mmrag_video.catalog.records import Recording
from mmrag_video.catalog.writer_lock import writer_lock
from mmrag_video.ingest import ingest_paths
from mmrag_video.settings import ClockSettings, Settings
from mmrag_video.video.frames import Image
from tests.footage import Encoding, steadily, write_pictures
from tests.shared_servers import shared_store

ZONE = "Europe/Lisbon"
HOSTILE_CAMERA = "<img src=x onerror=alert(1)> \"&'"
_SIZE = (320, 240)
_RATE = 10
_H264 = Encoding()


@dataclass(frozen=True)
class PageArchive:
    """The archive, and its recordings by what a test wants of them."""

    archive: Archive
    yard: Recording
    """H.264 in MP4, which browsers play, 32 MB; its clock is known from its name."""
    gate: Recording
    """MPEG-4 in AVI, which no browser plays; its clock is unknown."""
    hostile: Recording
    """Its camera's name is markup."""


@contextmanager
def page_archive(folder: Path) -> Iterator[PageArchive]:
    """Writes, ingests and opens the recordings under `folder`."""
    recordings = folder / "recordings"
    write_scene(
        recordings / "Yard" / "Yard_00_20250304140322.mp4", seconds=12, colour=(200, 30, 30)
    )
    _append_free_space(recordings / "Yard" / "Yard_00_20250304140322.mp4", 32 * 1024 * 1024)
    write_scene(
        recordings / "Gate" / "old.avi",
        seconds=8,
        colour=(30, 60, 200),
        encoding=Encoding(codec="mpeg4"),
    )
    write_scene(recordings / HOSTILE_CAMERA / "clip.mp4", seconds=3, colour=(240, 240, 240))
    settings = Settings(
        data_dir=folder / "data", clock=ClockSettings(zone=ZONE), store=shared_store()
    )
    with Archive(settings) as archive:
        with writer_lock(archive.directory.root):
            for outcome in ingest_paths(archive, [recordings]):
                assert outcome.recording is not None, outcome.message
        by_name = {recording.path.name: recording for recording in archive.catalog.recordings()}
        yield PageArchive(
            archive, by_name["Yard_00_20250304140322.mp4"], by_name["old.avi"], by_name["clip.mp4"]
        )


def _append_free_space(path: Path, size: int) -> None:
    """An MP4 `free` box, which players skip: the file has the size of a real recording."""
    with path.open("ab") as file:
        file.write(struct.pack(">I4s", size, b"free"))
        file.truncate(file.tell() + size - 8)


def write_scene(
    path: Path, seconds: int, colour: tuple[int, int, int], encoding: Encoding = _H264
) -> None:
    """A dark yard through which a coloured box moves from left to right."""
    path.parent.mkdir(parents=True, exist_ok=True)
    count = seconds * _RATE
    pictures = (_scene(number / count, colour) for number in range(count))
    write_pictures(path, zip(steadily(count, _RATE), pictures, strict=True), encoding)


def scene_picture(colour: tuple[int, int, int]) -> Pillow.Image:
    """The scene when the box is half way."""
    return Pillow.fromarray(_scene(0.5, colour))


def _scene(progress: float, colour: tuple[int, int, int]) -> Image:
    width, height = _SIZE
    picture = np.full((height, width, 3), (70, 80, 70), dtype=np.uint8)
    left = round(progress * (width - 60))
    picture[90:170, left : left + 60] = colour
    return picture
