"""Mend what `check` found. The caller holds the writer's lock, so that nobody else writes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from mmrag_video.archive import Archive
from mmrag_video.catalog.records import Recording
from mmrag_video.check import Difference, Kind
from mmrag_video.errors import MmragError, RecordingError
from mmrag_video.index.identity import IndexIdentity
from mmrag_video.ingest import OutcomeState, clear_unfinished, ingest_file
from mmrag_video.letting_go import let_go, remove_folder
from mmrag_video.recording_file import file_problem
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
    """Its frames go only where its file is there to make them anew."""
    recording, identity = _recording_of(difference), _index_of(difference)
    if identity != archive.identity:
        raise _CannotMendError(
            "made with other settings than these; check it with those, or `mmrag-video reindex`"
        )
    _check_file(recording)
    archive.catalog.give_up(recording.id, identity.fingerprint)
    clear_unfinished(archive, identity)
    return _ingest(archive, identity, recording)


def _take_anew(archive: Archive, difference: Difference) -> str:
    """The file holds something else now: that takes the recording's place."""
    recording = _recording_of(difference)
    if recording.kept:
        raise _CannotMendError("it is kept, and stays as it is")
    identity = archive.identity
    if identity != archive.catalog.active_index():
        raise _CannotMendError("the index was made with other settings than these")
    content_of(recording.path)  # raises if it cannot be read: then the old one stays
    let_go(archive, [recording.id])
    return _ingest(archive, identity, recording)


def _ingest(archive: Archive, identity: IndexIdentity, recording: Recording) -> str:
    outcome = ingest_file(archive, identity, FoundFile(recording.path, recording.path.parent))
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


def _finish_letting_go(archive: Archive, difference: Difference) -> str:
    if let_go(archive, [_recording_of(difference).id]).stayed:
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
    Kind.HALF_GONE: _finish_letting_go,
    Kind.LOST_JOB: _queue_again,
    Kind.OTHER_CONTENT: _take_anew,
    Kind.FILE_GONE: _leave,
    Kind.FILE_CHANGED: _leave,
}


def _check_file(recording: Recording) -> None:
    problem = file_problem(recording)
    if problem:
        raise _CannotMendError(problem)


def _time_of(picture: Path) -> Fraction:
    numerator, _, denominator = picture.stem.partition("-")
    return Fraction(int(numerator), int(denominator))


def _recording_of(difference: Difference) -> Recording:
    assert difference.recording is not None
    return difference.recording


def _index_of(difference: Difference) -> IndexIdentity:
    assert difference.index is not None
    return difference.index


def _run_of(difference: Difference) -> int:
    assert difference.run is not None
    return difference.run
