"""Re-encoded clips, kept for the next viewer."""

from pathlib import Path
from threading import Condition

from mmrag_video.video.clips import cut_for_browser

from mmrag_video.moments import Span

MOST_BYTES = 2 * 1024**3
_ENCODED_AT_ONCE = 2
"""One encoder takes every core it gets; more at a time only make each of them wait longer."""


class ClipCache:
    """Clips in a folder, made when they are first asked for; the longest unused go first.

    Threads that ask for the same clip get one encoding. Two processes on the same folder are safe
    too, at the price of encoding it twice.
    """

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._encoding: set[Path] = set()
        self._changed = Condition()

    def clip(self, span: Span, recording_file: Path) -> Path:
        """The file of the span's clip. Raises RecordingError if it cannot be decoded."""
        target = self._folder / f"{span.recording.id}-{_mark(span)}.mp4"
        with self._changed:
            self._changed.wait_for(lambda: self._may_begin(target))
            if target.exists():
                target.touch()  # used just now: the last to go
                return target
            self._encoding.add(target)
        try:
            self._make(span, recording_file, target)
        finally:
            with self._changed:
                self._encoding.discard(target)
                self._changed.notify_all()
        return target

    def _may_begin(self, target: Path) -> bool:
        if target in self._encoding:
            return False
        return target.exists() or len(self._encoding) < _ENCODED_AT_ONCE

    def _make(self, span: Span, recording_file: Path, target: Path) -> None:
        self._make_room()
        cut_for_browser(recording_file, span.start, span.end, target)

    def _make_room(self) -> None:
        clips = sorted(
            ((path.stat(), path) for path in self._folder.glob("*.mp4")),
            key=lambda clip: clip[0].st_mtime,
        )
        total = sum(facts.st_size for facts, _ in clips)
        for facts, path in clips:
            if total <= self._most_bytes:
                return
            path.unlink(missing_ok=True)
            total -= facts.st_size


def _mark(span: Span) -> str:
    """Start and end in microseconds."""
    return f"{round(span.start * 1_000_000)}-{round(span.end * 1_000_000)}"
