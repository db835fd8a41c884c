"""Pictures of moments, small enough for a generator to look at several of each."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import chain, islice
from math import sqrt

import numpy as np
from PIL import Image as Pillow

from mmrag_video.archive import PICTURES_READ_AT_ONCE, Archive
from mmrag_video.catalog.records import Recording
from mmrag_video.errors import RecordingError
from mmrag_video.index.frames import StoredFrame
from mmrag_video.index.identity import IndexIdentity
from mmrag_video.moments import Moment
from mmrag_video.video.frames import Image

MOST_PIXELS = 512 * 512
"""Of one picture: 256 tokens of Qwen3-VL, 32 x 32 pixels each."""
_MOST_PICTURES = 24
"""Of all moments together, some 6,000 such tokens; but each has one, whatever their number."""
_LONG = Fraction(2)
"""Seconds: of a moment that lasts as long, start and end are shown beside the best frame."""
_Frame = tuple[Recording, StoredFrame]


@dataclass(frozen=True)
class TimedPicture:
    """A frame of a moment, scaled down to at most MOST_PIXELS."""

    time: Fraction
    """Seconds from its recording's first frame."""
    image: Image


def pictures_of(archive: Archive, moments: Sequence[Moment]) -> list[tuple[TimedPicture, ...]]:
    """For each moment up to three pictures, in order of time; none where none can be read.

    Raises RecordingError if not one picture of any moment can be read.
    """
    identity = archive.active_identity
    if identity is None or not moments:
        return [() for _ in moments]
    most = max(1, min(3, _MOST_PICTURES // len(moments)))
    hidden = archive.hidden_runs(identity)
    frames = [_frames_of(archive, identity, moment, hidden, most) for moment in moments]
    with ThreadPoolExecutor(PICTURES_READ_AT_ONCE) as pool:
        pictures = pool.map(partial(_picture, archive, identity), chain.from_iterable(frames))
        found = [tuple(filter(None, islice(pictures, len(some)))) for some in frames]
    if not any(found):
        raise RecordingError(
            "No picture of what was found can be read: its recordings and thumbnails are gone;"
            " ingest the recordings again from where they are now."
        )
    return found


def _frames_of(
    archive: Archive,
    identity: IndexIdentity,
    moment: Moment,
    hidden: Sequence[int],
    most: int,
) -> list[_Frame]:
    """The best frame, and of a long moment the last and the first, by time.

    None where the recording was replaced since it was found.
    """
    store = archive.store(identity)
    frames = [
        (span.recording, frame)
        for span in moment.spans
        for frame in store.frames_between(span.recording.id, span.start, span.end, hidden)
    ]
    if not frames:
        return []
    place = (moment.best.recording.id, moment.best.start)
    best = next((one for one in frames if (one[1].recording, one[1].time) == place), frames[0])
    others = [frames[-1], frames[0]] if moment.duration >= _LONG else []
    chosen = {frame.key for _, frame in [best, *others][:most]}
    return [one for one in frames if one[1].key in chosen]


def _picture(archive: Archive, identity: IndexIdentity, shown: _Frame) -> TimedPicture | None:
    recording, frame = shown
    with suppress(RecordingError):
        return TimedPicture(frame.time, _scaled(archive.picture_of(identity, recording, frame)))
    return None


def _scaled(image: Image) -> Image:
    """The picture with at most MOST_PIXELS, its shape kept; a smaller one as it is."""
    height, width = image.shape[:2]
    scale = sqrt(MOST_PIXELS / (height * width))
    if scale >= 1:
        return image
    size = max(1, int(width * scale)), max(1, int(height * scale))
    return np.asarray(Pillow.fromarray(image).resize(size, Pillow.Resampling.LANCZOS))
