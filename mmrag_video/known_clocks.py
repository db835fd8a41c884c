"""Known recordings' places in real time, worked out again as the settings are now.

Nothing is read and nothing decoded: what a file says of time is in the catalog. The store comes
first and the catalog last, so that what is broken off is seen to by the next call.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from mmrag_video.archive import Archive
from mmrag_video.catalog.records import Recording
from mmrag_video.settings import Settings
from mmrag_video.video.clock import FileTimes, clock_of

_LOT = 100
"""Recordings between two flushes, each of which a Milvus server takes a second for."""


def correct_clocks(
    archive: Archive, recordings: Sequence[Recording], settings: Settings
) -> list[Recording]:
    """Those of these recordings whose clock was another, with the one that they have now.

    `settings`: those in force. A live recording keeps the clock that it began with until its file
    is finished. The caller holds the writer's lock. Raises StoreError and CatalogError.
    """
    corrected: list[Recording] = []
    others = _with_other_clock(recordings, settings)
    while lot := list(islice(others, _LOT)):
        for identity in archive.catalog.indexes():
            store = archive.store(identity)
            for recording in lot:
                store.set_clock(recording.id, recording.clock)
            store.flush()
        for recording in lot:
            archive.catalog.set_clock(recording.id, recording.clock)
        corrected += lot
    return corrected


def _with_other_clock(recordings: Sequence[Recording], settings: Settings) -> Iterator[Recording]:
    for recording in recordings:
        if recording.live:
            continue
        times = FileTimes(recording.created, recording.modified, recording.duration)
        clock = clock_of(recording.path, recording.camera, times, settings)
        if clock != recording.clock:
            yield replace(recording, clock=clock)
