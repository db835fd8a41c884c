"""A folder as a zip, written file by file."""

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

from mmrag_video.evidence.order import Progress
from mmrag_video.evidence.partial import PACKED, PartialFolder
from mmrag_video.export.writing import put_in_place, unfinished_file

_SMALLER = {".json", ".jsonl", ".html", ".sha256", ".pub"}
"""Endings of files that get smaller; video and pictures are so already."""
_BLOCK = 4 * 1024 * 1024


@dataclass(frozen=True)
class PackedFile:
    """A zip that is there."""

    path: Path
    sha256: str


def pack(folder: PartialFolder, target: Path, on_progress: Progress) -> PackedFile:
    """Write all that was made in a folder, which stays as it is.

    Nobody sees the zip before it is whole; where its name is taken it gets a number. What is
    stopped here leaves the parts, and the next run packs them. Raises ExportError where the system
    refuses to write. `verify` takes no zip that is written otherwise: see `strict_zip`.
    """
    names = folder.names()
    with unfinished_file(folder.path, PACKED) as unfinished:
        with zipfile.ZipFile(unfinished, "w", strict_timestamps=False) as packed:
            for done, name in enumerate(names):
                path = folder.path / name
                on_progress(f"packing {path.name}", done, len(names))
                how = zipfile.ZIP_DEFLATED if path.suffix in _SMALLER else zipfile.ZIP_STORED
                packed.write(path, name, how)
        digest = _hash(unfinished, on_progress)
        return PackedFile(put_in_place(unfinished, target), digest)


def _hash(path: Path, on_progress: Progress) -> str:
    digest = hashlib.sha256()
    size = path.stat().st_size
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            on_progress("the file’s SHA-256", file.tell(), size)
    return digest.hexdigest()
