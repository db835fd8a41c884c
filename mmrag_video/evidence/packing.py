"""A folder as a zip, written file by file."""

import zipfile
from pathlib import Path

from mmrag_video.evidence.order import Progress
from mmrag_video.export.writing import put_in_place, unfinished_file

_SMALLER = {".json", ".jsonl", ".html", ".sha256", ".pub"}
"""Endings of files that get smaller; video and pictures are so already."""


def pack(folder: Path, target: Path, on_progress: Progress) -> Path:
    """Write all that lies in a folder; returns what the zip is called.

    Nobody sees it before it is whole. Raises ExportError where the system refuses to write.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    with unfinished_file(target.parent) as unfinished:
        with zipfile.ZipFile(unfinished, "x", strict_timestamps=False) as packed:
            for done, path in enumerate(files):
                on_progress(f"packing {path.name}", done, len(files))
                how = zipfile.ZIP_DEFLATED if path.suffix in _SMALLER else zipfile.ZIP_STORED
                packed.write(path, path.relative_to(folder).as_posix(), how)
        return put_in_place(unfinished, target.name)
