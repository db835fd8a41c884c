"""A part of a recording as an MP4 that begins with exactly its first frame: encoded anew."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from mmrag_video.video.blurring import Region, blurred
from mmrag_video.video.child_process import call_in_child
from mmrag_video.video.clips import LONGEST_CUT, cannot_be_written
from mmrag_video.video.encoding import Quality, Still, encode, stills
from mmrag_video.video.pyav_reader import PyavReader
from mmrag_video.video.sound import CopiedSound
from mmrag_video.video.stream_copy import WrittenCut


def encode_cut(
    path: Path,
    start: Fraction,
    end: Fraction,
    target: Path,
    regions: Sequence[Region] = (),
    time_limit: float = LONGEST_CUT,
) -> WrittenCut:
    """Encode what is on screen from `start` to `end`, at full size, each frame at its own time.

    The first frame is the one on screen at `start`, shown for as long as in the recording. What
    lies in the regions is made unrecognizable in every frame. Raises RecordingError where it
    cannot be read, and DecoderError where that takes more than `time_limit` seconds.
    """
    return call_in_child(_encode, path, start, end, target, tuple(regions), time_limit=time_limit)


def _encode(
    path: Path, start: Fraction, end: Fraction, target: Path, regions: tuple[Region, ...]
) -> WrittenCut:
    """The child's part."""
    reader = PyavReader(path)
    first = reader.frame_at(start).time
    reached = first

    def pictures() -> Iterator[Still]:
        nonlocal reached
        for still in stills(reader, first, end):
            reached = first + still.time + still.duration
            yield replace(still, image=blurred(still.image, regions)) if regions else still

    since = reader.tick_at(first) * reader.time_base
    sound = CopiedSound(path, since, since + end - first)
    try:
        encode(pictures(), target, reader.time_base, Quality.TO_KEEP, sound, reader.pixel_aspect)
    except OSError as error:
        raise cannot_be_written(target.parent, error) from error
    return WrittenCut(first, reached, sound.left_out)
