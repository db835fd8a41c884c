"""Carrying out what is wished about the index: it is made anew, or old ones are dropped."""

import logging
import time
from fractions import Fraction
from pathlib import Path

from mmrag_video.archive import Archive
from mmrag_video.catalog.reindexings import Reindexing, Reindexings, Wish
from mmrag_video.counting import counted
from mmrag_video.ingest import Outcome, OutcomeState
from mmrag_video.reindex import (
    RecordingsMissingError,
    drop_other_indexes,
    known_recordings,
    reindex_paths,
)
from workers.holding_back import HoldingBack, Stopped

_log = logging.getLogger(__name__)
_ASKED_EVERY = 1.0
"""Seconds between looks at whether the wish was called off."""


class CalledOff(Stopped):
    """Nobody wishes it any more: the run at hand is broken off as where the worker ends."""


class IndexWork:
    """One wish after the other, in a thread that has the right to write."""

    def __init__(self, archive: Archive, holding: HoldingBack) -> None:
        self._archive = archive
        self._holding = holding

    def carry_out(self, wish: Reindexing) -> None:
        """Do what is wished, from where it was broken off.

        Raises Stopped if the worker is to end or the wish was called off, and MmragErrors if the
        store, the model or the disk fail: it stays open then.
        """
        wishes = self._archive.catalog.reindexings
        try:
            if wish.wish is Wish.DROP_OTHERS:
                self._drop_others()
            else:
                self._make_anew(wish, wishes)
        except RecordingsMissingError as error:
            missing = len(error.lost)
            problem = (
                f"{counted(missing, 'recording')}, such as {error.lost[0].path}, could not be read "
                "again, so the old index stays in use."
            )
            _log.warning("%s", problem)
            wishes.end(wish.id, problem, missing)
        else:
            wishes.end(wish.id)

    def _drop_others(self) -> None:
        for old in drop_other_indexes(self._archive):
            _log.info("Dropped: %s.", old.describe())

    def _make_anew(self, wish: Reindexing, wishes: Reindexings) -> None:
        to_do = {recording.id for recording in known_recordings(self._archive)}
        total = len(to_do)
        wishes.begin(wish.id, total)
        _log.info("The index is made anew of %s.", counted(total, "recording"))
        turn = _Turn(self._archive, self._holding, wish)
        forget_missing = wish.wish is Wish.FORGET_MISSING
        for outcome in reindex_paths(self._archive, (), forget_missing, turn.follow):
            if outcome.recording is not None:
                to_do.discard(outcome.recording.id)
                wishes.note_done(wish.id, total - len(to_do))
            _tell(outcome)
            turn.begin_next(outcome.path)
        _log.info("In use now: %s.", self._archive.identity.describe())


class _Turn:
    """Asked after every few frames and between recordings, whether the work may go on."""

    def __init__(self, archive: Archive, holding: HoldingBack, wish: Reindexing) -> None:
        self._wishes = archive.catalog.reindexings
        self._holding = holding
        self._wish = wish
        self._pace = holding.pace()
        self._asked_at = float("-inf")

    def follow(self, path: Path, done: Fraction, total: Fraction) -> None:
        """Return when it may; raises Stopped."""
        if time.monotonic() - self._asked_at >= _ASKED_EVERY:
            if not self._wishes.is_wanted(self._wish.id):
                raise CalledOff
            self._asked_at = time.monotonic()
        self._pace.wait(path, done, total)

    def begin_next(self, path: Path) -> None:
        """Of another recording: the speed limit is each one's own."""
        self._pace = self._holding.pace()
        self.follow(path, Fraction(0), Fraction(0))


def _tell(outcome: Outcome) -> None:
    if outcome.state is OutcomeState.FAILED:
        _log.warning("%s", outcome.message)
    elif outcome.state is OutcomeState.FORGOTTEN:
        _log.info("%s is given up: %s", outcome.path, outcome.message)
