"""Letting known recordings follow what was set for their cameras: the clock, and another name."""

import logging
import time
from datetime import timedelta

from mmrag_video.archive import Archive
from mmrag_video.counting import counted
from mmrag_video.known_clocks import correct_clocks
from mmrag_video.renaming import carry_out_renames

_log = logging.getLogger(__name__)
_EVERY = 2.0
"""Seconds between looks at what was set: somebody waits for it at the page."""

_ClockSettings = tuple[str | None, timedelta]
"""Zone and offset."""


class CameraChanges:
    """Looks at what was set, and carries it out. Raises CatalogError and StoreError.

    What was carried out is known to this process alone: the next one looks at every camera for
    which something was ever set, and finds that all is as it should be.
    """

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._next = float("-inf")
        self._are_due = False
        self._clocks: dict[str, _ClockSettings] = {}
        """As known recordings have them."""
        self._knows_names = False
        """Whether all former names were looked for: whoever wrote before may have died."""

    @property
    def are_due(self) -> bool:
        """Whether something was set that known recordings do not have yet."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _EVERY
            pending = self._archive.catalog.renamed.former(pending=True)
            self._are_due = bool(pending) or self._wanted() != self._clocks
        return self._are_due

    def carry_out(self) -> None:
        """Carry out what is due. The caller holds the writer's lock."""
        self._are_due = False
        carry_out_renames(self._archive, every=not self._knows_names)
        self._knows_names = True
        wanted, settings = self._wanted(), self._archive.settings_in_force
        for camera, clock in wanted.items():
            if self._clocks.get(camera) == clock:
                continue
            recordings = self._archive.catalog.holdings.of_camera(camera)
            corrected = correct_clocks(self._archive, recordings, settings)
            if corrected:
                many = counted(len(corrected), "recording")
                _log.info("The clock of %s of %s was corrected.", many, camera)
        self._clocks = wanted

    def _wanted(self) -> dict[str, _ClockSettings]:
        """Of the cameras for which something was ever set."""
        cameras = self._archive.settings_in_force.cameras
        return {
            camera: (cameras[camera].zone, cameras[camera].clock_offset)
            for camera in self._archive.catalog.camera_settings.all()
            if camera in cameras
        }
