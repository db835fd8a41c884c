"""What the worker sees to between recordings: what is gone, what is too old, the day's line."""

import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from mmrag_video.archive import Archive
from mmrag_video.counting import counted
from mmrag_video.letting_go import comes_again, let_go
from mmrag_video.retention import LEAP, Reason, apply, decide
from mmrag_video.settings import SourceSettings
from mmrag_video.source_rules import source_of

_log = logging.getLogger(__name__)
_EVERY = 600.0
"""Seconds between looks at what is too old: ages are counted in days."""
_DAY = 86_400.0


class Chores:
    """Done in a thread of their own with the right to write, while no recording is at hand."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._done_at = self._doubted_at = float("-inf")
        self._is_asked_for = False

    def ask_for(self) -> None:
        """Files have gone: do not wait for the next turn."""
        self._is_asked_for = True

    @property
    def are_due(self) -> bool:
        """Whether it is their turn."""
        return self._is_asked_for or time.monotonic() - self._done_at >= _EVERY

    def carry_out(self, sources: Mapping[str, SourceSettings]) -> None:
        """Let go of what is gone and of what is too old, and forget what only failed of it.

        Raises StoreError and CatalogError.
        """
        self._is_asked_for = False
        self._done_at = time.monotonic()
        self._settle_half_gone()
        gone = let_go(self._archive, self._without_file(sources)).gone
        if gone:
            _log.info("%s let go of: the files are gone.", counted(len(gone), "recording"))
        self._let_go_of_old()
        self._archive.catalog.forget_failures_of_gone()
        self._archive.catalog.jobs.forget_gone()

    def _let_go_of_old(self) -> None:
        decided = decide(self._archive, datetime.now(UTC))
        old = apply(self._archive, decided).gone
        if old:
            self._archive.catalog.worker.note_let_go(len(old))
            _log.info("%s let go of, as the retention says.", counted(len(old), "recording"))
        self._tell_of_doubt(sum(reason is Reason.DOUBTFUL_AGE for _, reason in decided))

    def _tell_of_doubt(self, doubtful: int) -> None:
        """Say how many stay because nobody knows that the clock is right: once a day."""
        if doubtful and time.monotonic() - self._doubted_at >= _DAY:
            self._doubted_at = time.monotonic()
            _log.warning(
                "%s would go by age, but nothing was recorded for more than %d days after. If this "
                "machine's clock is right, `mmrag-video forget --due --trust-clock` lets go of "
                "them.",
                counted(doubtful, "recording"),
                LEAP.days,
            )

    def _settle_half_gone(self) -> None:
        """What no search finds any more: overwritten files, and what was broken off half-way."""
        half_gone = self._archive.catalog.holdings.half_gone()
        again = {one.recording.id: one.recording for one in half_gone if comes_again(one)}
        for recording in again.values():
            self._archive.catalog.jobs.do_again(recording.path)
        stale = [one.recording.id for one in half_gone if one.recording.id not in again]
        gone = let_go(self._archive, stale).gone
        if gone:
            _log.info(
                "%s let go of: no search finds them any more.", counted(len(gone), "recording")
            )

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
