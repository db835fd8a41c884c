"""What store, catalog and picture folders show of one index. check.py compares it.

It only reads, and may run beside a worker: the catalog is read before and after everything else,
and recordings whose runs were at work or have changed between are left out.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from mmrag_video.archive import Archive
from mmrag_video.catalog.holdings import HeldRun
from mmrag_video.catalog.records import Recording, RunState
from mmrag_video.index.identity import IndexIdentity


@dataclass(frozen=True)
class IndexView:
    """One index, as store, catalog and picture folders show it."""

    identity: IndexIdentity
    runs: Mapping[int, HeldRun]
    """Of this index, that did not change while it was looked at."""
    recordings: Mapping[str, Recording]
    unsettled: Collection[str]
    """Recordings that are left out: somebody was at them."""
    unsettled_runs: Collection[int]
    frames: Mapping[tuple[str, int], Counter[str]]
    """By recording and run: how many rows there are for each name of a picture."""
    pictures: Mapping[str, set[str]] = field(default_factory=dict)
    """By recording, the names of the pictures in its folder."""
    folders: Mapping[str, Path] = field(default_factory=dict)
    """By recording."""

    def findable(self) -> Iterator[tuple[Recording, HeldRun]]:
        """The recordings of this index that searches find, with the run that wrote each."""
        for run in self.runs.values():
            recording = self.recordings.get(run.run.recording or "")
            if run.is_findable and recording is not None and recording.id not in self.unsettled:
                yield recording, run

    def wanted_pictures(self) -> dict[str, set[str]]:
        """By recording, the names of the pictures of all frames that are found."""
        wanted: dict[str, set[str]] = defaultdict(set)
        for recording, held in self.findable():
            wanted[recording.id].update(self.frames.get((recording.id, held.run.id), ()))
        return wanted

    def of_wrong_frames(self) -> set[str]:
        """Recordings whose frames are not as they ought to be.

        Their pictures are those of the frames to come.
        """
        return {
            recording.id
            for recording, held in self.findable()
            if len(self.frames.get((recording.id, held.run.id), ())) != held.run.frames
        }


def view_of(archive: Archive, identity: IndexIdentity) -> IndexView:
    """Look at one index; the catalog is asked before and after."""
    before = _runs_of(archive, identity)
    frames: dict[tuple[str, int], Counter[str]] = defaultdict(Counter)
    for recording, run, moment in archive.store(identity).places():
        frames[recording, run][f"{moment.numerator}-{moment.denominator}.jpg"] += 1
    pictures, folders = _pictures_in(archive.directory.thumbnails(identity.collection))
    after = _runs_of(archive, identity)
    moved = {
        number
        for number in before.keys() | after.keys()
        if before.get(number) != after.get(number) or after[number].run.state is RunState.RUNNING
    }
    return IndexView(
        identity=identity,
        runs=after,
        recordings=recordings_in(archive),
        unsettled={
            runs[number].run.recording or ""
            for number in moved
            for runs in (before, after)
            if number in runs
        },
        unsettled_runs=moved,
        frames=frames,
        pictures=pictures,
        folders=folders,
    )


def recordings_in(archive: Archive) -> dict[str, Recording]:
    """Every recording that the catalog holds, findable or not, by its id."""
    held = archive.catalog.holdings.recordings()
    return {one.recording.id: one.recording for one in held}


def _runs_of(archive: Archive, identity: IndexIdentity) -> dict[int, HeldRun]:
    runs = archive.catalog.holdings.runs()
    return {one.run.id: one for one in runs if one.run.index == identity.fingerprint}


def _pictures_in(folder: Path) -> tuple[dict[str, set[str]], dict[str, Path]]:
    """By recording, the names in its folder, and the folder: they lie two levels down."""
    pictures: dict[str, set[str]] = {}
    folders: dict[str, Path] = {}
    for group in _entries(folder):
        for own in _entries(group):
            pictures[own.name] = {path.name for path in _entries(own)}
            folders[own.name] = own
    return pictures, folders


def _entries(folder: Path) -> list[Path]:
    """What lies in a folder; nothing where it is gone, or none."""
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        return [Path(entry.path) for entry in entries]
    return []
