"""A frame of a recording, or a part of it, as the picture that is searched with.

The address holds it whole: `like=RECORDING,TIME` and `box=LEFT,TOP,RIGHT,BOTTOM`.
"""

import hashlib
import io
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import PIL.Image
from flask import request

from mmrag_video.archive import load_picture
from mmrag_video.catalog.records import Recording
from mmrag_video.errors import UsageError
from mmrag_video.video.frames import Image
from mmrag_video.video.still import StillFormat, still
from mmrag_video.video.timecode import Timecode
from web import access
from web.asked_time import parse_exact
from web.errors import RecordingGoneError
from web.present_file import present_file
from web.query_pictures import decoded, scaled_jpeg
from web.search_form import SearchForm
from web.services import services

_LIKE = re.compile(r"([0-9a-f]{64}),([\d./]{1,41})", re.ASCII)
_SHARE = re.compile(r"\d{1,3}(\.\d{1,4})?", re.ASCII)
SMALLEST_SIDE = 8
"""Pixels of a part: less shows nothing that could be compared."""


@dataclass(frozen=True)
class PartOfPicture:
    """A rectangle, in per cent of the picture's width and height."""

    left: Fraction
    top: Fraction
    right: Fraction
    bottom: Fraction

    @classmethod
    def parse(cls, text: str) -> "PartOfPicture":
        """`12.5,20,48,61`. Raises UsageError."""
        sides = text.split(",")
        if len(sides) != 4 or not all(map(_SHARE.fullmatch, sides)):
            raise UsageError(
                f"box: {text[:60]!r} is not left, top, right and bottom in per cent of the picture,"
                " such as 12.5,20,48,61."
            )
        left, top, right, bottom = map(Fraction, sides)
        if max(right, bottom) > 100 or left >= right or top >= bottom:
            raise UsageError(
                "The box must lie within the picture, from 0 to 100 per cent, left before right and"
                " top above bottom."
            )
        return cls(left, top, right, bottom)

    def of(self, width: int, height: int) -> tuple[int, int, int, int]:
        """In whole pixels of a picture, at its edges at most. Raises UsageError if too small."""
        left, right = int(self.left * width / 100), -int(-self.right * width // 100)
        top, bottom = int(self.top * height / 100), -int(-self.bottom * height // 100)
        if min(right - left, bottom - top) < SMALLEST_SIDE:
            raise UsageError(
                f"The box is {right - left} x {bottom - top} pixels large; to be compared it needs"
                f" {SMALLEST_SIDE} each way."
            )
        return left, top, right, bottom


@dataclass(frozen=True)
class FrameQuery:
    """The frame on screen at `time` of a recording that the user may see."""

    recording: Recording
    time: Fraction
    """Seconds from the recording's first frame."""
    part: PartOfPicture | None

    @classmethod
    def parse(cls, like: str, box: str) -> "FrameQuery":
        """What stands in an address; an empty box means the whole frame.

        Raises UsageError, or NotFound for a recording that is not there for the user.
        """
        found = _LIKE.fullmatch(like)
        if found is None:
            raise UsageError(
                "like: this is not a recording's id and a time in it, with a comma between them."
            )
        recording = access.recording(found[1])
        return cls(
            recording,
            time_within(recording, "like", found[2]),
            PartOfPicture.parse(box) if box else None,
        )

    def jpeg(self) -> bytes:
        """The picture, scaled down as a query picture is; decoded once, then kept for a while.

        Raises RecordingGoneError where neither the recording's file nor a small picture is there,
        UsageError for a part that is too small.
        """
        return services().frame_pictures.remembered(self._name, self._read)

    def image(self) -> Image:
        """The same, decoded."""
        return decoded(self.jpeg())

    @property
    def _name(self) -> str:
        return hashlib.sha256(repr((self.recording.id, self.time, self.part)).encode()).hexdigest()

    def _read(self) -> bytes:
        with self._whole() as whole:
            part = whole.crop(self.part.of(whole.width, whole.height)) if self.part else whole
            return scaled_jpeg(part)

    def _whole(self) -> PIL.Image.Image:
        try:
            path = present_file(self.recording)
        except RecordingGoneError:
            small = services().archive.thumbnail(self.recording.id, self.time)
            if not small.is_file():
                raise
            return PIL.Image.fromarray(load_picture(small))
        with services().short_work.turn():
            content = still(path, self.time, StillFormat.JPEG).content
        return PIL.Image.open(io.BytesIO(content), formats=("JPEG",)).convert("RGB")


def similar(recording_id: str, time: Fraction) -> dict[str, Any]:
    """The arguments of a search for what looks like a frame, in the request's cameras and times."""
    return SearchForm.read(request.args).with_frame(recording_id, time).arguments()


def time_within(recording: Recording, name: str, text: str) -> Fraction:
    """A time in a recording. Raises UsageError if it is none, or behind the recording's end."""
    time = parse_exact(name, text)
    if time > recording.duration:
        raise UsageError(
            f"The time lies behind the end of the recording, {Timecode(recording.duration)}."
        )
    return time
