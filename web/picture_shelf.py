"""Pictures that people search with, on disk: an address that names one can be opened again.

A folder for each user holds theirs, each named by its content. Whoever knows the name of one, from
an address that was passed on, may see it and search with it; a user pushes out their own first.
"""

import hashlib
import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Lock

from mmrag_video.export.writing import unfinished_file

MOST_BYTES = 512 * 1024 * 1024
"""Of all users together."""
MOST_BYTES_OF_ONE = 64 * 1024 * 1024
"""Of one user: a few hundred pictures as cameras make them."""
_LEAST_COUNTED = 64 * 1024
"""Bytes as which a smaller file counts, so that there are not too many to look through."""
_NAME = re.compile(r"[0-9a-f]{64}")


class PictureShelf:
    """JPEGs in a folder, which anybody may delete; the longest unused go first."""

    def __init__(
        self,
        folder: Path,
        most_bytes: int = MOST_BYTES,
        most_bytes_of_one: int = MOST_BYTES_OF_ONE,
    ) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._most_bytes_of_one = most_bytes_of_one
        self._lock = Lock()

    def put(self, jpeg: bytes, user: str) -> str:
        """Keep a picture for a user; returns its name. Raises ExportError if the disk refuses."""
        name = hashlib.sha256(jpeg).hexdigest()
        # A user's name may hold what no folder's name can.
        own = self._folder / hashlib.sha256(user.encode()).hexdigest()
        target = own / f"{name}.jpg"
        with self._lock:
            with unfinished_file(own) as unfinished:
                unfinished.write_bytes(jpeg)
                _use(unfinished)
                unfinished.replace(target)
            self._make_room(target)
        return name

    def jpeg(self, name: str) -> bytes | None:
        """A picture that somebody sent, which is then the last to go; None if there is none."""
        if not _NAME.fullmatch(name):  # it comes from an address, and is looked for on disk
            return None
        content = None
        for path in self._folder.glob(f"*/{name}.jpg"):
            with suppress(OSError):
                _use(path)
                found = path.read_bytes()
                # A power cut may leave less of a file than was written.
                if hashlib.sha256(found).hexdigest() == name:
                    content = found
        return content

    def _make_room(self, newest: Path) -> None:
        """Delete what is too much, of the one who sent the newest and of all, but not that one."""
        own = every = 0
        for _, size, path in sorted(self._files(), reverse=True):
            is_own = path.parent == newest.parent
            own += size if is_own else 0
            if path != newest and is_own and own > self._most_bytes_of_one:
                _delete(path)
                continue
            every += size
            if path != newest and every > self._most_bytes:
                _delete(path)

    def _files(self) -> Iterator[tuple[int, int, Path]]:
        """Time of last use, bytes counted and path of each; also of what a killed program left."""
        for path in self._folder.glob("*/*"):
            with suppress(OSError):
                facts = path.stat()
                yield facts.st_mtime_ns, max(facts.st_size, _LEAST_COUNTED), path


def _delete(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def _use(path: Path) -> None:
    """Note that it is used now. The kernel’s own times can be the same for milliseconds."""
    now = time.time_ns()
    os.utime(path, ns=(now, now))
