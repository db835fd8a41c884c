"""Recordings of every kind that the player has to show; each frame shows its number."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mmrag_video.archive import Archive
from mmrag_video.catalog.records import Recording
from mmrag_video.catalog.writer_lock import writer_lock
from mmrag_video.ingest import ingest_paths
from mmrag_video.settings import ClockSettings, SamplerSection, Settings
from tests.footage import Encoding, Numbered, steadily, write_numbered
from tests.shared_servers import shared_store

SIZE = (320, 240)
UNSTEADY = [*steadily(20), 1300, 1340, 1390, 1900, 2500, *steadily(75, start=5600)]
"""Milliseconds: a rate that changes, and three seconds without a frame."""
_QUIET = "log-level=none:pools=1"
KINDS = {
    "Door/Door_00_20250304140322.mp4": (UNSTEADY, Encoding(b_frames=2, with_sound=True)),
    "Door/Door_00_20250304140500.mp4": (steadily(25), Encoding()),
    "Hall/Hall_00_20250304140325.mp4": (steadily(100), Encoding()),
    "Late/late.mp4": (steadily(40, start=1480), Encoding(b_frames=2)),
    "Ten/ten.mp4": (steadily(40), Encoding(pixel_format="yuv420p10le")),
    "Four/four.mp4": (steadily(40), Encoding(pixel_format="yuv444p")),
    "Stream/stream.ts": (steadily(40), Encoding(b_frames=2)),
    "Old/old.avi": (steadily(40), Encoding("mpeg4", b_frames=2)),
    "New/new.mp4": (
        steadily(40),
        Encoding("libx265", b_frames=2, codec_options={"x265-params": _QUIET}),
    ),
    "Long/long.avi": (steadily(250, rate=10), Encoding("mpeg4", rate=10)),
}
"""Milliseconds of the frames and the encoding, by path."""


@dataclass(frozen=True)
class PlayerArchive:
    """The archive, and by camera its first recording and what is known of its frames."""

    archive: Archive
    recordings: dict[str, Recording]
    numbered: dict[str, Numbered]


@contextmanager
def player_archive(folder: Path) -> Iterator[PlayerArchive]:
    """Writes, ingests and opens the recordings under `folder`."""
    numbered: dict[str, Numbered] = {}
    for name, (milliseconds, encoding) in KINDS.items():
        path = folder / "recordings" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        numbered.setdefault(path.parent.name, write_numbered(path, milliseconds, encoding, SIZE))
    settings = Settings(
        data_dir=folder / "data",
        clock=ClockSettings(zone="Europe/Lisbon"),
        sampler=SamplerSection(interval=4),
        store=shared_store(),
    )
    with Archive(settings) as archive:
        with writer_lock(archive.directory.root):
            for outcome in ingest_paths(archive, [folder / "recordings"]):
                assert outcome.recording is not None, outcome.message
        recordings: dict[str, Recording] = {}
        for recording in archive.catalog.recordings():
            recordings.setdefault(recording.camera, recording)
        yield PlayerArchive(archive, recordings, numbered)
