"""Exact single frames at full size with decord 0.6, from the recordings it gets right.

decord returns wrong frames, without a word, for more kinds of file than it fails on. Measured
with numbered frames asked for in random order, so many came back right: H.264 in AVI 5 of 40, in
MPEG-TS with B-frames none, with open GOPs 88 of 90, with intra refresh 56 of 90; MPEG-4 with
B-frames 26 of 40; HEVC with open GOPs 49 of 60. So it is asked only for what was right every
time: H.264 whose every keyframe is an IDR picture, and MPEG-4 without B-frames, in MP4 and
Matroska.
"""

import importlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from av.container import InputContainer

from mmrag_video.errors import RecordingError
from mmrag_video.video.containers import open_container, picture_stream, stored_packets
from mmrag_video.video.frames import Frame, VideoFacts
from mmrag_video.video.pyav_reader import PyavReader

_EXACT_CONTAINERS = {"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"}
_IDR_SLICE = 5
"""NAL unit type of a picture after which nothing refers to what came before (H.264, 7.4.1)."""


class DecordReader:
    """A `FrameReader` over decord. Facts and times are PyAV's; decord's own are 32-bit floats.

    A stretch of a file in which decord meets damage, and all that is asked for later, is read
    with PyAV. Raises `RecordingError` on opening a file that decord cannot read exactly, and
    where decord is not installed.
    """

    def __init__(self, path: Path) -> None:
        self._pyav = PyavReader(path)
        _check_is_exact(path, self._pyav.facts)
        self._decord: Any | None = _open_with_decord(path)
        packets = sorted(self._pyav.packets(), key=lambda packet: packet.time)
        self._times = [packet.time for packet in packets]
        self._keyframes = [packet.is_keyframe for packet in packets]
        self._check_times_agree()

    @property
    def facts(self) -> VideoFacts:
        """What the container and its packets say."""
        return self._pyav.facts

    def frames(self, start: Fraction = Fraction(0), end: Fraction | None = None) -> Iterator[Frame]:
        """All frames with start <= time < end in order of time."""
        last = len(self._times) if end is None else bisect_left(self._times, end)
        for index in range(bisect_left(self._times, start), last):
            frame = self._frame(index)
            if frame is None:
                yield from self._pyav.frames(self._times[index], end)
                return
            yield frame

    def frame_at(self, time: Fraction) -> Frame:
        """The frame on screen at `time`: the first before the start, the last after the end."""
        frame = self._frame(max(0, bisect_right(self._times, time) - 1))
        return self._pyav.frame_at(time) if frame is None else frame

    def close(self) -> None:
        """Let go of the file."""
        self._decord = None
        self._pyav.close()

    def _frame(self, index: int) -> Frame | None:
        """Decoded by decord; None from the first damage on, after which it is not to be trusted."""
        if self._decord is None:
            return None
        try:
            image = np.ascontiguousarray(self._decord[index].asnumpy())
        except _decord().DECORDError:
            self._decord = None
            return None
        return Frame(self._times[index], image, self._keyframes[index])

    def _check_times_agree(self) -> None:
        """Frame n must be the same for decord and PyAV: as many frames, shown at the same times."""
        assert self._decord is not None
        count = len(self._decord)
        times = np.array([float(time) for time in self._times])
        if count == len(times) and (np.diff(times) > 0).all():
            theirs = self._decord.get_frame_timestamp(range(count))[:, 0]
            # A 32-bit float keeps seven digits: half a millisecond after two hours.
            if np.allclose(theirs, times, rtol=1e-6, atol=1e-3):
                return
        raise RecordingError(f"{self.facts.path} is timed differently by decord: use PyAV for it.")


def _decord() -> Any:
    """Imported when first needed: it has wheels for x86-64 only."""
    return importlib.import_module("decord")


def _open_with_decord(path: Path) -> Any:
    try:
        decord = _decord()
    except (ImportError, OSError) as error:
        raise RecordingError(
            f"{path} cannot be read with decord, which is not installed: use PyAV for it."
        ) from error
    decord.logging.set_level(decord.logging.QUIET)  # its libavformat writes to stderr otherwise
    try:
        return decord.VideoReader(str(path), ctx=decord.cpu(0), num_threads=1)
    except (decord.DECORDError, RuntimeError, UnicodeEncodeError) as error:
        raise RecordingError(f"{path} cannot be opened by decord: use PyAV for it.") from error


def _check_is_exact(path: Path, facts: VideoFacts) -> None:
    reason = _why_not_exact(path, facts)
    if reason is not None:
        raise RecordingError(f"{path} {reason}: decord is not exact there, use PyAV for it.")


def _why_not_exact(path: Path, facts: VideoFacts) -> str | None:
    """What decord would get wrong, to follow a file's name; None where it is exact."""
    if facts.container not in _EXACT_CONTAINERS:
        return f"is a recording of the kind {facts.container}"
    if facts.rotation:
        return "has a rotation flag"
    with closing(open_container(path)) as container:
        if facts.codec == "h264":
            return None if _is_cut_clean(container) else "has keyframes that are not IDR pictures"
        if facts.codec == "mpeg4":
            reorders = picture_stream(container).codec_context.has_b_frames
            return "has MPEG-4 B-frames" if reorders else None
    return f"is coded as {facts.codec}"


def _is_cut_clean(container: InputContainer) -> bool:
    """Whether every keyframe is an IDR picture, so that no frame needs what is before its own."""
    extradata = picture_stream(container).codec_context.extradata or b""
    if extradata[:1] != b"\x01":  # not the `avcC` of ISO 14496-15: start codes instead of lengths
        return False
    length_size = (extradata[4] & 0b11) + 1
    return all(
        _has_idr_slice(bytes(packet), length_size)
        for packet in stored_packets(container)
        if packet.is_keyframe
    )


def _has_idr_slice(packet: bytes, length_size: int) -> bool:
    position = 0
    while position + length_size < len(packet):
        unit = position + length_size
        if packet[unit] & 0b11111 == _IDR_SLICE:
            return True
        position = unit + int.from_bytes(packet[position:unit], "big")
    return False
