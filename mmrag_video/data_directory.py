"""Where everything lies under the one data directory."""

import os
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from mmrag_video.errors import DataDirectoryError


def clip_name(recording: str, start: Fraction, end: Fraction) -> str:
    """The file of a span of a recording: its id, then start and end in microseconds.

    While it is written it is called so too, with a dot in front and more behind.
    """
    return f"{recording}-{round(start * 1_000_000)}-{round(end * 1_000_000)}.mp4"


@dataclass(frozen=True)
class DataDirectory:
    """The data directory and the names in it. Nothing is written outside of it."""

    root: Path

    def create(self) -> None:
        """Make the folder. Raises DataDirectoryError if it cannot be written to."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataDirectoryError(
                f"The data directory {self.root} cannot be made ({error.strerror}); "
                "set MMRAG_DATA_DIR to a folder you may write to."
            ) from error
        if not os.access(self.root, os.W_OK | os.X_OK):
            raise DataDirectoryError(
                f"The data directory {self.root} cannot be written to; "
                "change its permissions or set MMRAG_DATA_DIR to another folder."
            )

    @property
    def catalog(self) -> Path:
        """The SQLite file of cameras, recordings and ingest runs."""
        return self.root / "catalog.sqlite"

    @property
    def store(self) -> Path:
        """The folder of the embedded Milvus server."""
        return self.root / "store"

    @property
    def clips(self) -> Path:
        """Re-encoded spans for the browser; may be deleted at any time."""
        return self.root / "clips"

    def clips_of(self, recordings: Collection[str]) -> list[Path]:
        """The clips of these recordings, with those that are being written."""
        wanted = set(recordings)
        with suppress(FileNotFoundError):
            return [
                path
                for path in self.clips.iterdir()
                if path.name.removeprefix(".").partition("-")[0] in wanted
            ]
        return []

    @property
    def query_pictures(self) -> Path:
        """Pictures that were sent to search with; may be deleted at any time."""
        return self.root / "query-pictures"

    @property
    def exports(self) -> Path:
        """What the page made to be fetched: a folder for each."""
        return self.root / "exports"

    @property
    def evaluation(self) -> Path:
        """A data directory of its own for `evaluate`, so that it mixes with nothing."""
        return self.root / "evaluation"

    @property
    def all_thumbnails(self) -> Path:
        """The folder with one folder of pictures for each index."""
        return self.root / "thumbnails"

    def thumbnails(self, collection: str) -> Path:
        """The pictures of one index's frames."""
        return self.all_thumbnails / collection

    def pictures(self, collection: str, recording: str) -> Path:
        """The folder of the pictures of one recording's frames in one index."""
        return self.thumbnails(collection) / recording[:2] / recording

    def pictured(self, collection: str, recording: str) -> list[Fraction]:
        """The times of one recording's frames that have a picture in one index, in order."""
        names = (path.stem for path in self.pictures(collection, recording).glob("*-*.jpg"))
        return sorted(Fraction(name.replace("-", "/")) for name in names)

    def thumbnail(self, collection: str, recording: str, time: Fraction) -> Path:
        """The picture of one kept frame."""
        name = f"{time.numerator}-{time.denominator}.jpg"
        return self.pictures(collection, recording) / name
