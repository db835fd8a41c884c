"""Putting the saved searches to what is new, whatever fails: no ingest stops for them."""

import logging

from mmrag_video.archive import Archive
from mmrag_video.catalog.records import Recording
from mmrag_video.errors import MmragError
from mmrag_video.saved_search import ring, ring_missed

_log = logging.getLogger(__name__)


class Ringing:
    """Rings for each recording when it can be found; if that failed, later. Nothing is raised."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._has_missed = True
        """A worker before this one may have died before it rang."""

    def ring(self, recording: Recording) -> None:
        """Put every saved search to a new recording."""
        try:
            ring(self._archive, recording)
        except MmragError as error:
            self._has_missed = True
            _log.warning("No saved search was put to %s yet: %s", recording.path, error)

    def make_up(self) -> None:
        """Ring for what was missed, if anything was."""
        if not self._has_missed:
            return
        self._has_missed = False  # first: what fails meanwhile is made up for at the next call
        try:
            ring_missed(self._archive)
        except MmragError as error:
            self._has_missed = True
            _log.warning("The saved searches are put to what they missed later: %s", error)
