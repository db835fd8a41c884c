"""Pictures out of the user's own files or recordings, to try a model on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from mmrag_video.archive import Archive, load_picture
from mmrag_video.counting import counted
from mmrag_video.errors import RecordingError, UsageError
from mmrag_video.video.discover import FoundFile, find_files
from mmrag_video.video.frames import Image
from mmrag_video.video.pyav_reader import PyavReader

MOST = 32
"""Pictures: enough to meet an unusual one, and a minute of one core for a large model."""
_PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp"})


@dataclass(frozen=True)
class SamplePictures:
    """Pictures, and where they are from."""

    images: Sequence[Image]
    described: str


def sample_of_paths(paths: Sequence[Path], width: int) -> SamplePictures:
    """At most MOST pictures of files and folders with pictures and videos, spread evenly.

    Videos' frames are scaled down to `width` pixels, as an ingest does. Raises UsageError where
    there is nothing, RecordingError where a file that was named cannot be read.
    """
    files = _spread([file for path in paths for file in _files(path)], MOST)
    if not files:
        raise UsageError(f"There is no picture and no video in {', '.join(map(str, paths))}.")
    images = list(_images(files, width))
    return SamplePictures(images, _described(images, ", ".join(map(str, paths))))


def sample_of_recordings(archive: Archive) -> SamplePictures:
    """The same of the recordings that can be searched, passing over what cannot be read; empty
    where there are none. To look makes no catalog.
    """
    if not archive.directory.catalog.is_file():
        return SamplePictures((), "")
    paths = [recording.path for recording in archive.catalog.recordings()]
    files = _spread([path for path in paths if path.is_file()], MOST)
    images: list[Image] = []
    for file in files:
        try:
            images += _images_of(file, MOST // len(files), archive.settings.sampler.frame_width)
        except RecordingError:
            continue
    return SamplePictures(images, _described(images, "your recordings"))


def _described(images: Sequence[Image], source: str) -> str:
    return f"{counted(len(images), 'picture')} of {source}"


def _files(path: Path) -> Iterator[Path]:
    pictures = path.rglob("*") if path.is_dir() else ()
    yield from (one for one in sorted(pictures) if one.suffix.lower() in _PICTURE_SUFFIXES)
    for found in find_files([path]):
        if not isinstance(found, FoundFile):
            raise RecordingError(found.why)
        yield found.path


def _images(files: Sequence[Path], width: int) -> Iterator[Image]:
    for file in files:
        if file.suffix.lower() in _PICTURE_SUFFIXES:
            yield load_picture(file)
        else:
            yield from _images_of(file, MOST // len(files), width)


def _images_of(video: Path, count: int, width: int) -> Iterator[Image]:
    with PyavReader(video, width) as reader:
        for number in range(count):
            yield reader.frame_at(reader.facts.duration * Fraction(2 * number + 1, 2 * count)).image


def _spread(files: Sequence[Path], most: int) -> Sequence[Path]:
    """At most so many, evenly from all."""
    if len(files) <= most:
        return files
    return [files[number * len(files) // most] for number in range(most)]
