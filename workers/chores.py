"""What the worker sees to beside the recordings: what was set for cameras, rings, what is to go."""

import logging
import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mmrag_video.archive import Archive
from mmrag_video.catalog.records import Recording
from mmrag_video.counting import counted
from mmrag_video.letting_go import comes_again, let_go
from mmrag_video.retention import LEAP, Reason, apply, decide
from mmrag_video.settings import SourceSettings
from mmrag_video.source_rules import source_of
from workers.camera_changes import CameraChanges
from workers.ringing import Ringing

_log = logging.getLogger(__name__)
_EVERY = 600.0
"""Seconds between looks at what is too old: ages are counted in days."""
_SETTLES = 3
"""Times as long as a source's files take to settle, before what is missed there counts as gone."""
_DAY = 86_400.0
_DONE_IS_TOLD = timedelta(days=9)
"""For so long: the daily line makes up for a week."""


class Chores:
    """Done in a thread of their own with the right to write, beside the work on recordings."""

    def __init__(self, archive: Archive, ringing: Ringing) -> None:
        self._archive = archive
        self._ringing = ringing
        self._camera_changes = CameraChanges(archive)
        self._next = self._doubted_at = float("-inf")
        self._is_asked_for = False

    def ask_for(self) -> None:
        """Files have gone: do not wait for the next turn."""
        self._is_asked_for = True

    @property
    def are_due(self) -> bool:
        """Whether it is their turn. Raises CatalogError."""
        is_their_turn = self._is_asked_for or time.monotonic() >= self._next
        return is_their_turn or self._camera_changes.are_due

    def carry_out(self, sources: Mapping[str, SourceSettings]) -> None:
        """Let recordings follow their cameras, ring for what was missed, let go of what is to go.

        Raises StoreError and CatalogError.
        """
        self._is_asked_for = False
        self._next = time.monotonic() + _EVERY
        self._camera_changes.carry_out()
        self._ringing.make_up()
        self._settle_half_gone()
        missed = self._missed(sources)
        self._look_for_copies(missed)
        gone = let_go(self._archive, self._to_forget(missed, sources)).gone
        if gone:
            _log.info("%s let go of: the files are gone.", counted(len(gone), "recording"))
        self._let_go_of_old()
        self._archive.catalog.forget_failures_of_gone()
        self._archive.catalog.jobs.forget_gone()
        self._archive.catalog.jobs.forget_done_before(datetime.now(UTC) - _DONE_IS_TOLD)
        days = self._archive.settings.retention.hits_days
        self._archive.catalog.hits.forget_before(datetime.now(UTC) - timedelta(days=days))

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

    def _missed(self, sources: Mapping[str, SourceSettings]) -> list[Recording]:
        """Recordings of these sources whose file a look at its folder has missed.

        Not at once: a file that was given another name is known by it when that has settled.
        """
        now, missed = datetime.now(UTC), []
        for recording, since in self._archive.catalog.holdings.with_file_gone():
            source = source_of(recording.path, sources)
            if source is None or os.path.lexists(recording.path):
                continue
            wait = _SETTLES * source.settle - (now - since).total_seconds()
            if 0 < wait <= _SETTLES * source.settle:
                self._next = min(self._next, time.monotonic() + wait)
            else:
                missed.append(recording)
        return missed

    def _look_for_copies(self, missed: list[Recording]) -> None:
        """Take those off the list of which there may be a copy: it is looked at again, and known.

        Somebody may have copied a file first and deleted it then.
        """
        jobs = self._archive.catalog.jobs
        for recording in list(missed):
            copies = [path for path in jobs.copies(recording.size) if _is_there(path)]
            for copy in copies:
                jobs.do_again(copy)
            if copies:
                missed.remove(recording)

    @staticmethod
    def _to_forget(missed: list[Recording], sources: Mapping[str, SourceSettings]) -> list[str]:
        return [
            recording.id
            for recording in missed
            if (source := source_of(recording.path, sources)) and source.gone == "forget"
        ]


def _is_there(path: Path) -> bool:
    """Also where one may not look, where Path.exists raises."""
    return os.path.exists(path)  # noqa: PTH110
