"""Re-encoded clips, kept for the next viewer."""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from mmrag_video.data_directory import clip_name
from mmrag_video.moments import Span
from mmrag_video.video.clips import LONGEST_CUT, UNFINISHED, cut_for_browser
from web.turns import Turns

MOST_BYTES = 2 * 1024**3
_ENCODED_AT_ONCE = 2
"""One encoder takes every core it gets; more at a time only make each of them wait longer."""
_WAITING_AT_ONCE = 4
_LONGEST_WAIT = 20.0
"""Seconds."""
_RETRY_AFTER = 5
"""Seconds, for those who waited in vain or could not even wait."""
_ABANDONED_AFTER = 2 * LONGEST_CUT
"""Seconds since an unfinished clip was written to, after which nobody can be at it any more."""


class ClipCache:
    """Clips in a folder, made when they are first asked for; the longest unused go first.

    Threads that ask for the same clip get one encoding. Other processes may use the folder too, at
    the price of encoding a clip twice, and anybody may delete it. The folder holds `most_bytes`
    and the clips that are being written.
    """

    def __init__(
        self, folder: Path, most_bytes: int = MOST_BYTES, longest_wait: float = _LONGEST_WAIT
    ) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self.encoding = Turns(
            _ENCODED_AT_ONCE,
            "Other videos are being made ready for the browser; this one will be a little later.",
            _RETRY_AFTER,
            _WAITING_AT_ONCE,
            longest_wait,
        )

    def clip(self, span: Span, recording_file: Path) -> Path:
        """The file of the span's clip.

        Raises RecordingError if it cannot be made, and ServiceUnavailable if too many are being
        made, or this one by somebody else and not soon enough.
        """
        target = self._folder / clip_name(span.recording.id, span.start, span.end)
        with self.encoding.turn(target, target.exists):
            if not _use(target):
                with suppress(OSError):  # the cut says what is wrong with the folder
                    self._folder.mkdir(parents=True, exist_ok=True)
                cut_for_browser(recording_file, span.start, span.end, target)
                self._make_room(target)
        return target

    def _make_room(self, newest: Path) -> None:
        """Delete the clips that are too many, but not the newest, and what killed processes left.

        Another process may be deleting the same; Windows deletes nothing that is being sent.
        """
        total = 0
        for _, size, path in sorted(self._files("*.mp4"), reverse=True):
            total += size
            if total > self._most_bytes and path != newest:
                with suppress(OSError):
                    path.unlink()
        for written, _, path in self._files(f".*{UNFINISHED}"):
            if written < time.time() - _ABANDONED_AFTER:
                with suppress(OSError):
                    path.unlink()

    def _files(self, pattern: str) -> Iterator[tuple[float, int, Path]]:
        """Modification time, bytes and path of each."""
        for path in self._folder.glob(pattern):
            with suppress(OSError):
                facts = path.stat()
                yield facts.st_mtime, facts.st_size, path


def _use(clip: Path) -> bool:
    """Whether it is there; as it was used just now, it is then the last to go."""
    try:
        os.utime(clip)
    except FileNotFoundError:
        return False
    return True
