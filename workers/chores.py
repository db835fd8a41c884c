"""What the worker sees to between recordings: what was not rung for, what is gone or too old."""

import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mmrag_video.archive import Archive
from mmrag_video.counting import counted
from mmrag_video.letting_go import let_go
from mmrag_video.retention import apply, due
from mmrag_video.settings import SourceSettings
from mmrag_video.source_rules import source_of
from workers.ringing import Ringing

_log = logging.getLogger(__name__)
_EVERY = 600.0
"""Seconds between looks at what is too old: ages are counted in days."""


class Chores:
    """Done in a thread of their own with the right to write, while no recording is at hand."""

    def __init__(self, archive: Archive, ringing: Ringing) -> None:
        self._archive = archive
        self._ringing = ringing
        self._done_at = float("-inf")
        self._is_asked_for = False

    def ask_for(self) -> None:
        """Files have gone: do not wait for the next turn."""
        self._is_asked_for = True

    @property
    def are_due(self) -> bool:
        """Whether it is their turn."""
        return self._is_asked_for or time.monotonic() - self._done_at >= _EVERY

    def carry_out(self, sources: Mapping[str, SourceSettings]) -> None:
        """Ring for what was missed, and let go of what is gone and of what is too old.

        Raises StoreError and CatalogError.
        """
        self._is_asked_for = False
        self._done_at = time.monotonic()
        self._ringing.make_up()
        gone = let_go(self._archive, self._without_file(sources)).gone
        if gone:
            _log.info("%s let go of: the files are gone.", counted(len(gone), "recording"))
        old = apply(self._archive, due(self._archive, datetime.now(UTC))).gone
        if old:
            self._archive.catalog.worker.note_let_go(len(old))
            _log.info("%s let go of, as the retention says.", counted(len(old), "recording"))
        self._archive.catalog.jobs.forget_gone()
        days = self._archive.settings.retention.hits_days
        self._archive.catalog.hits.forget_before(datetime.now(UTC) - timedelta(days=days))

    def _without_file(self, sources: Mapping[str, SourceSettings]) -> list[str]:
        """Recordings of sources that forget, whose file a look at its folder has missed."""
        forgetting = {name: one for name, one in sources.items() if one.gone == "forget"}
        if not forgetting:
            return []
        missed = self._archive.catalog.jobs.gone_paths(forgetting)
        return [
            recording.id
            for recording in self._archive.catalog.recordings()
            if recording.path in missed and self._is_theirs(recording.path, sources)
        ]

    @staticmethod
    def _is_theirs(path: Path, sources: Mapping[str, SourceSettings]) -> bool:
        source = source_of(path, sources)
        return source is not None and source.gone == "forget"
