"""From a decoded frame to a look: small and grey at once, in colour only if it is kept."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

import numpy as np
from av.video.frame import VideoFrame

from mmrag_video.video.frames import Image
from mmrag_video.video.pyav_reader import PyavReader
from mmrag_video.video.small_picture import GreyImage, SmallPicture, small_picture, small_shape
from mmrag_video.video.timecode import as_typed

_LOOK_EVERY = Fraction(3, 20)
"""Seconds between looks where something moves, so that its start and end are known to 0.2 s."""
_PLANAR_GREY = {f"yuv{kind}{sampling}p" for kind in ("", "j") for sampling in (420, 422, 444)} | {
    "nv12",
    "nv21",
    "gray",
}
"""Pixel formats whose first plane is brightness, eight bits a pixel."""


@dataclass(frozen=True)
class Look:
    """A decoded frame in small, with the means to make the picture that is kept."""

    time: Fraction
    picture: SmallPicture
    image: Callable[[], Image]


class Looker:
    """Makes looks at one recording, no more of them than are needed."""

    def __init__(self, reader: PyavReader, interval: float, after: Fraction) -> None:
        """`after`: seconds; the first frame from there on is looked at in any case."""
        self._reader = reader
        self._shape = small_shape(*reader.shape.shown[::-1])
        self._every = min(_LOOK_EVERY, as_typed(interval))
        self._after = after
        self.last = Fraction(-1)
        """Time of the last look, in seconds."""

    def look_at(self, tick: int, frame: VideoFrame) -> Iterator[Look]:
        """A look at the frame if it is not too near to the last."""
        time = self._reader.time_of(tick)
        is_due = self.last < self._after <= time or time - self.last >= self._every
        if time >= 0 and is_due:
            self.last = time
            yield Look(time, self.picture(frame), partial(self._reader.shape.picture, frame))

    def picture(self, frame: VideoFrame) -> SmallPicture:
        """The frame in small, upright."""
        turned = np.rot90(_grey(frame), k=-self._reader.shape.rotation // 90)
        return small_picture(turned, self._shape)


def _grey(frame: VideoFrame) -> GreyImage:
    """The brightness, without a copy where the frame stores it as eight bits a pixel."""
    if frame.format.name not in _PLANAR_GREY:
        return np.asarray(frame.to_ndarray(format="gray"), dtype=np.uint8)
    plane = frame.planes[0]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
    return np.asarray(rows[:, : plane.width])
