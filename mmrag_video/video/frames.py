"""What a reader of video files gives, and the protocol every reader keeps."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""A picture: (height, width, 3), RGB, uint8, upright as a player would show it."""


@dataclass(frozen=True)
class VideoFacts:
    """What the container says of its first video stream, read without decoding the whole of it.

    Times are exact seconds counted from the first frame shown, so a stream whose first PTS is
    1.48 s (usual in MPEG-TS) starts at 0 like any other.
    """

    path: Path
    container: str
    codec: str
    width: int
    """Pixels, as shown: after rotation."""
    height: int
    rotation: int
    """Degrees clockwise a player turns the stored picture: 0, 90, 180 or 270."""
    time_base: Fraction
    """Seconds per PTS tick."""
    start_pts: int
    """PTS of the first frame shown, in ticks."""
    duration: Fraction
    """Seconds from the first frame to the end of the last, by packets, never by frame count."""
    declared_duration: Fraction | None
    """Seconds that the container says there are, of the picture where it tells the two apart; None
    where it says nothing. What was cut off declares more than it holds."""
    average_rate: Fraction | None
    """Frames per second; None where the container does not say. For display only."""
    longest_keyframe_gap: Fraction
    """Seconds; the whole duration where there is one keyframe."""
    created: datetime | None
    """The container's `creation_time`, aware, in UTC; None where it is absent or nonsense."""


@dataclass(frozen=True)
class Frame:
    """One decoded picture and when it is shown."""

    time: Fraction
    """Seconds from the recording's first frame: (PTS - start PTS) * time base, exactly."""
    image: Image
    is_keyframe: bool


class FrameReader(Protocol):
    """Reads one recording. Every backend passes tests/test_readers.py.

    Raises `RecordingError` on opening a file it cannot read, naming the file and the cause.
    """

    @property
    def facts(self) -> VideoFacts:
        """What the container says."""
        ...

    def frames(self, start: Fraction = Fraction(0), end: Fraction | None = None) -> Iterator[Frame]:
        """All frames with start <= time < end in order of time, at full size."""
        ...

    def frame_at(self, time: Fraction) -> Frame:
        """The frame that is on screen at `time`: the last whose own time is not after it."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...
