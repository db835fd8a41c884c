"""Whether store, catalog, pictures and files agree, and what differs.

It only reads, and may run beside a worker (index_view.py says how). mending.py mends.
"""

import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mmrag_video.archive import Archive
from mmrag_video.catalog.holdings import HeldRun
from mmrag_video.catalog.records import Recording
from mmrag_video.counting import counted
from mmrag_video.errors import RecordingError
from mmrag_video.index.identity import IndexIdentity
from mmrag_video.index_view import IndexView, recordings_in, view_of
from mmrag_video.recording_file import FileState, file_problem, file_state
from mmrag_video.video.clips import LONGEST_CUT, UNFINISHED
from mmrag_video.video.content import content_of


class Kind(StrEnum):
    """What may differ."""

    STRAY_FRAMES = "stray frames"
    WRONG_COUNT = "wrong count"
    TWO_FRAMES = "two frames"
    TWO_RUNS = "two runs"
    STRAY_PICTURES = "stray pictures"
    MISSING_PICTURES = "missing pictures"
    STRAY_FOLDER = "stray folder"
    LEFTOVER = "leftover"
    HALF_GONE = "half gone"
    LOST_JOB = "lost job"
    OTHER_CONTENT = "other content"
    FILE_GONE = "file gone"
    FILE_CHANGED = "file changed"


REMARKS = frozenset({Kind.FILE_GONE, Kind.FILE_CHANGED})
"""Said, but no disagreement: what is found stays found, and answers are marked."""


@dataclass(frozen=True)
class Difference:
    """One thing that differs, with what is needed to mend it."""

    kind: Kind
    sentence: str
    recording: Recording | None = None
    index: IndexIdentity | None = None
    run: int | None = None
    paths: tuple[Path, ...] = ()

    @property
    def is_remark(self) -> bool:
        """Whether everything agrees in spite of it."""
        return self.kind in REMARKS


def look(archive: Archive, *, deep: bool = False) -> list[Difference]:
    """All that differs. With `deep`, files are read through and compared by their content.

    Raises StoreError or CatalogError if one of the two cannot be reached.
    """
    doubted = [*half_gone(archive), *lost_jobs(archive)]
    found: list[Difference] = []
    for identity in archive.catalog.indexes():
        view = view_of(archive, identity)
        for compare in (
            stray_frames,
            wrong_counts,
            two_frames,
            two_runs,
            stray_pictures,
            missing_pictures,
        ):
            found += compare(archive, view)
    found += stray_index_folders(archive)
    found += leftovers(archive)
    # Again: what a worker was only just letting go of is gone by now, or was not among them then.
    found += [one for one in [*half_gone(archive), *lost_jobs(archive)] if one in doubted]
    found += files(archive, deep)
    return found


def stray_frames(_: Archive, view: IndexView) -> Iterator[Difference]:
    """Frames of runs that the catalog does not know, or that are not complete."""
    for (recording, number), names in view.frames.items():
        held = view.runs.get(number)
        if number in view.unsettled_runs or (held is not None and held.is_findable):
            continue
        known = view.recordings.get(recording)
        what = "is unknown" if held is None else f"is {_how_it_ended(held)}"
        yield Difference(
            Kind.STRAY_FRAMES,
            f"{_name(known, recording)}: {counted(names.total(), 'frame')} of run {number}, which "
            f"{what}",
            known,
            view.identity,
            number,
        )


def wrong_counts(_: Archive, view: IndexView) -> Iterator[Difference]:
    """Complete runs of which the store has other frames than the catalog says."""
    for recording, held in view.findable():
        there = len(view.frames.get((recording.id, held.run.id), ()))
        if there != held.run.frames:
            yield Difference(
                Kind.WRONG_COUNT,
                f"{recording.path}: the catalog says {counted(held.run.frames, 'frame')}, the "
                f"store has {there}",
                recording,
                view.identity,
                held.run.id,
            )


def two_frames(_: Archive, view: IndexView) -> Iterator[Difference]:
    """Frames that a complete run's rows hold twice."""
    for recording, held in view.findable():
        names = view.frames.get((recording.id, held.run.id), Counter())
        twice = sum(1 for count in names.values() if count > 1)
        if twice:
            yield Difference(
                Kind.TWO_FRAMES,
                f"{recording.path}: {counted(twice, 'frame')} there more than once",
                recording,
                view.identity,
                held.run.id,
            )


def two_runs(_: Archive, view: IndexView) -> Iterator[Difference]:
    """Recordings that two complete runs let be found; all but the last are too many.

    A live recording has one for each time that it had grown.
    """
    runs: dict[str, list[HeldRun]] = defaultdict(list)
    for recording, held in view.findable():
        if not recording.live:
            runs[recording.id].append(held)
    for recording_id, several in runs.items():
        recording = view.recordings[recording_id]
        for held in sorted(several, key=lambda one: one.run.id)[:-1]:
            yield Difference(
                Kind.TWO_RUNS,
                f"{recording.path}: found by run {held.run.id} and by a later one",
                recording,
                view.identity,
                held.run.id,
            )


def stray_pictures(_: Archive, view: IndexView) -> Iterator[Difference]:
    """Pictures, or whole folders of them, that belong to no frame that is found."""
    wanted = view.wanted_pictures()
    left_out = {*view.unsettled, *view.of_wrong_frames()}
    for recording_id, names in view.pictures.items():
        if recording_id in left_out:
            continue
        folder = view.folders[recording_id]
        if recording_id not in wanted:
            yield Difference(
                Kind.STRAY_FOLDER,
                f"{folder}: pictures of a recording that is not found",
                view.recordings.get(recording_id),
                view.identity,
                paths=(folder,),
            )
            continue
        stray = sorted(names - wanted[recording_id])
        if stray:
            yield Difference(
                Kind.STRAY_PICTURES,
                f"{folder}: {counted(len(stray), 'picture')} without a frame",
                view.recordings[recording_id],
                view.identity,
                paths=tuple(folder / name for name in stray),
            )


def missing_pictures(archive: Archive, view: IndexView) -> Iterator[Difference]:
    """Frames that have no picture."""
    left_out = view.of_wrong_frames()
    for recording_id, names in view.wanted_pictures().items():
        if recording_id in left_out:
            continue
        missing = sorted(names - view.pictures.get(recording_id, set()))
        if missing:
            recording = view.recordings[recording_id]
            folder = archive.directory.pictures(view.identity.collection, recording_id)
            yield Difference(
                Kind.MISSING_PICTURES,
                f"{recording.path}: {counted(len(missing), 'frame')} without a picture",
                recording,
                view.identity,
                paths=tuple(folder / name for name in missing),
            )


def stray_index_folders(archive: Archive) -> Iterator[Difference]:
    """Picture folders of indexes that the catalog does not know."""
    with suppress(FileNotFoundError), os.scandir(archive.directory.all_thumbnails) as entries:
        folders = {entry.name: Path(entry.path) for entry in entries}
        known = {identity.collection for identity in archive.catalog.indexes()}
        for name in sorted(folders.keys() - known):
            yield Difference(
                Kind.STRAY_FOLDER,
                f"{folders[name]}: pictures of an index that is unknown",
                paths=(folders[name],),
            )


def leftovers(archive: Archive) -> Iterator[Difference]:
    """Clips whose making was broken off."""
    for path in sorted(archive.directory.clips.glob(f".*{UNFINISHED}")):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < time.time() - 2 * LONGEST_CUT:
                yield Difference(
                    Kind.LEFTOVER, f"{path}: a clip that was never finished", paths=(path,)
                )


def half_gone(archive: Archive) -> Iterator[Difference]:
    """Recordings that no search of any index finds: given up, overwritten, or let go of in part."""
    for one in archive.catalog.holdings.half_gone():
        yield Difference(
            Kind.HALF_GONE,
            f"{one.recording.path}: known, but found in no index",
            one.recording,
        )


def lost_jobs(archive: Archive) -> Iterator[Difference]:
    """Files that the worker has done, but whose recordings are unknown and were not let go of.

    A copy of a known recording is no recording of its own: it is known by its size.
    """
    done = archive.catalog.jobs.done_and_not_let_go()
    recordings = recordings_in(archive).values()
    paths = {recording.path for recording in recordings}
    sizes = {recording.size for recording in recordings}
    for file in done:
        if file.path not in paths and file.size not in sizes:
            yield Difference(
                Kind.LOST_JOB,
                f"{file.path}: done, but its recording is unknown",
                paths=(file.path,),
            )


def files(archive: Archive, deep: bool) -> Iterator[Difference]:
    """Files that are gone, of another size, or, where all are read, of other content."""
    remarks = {FileState.GONE: Kind.FILE_GONE, FileState.CHANGED: Kind.FILE_CHANGED}
    for recording in archive.catalog.recordings():
        state = file_state(recording)
        if state in remarks:
            yield Difference(remarks[state], file_problem(recording).rstrip("."), recording)
        elif deep and not recording.live and not _holds(recording):
            yield Difference(
                Kind.OTHER_CONTENT, f"{recording.path}: not what was ingested", recording
            )


def _holds(recording: Recording) -> bool:
    """Whether the file has the recording's content; one that cannot be read has not."""
    try:
        return content_of(recording.path).sha256 == recording.id
    except RecordingError:
        return False


def _how_it_ended(held: HeldRun) -> str:
    return "superseded" if held.superseded else held.run.state.value


def _name(recording: Recording | None, identity: str) -> str:
    return str(recording.path) if recording else f"unknown recording {identity[:10]}"
