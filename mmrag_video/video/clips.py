"""Clips for a web page's player: what plays as it is, and cuts of what does not.

Recordings are opened by a child process alone, because the caller serves other people too.
"""

import uuid
from contextlib import closing
from fractions import Fraction
from pathlib import Path

from mmrag_video.errors import RecordingError, UsageError
from mmrag_video.video.child_process import call_in_child
from mmrag_video.video.containers import (
    open_container,
    picture_stream,
    time_base_of,
)
from mmrag_video.video.decoding import decoded_from_start
from mmrag_video.video.encoding import Quality, encode, stills
from mmrag_video.video.pyav_reader import PyavReader

WIDEST_CLIP = 1280
"""Pixels; wider recordings are scaled down when they are cut."""
UNFINISHED = ".unfinished"
"""How the name of a file ends that is being written, or was when its process was killed."""
LONGEST_CUT = 300.0
"""Seconds that making one clip may take."""
_LONGEST_LOOK = 10.0
"""Seconds that opening a file may take."""

_PLAYABLE_CODECS = {
    ".mp4": {"h264", "vp9", "av1"},
    ".m4v": {"h264"},
    ".webm": {"vp8", "vp9", "av1"},
}
_PLAYABLE_PIXELS = {"yuv420p", "yuvj420p"}
_TICK = Fraction(1, 90_000)
"""Seconds; the clock of MPEG-TS, which milliseconds and the usual frame rates divide evenly."""


def plays_in_browser(path: Path, codec: str) -> bool:
    """Whether every current browser plays the file as it is, going by its name and its pixels.

    H.264, VP9 and AV1 in .mp4, VP8, VP9 and AV1 in .webm, each 8 bits deep with 4:2:0 colour.
    Matroska, QuickTime, AVI and MPEG-TS play in some browsers only and are cut. Raises
    `RecordingError` on a file that cannot be opened.
    """
    return start_in_browser(path, codec) is not None


def may_play_in_browser(path: Path, codec: str) -> bool:
    """Whether it is worth a look into the file, going by its name and what is known of it."""
    return codec in _PLAYABLE_CODECS.get(path.suffix.lower(), ())


def start_in_browser(path: Path, codec: str) -> Fraction | None:
    """Where a browser has the first frame of the file, in seconds; None where not all play it.

    Chromium 156 counts as the container does, from a zero that may lie before sound and picture.
    Raises as `plays_in_browser`.
    """
    if not may_play_in_browser(path, codec):
        return None
    return call_in_child(_start_in_browser, path, time_limit=_LONGEST_LOOK)


def _start_in_browser(path: Path) -> Fraction | None:
    with closing(open_container(path)) as container:
        stream = picture_stream(container)
        if stream.codec_context.pix_fmt not in _PLAYABLE_PIXELS:
            return None
        first, _ = next(decoded_from_start(container), (0, None))
        return max(Fraction(0), first * time_base_of(stream))


def cut_for_browser(
    path: Path, start: Fraction, end: Fraction, target: Path, time_limit: float = LONGEST_CUT
) -> None:
    """Writes what is on screen from `start` to `end` as an MP4 that any browser plays.

    H.264 in yuv420p, upright, no sound, starting at 0 with the frame that is on screen at
    `start`; the index lies in front, so that it plays while it loads. `target` appears when it is
    complete.

    Raises `UsageError` on an empty span, `RecordingError` on a file that cannot be read or a
    folder that cannot be written, and `DecoderError` where the child that makes the clip dies or
    needs more than `time_limit` seconds.
    """
    if start >= end:
        raise UsageError(f"a clip of {path} must end after it starts: choose a later end.")
    unfinished = target.with_name(f".{target.name}.{uuid.uuid4().hex}{UNFINISHED}")
    try:
        call_in_child(_cut, path, start, end, unfinished, time_limit=time_limit)
        unfinished.replace(target)
    except OSError as error:
        raise cannot_be_written(target.parent, error) from error
    finally:
        unfinished.unlink(missing_ok=True)


def _cut(path: Path, start: Fraction, end: Fraction, unfinished: Path) -> None:
    """The child's part."""
    try:
        with PyavReader(path, width=WIDEST_CLIP) as reader:
            seen = stills(reader, start, end)
            encode(seen, unfinished, _TICK, Quality.TO_LOOK_AT, pixel_aspect=reader.pixel_aspect)
    except OSError as error:
        raise cannot_be_written(unfinished.parent, error) from error


def cannot_be_written(folder: Path, error: OSError) -> RecordingError:
    """What to say where the system refuses to write a clip."""
    return RecordingError(
        f"A clip cannot be written to {folder} ({error.strerror}): check the folder and the disk."
    )
