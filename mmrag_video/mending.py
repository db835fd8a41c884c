"""Mend what `check` found. The caller holds the writer's lock, so that nobody else writes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from mmrag_video.archive import Archive
from mmrag_video.catalog.records import Recording
from mmrag_video.check import Difference, Kind, look
from mmrag_video.errors import MmragError, RecordingError
from mmrag_video.index.identity import IndexIdentity
from mmrag_video.ingest import OutcomeState, clear_unfinished, ingest_file
from mmrag_video.letting_go import comes_again, let_go, remove_folder
from mmrag_video.recording_file import read_file_problem
from mmrag_video.thumbnails import write_thumbnail
from mmrag_video.video.content import content_of
from mmrag_video.video.discover import FoundFile
from mmrag_video.video.exact import open_exact


@dataclass(frozen=True)
class Mended:
    """What became of a difference."""

    difference: Difference
    is_mended: bool
    done: str
    """What was done, or why nothing could be, in a few words."""


class _CannotMendError(MmragError):
    """Why a difference stays."""


def mend_all(archive: Archive, *, deep: bool = False) -> Iterator[Mended]:
    """Mend whatever `look` finds, and say of each what became of it.

    A recording that is written anew has other frames and pictures than those that were compared:
    what else was found of it waits for another look. Raises as `mend` does.
    """
    seen: list[Difference] = []
    is_to_look = True
    while is_to_look:
        is_to_look = False
        rewritten: set[str] = set()
        for difference in look(archive, deep=deep):
            recording = difference.recording.id if difference.recording else None
            if recording in rewritten:
                is_to_look = True
            elif difference not in seen:
                seen.append(difference)
                if recording and difference.kind in _REWRITING:
                    rewritten.add(recording)
                yield mend(archive, difference)


def mend(archive: Archive, difference: Difference) -> Mended:
    """Mend one difference, or say why it stays.

    Raises StoreError or CatalogError if one of the two cannot be reached or written.
    """
    try:
        return Mended(difference, True, _MENDS[difference.kind](archive, difference))
    except (_CannotMendError, RecordingError) as error:
        return Mended(difference, False, str(error).rstrip("."))


def _clear_run(archive: Archive, difference: Difference) -> str:
    identity, run = _index_of(difference), _run_of(difference)
    archive.store(identity).delete_run(run)
    archive.store(identity).flush()
    return "deleted"


def _supersede(archive: Archive, difference: Difference) -> str:
    archive.catalog.holdings.supersede(_run_of(difference))
    clear_unfinished(archive, _index_of(difference))
    return "the earlier run's frames are deleted"


def _ingest_again(archive: Archive, difference: Difference) -> str:
    """Its frames go when they have been made anew, and not before."""
    recording, identity = _recording_of(difference), _index_of(difference)
    if identity != archive.identity:
        raise _CannotMendError(
            "made with other settings than these; check it with those, or `mmrag-video reindex`"
        )
    _check_file(recording)
    return _ingest(archive, identity, recording)


def _take_anew(archive: Archive, difference: Difference) -> str:
    """The file holds something else now: that takes the recording's place."""
    recording = _recording_of(difference)
    if recording.kept:
        raise _CannotMendError("it is kept, and stays as it is")
    identity = _active_index(archive)
    content_of(recording.path)  # raises if it cannot be read: then the old one stays
    let_go(archive, [recording.id])
    return _ingest(archive, identity, recording)


def _ingest(archive: Archive, identity: IndexIdentity, recording: Recording) -> str:
    file = FoundFile(recording.path, recording.path.parent)
    outcome = ingest_file(archive, identity, file, anew=True)
    if outcome.state is OutcomeState.FAILED:
        raise _CannotMendError(outcome.message)
    return f"ingested again ({outcome.frames} frames)"


def _delete_files(_: Archive, difference: Difference) -> str:
    for path in difference.paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise _CannotMendError(f"{path} cannot be deleted: {error.strerror}") from error
    return "deleted"


def _delete_folders(_: Archive, difference: Difference) -> str:
    for path in difference.paths:
        if path.is_dir():
            remove_folder(path)
        else:
            path.unlink(missing_ok=True)
    return "deleted"


def _make_pictures(archive: Archive, difference: Difference) -> str:
    recording = _recording_of(difference)
    _check_file(recording)
    reader = open_exact(recording.path)
    try:
        for path in difference.paths:
            write_thumbnail(reader.frame_at(_time_of(path)).image, path)
    finally:
        reader.close()
    return "made again"


def _settle(archive: Archive, difference: Difference) -> str:
    """Let it go wholly, or ingest it again where nobody wanted it gone."""
    recording = _recording_of(difference)
    half_gone = {one.recording.id: one for one in archive.catalog.holdings.half_gone()}
    if recording.id in half_gone and comes_again(half_gone[recording.id]):
        return _ingest(archive, _active_index(archive), recording)
    if let_go(archive, [recording.id]).stayed:
        raise _CannotMendError("it is kept")
    return "let go of"


def _queue_again(archive: Archive, difference: Difference) -> str:
    for path in difference.paths:
        archive.catalog.jobs.do_again(path)
    return "the worker ingests it again"


def _leave(_: Archive, difference: Difference) -> str:
    return "left as it is"


_MENDS: Mapping[Kind, Callable[[Archive, Difference], str]] = {
    Kind.STRAY_FRAMES: _clear_run,
    Kind.WRONG_COUNT: _ingest_again,
    Kind.TWO_FRAMES: _ingest_again,
    Kind.TWO_RUNS: _supersede,
    Kind.STRAY_PICTURES: _delete_files,
    Kind.MISSING_PICTURES: _make_pictures,
    Kind.STRAY_FOLDER: _delete_folders,
    Kind.LEFTOVER: _delete_files,
    Kind.HALF_GONE: _settle,
    Kind.LOST_JOB: _queue_again,
    Kind.OTHER_CONTENT: _take_anew,
    Kind.FILE_GONE: _leave,
    Kind.FILE_CHANGED: _leave,
}


_REWRITING = frozenset({Kind.WRONG_COUNT, Kind.TWO_FRAMES, Kind.OTHER_CONTENT, Kind.HALF_GONE})
"""After these the recording is another, or gone."""


def _check_file(recording: Recording) -> None:
    problem = read_file_problem(recording)
    if problem:
        raise _CannotMendError(problem)


def _time_of(picture: Path) -> Fraction:
    numerator, _, denominator = picture.stem.partition("-")
    return Fraction(int(numerator), int(denominator))


def _active_index(archive: Archive) -> IndexIdentity:
    """The one that searches use, if these settings write into it."""
    identity = archive.identity
    if identity != archive.catalog.active_index():
        raise _CannotMendError("the index was made with other settings than these")
    return identity


def _recording_of(difference: Difference) -> Recording:
    assert difference.recording is not None
    return difference.recording


def _index_of(difference: Difference) -> IndexIdentity:
    assert difference.index is not None
    return difference.index


def _run_of(difference: Difference) -> int:
    assert difference.run is not None
    return difference.run
