"""Decodes runs of packets: one after another, or of each its keyframe alone."""

from collections.abc import Iterator
from fractions import Fraction

from av.container import InputContainer
from av.video.frame import VideoFrame

from mmrag_video.video.containers import VideoPacket, picture_stream, time_base_of
from mmrag_video.video.decoding import decode
from mmrag_video.video.runs import Run

_WIDEST_STEP = Fraction(1, 5)
"""Seconds between decoded frames up to which those that no other frame needs are left out. That is
half of all where there are B-frames, and halves the time."""


class RunDecoder:
    """Two decoders for one file, so that a keyframe can be looked at in the midst of a run."""

    def __init__(
        self,
        container: InputContainer,
        keyframe_container: InputContainer,
        *,
        leave_out: bool = True,
    ) -> None:
        """`leave_out`: frames that no other frame needs, where they come fast."""
        self._decoder = picture_stream(container).codec_context
        self._decoder.thread_type = "AUTO"
        self._decoder.skip_frame = "NONREF" if leave_out else "DEFAULT"
        self._keyframe_decoder = picture_stream(keyframe_container).codec_context
        self._time_base = time_base_of(picture_stream(container))
        self._last: Fraction | None = None
        self._is_filled = False
        self._keyframe_of: Run | None = None
        self._keyframe: list[VideoFrame] = []

    def frames(self, run: Run) -> Iterator[VideoFrame]:
        """The run's frames in order of time. The last few come with the next run, or with `rest`.

        Every run but the first must follow the one before it or start with a keyframe after
        `rest`.
        """
        self._is_filled = True
        for packet in run.packets:
            yield from self._decoded(packet)

    def rest(self) -> Iterator[VideoFrame]:
        """The last frames of the run before."""
        if self._is_filled:
            yield from self._decoded(None)
            self._decoder.flush_buffers()
            self._is_filled = False
            self._last = None

    def keyframe(self, run: Run) -> list[VideoFrame]:
        """The run's first frame alone; none where it does not decode by itself.

        Decoded once, though it be asked for as the end of one run and the start of the next.
        """
        if self._keyframe_of is not run:
            decoder = self._keyframe_decoder
            frames = [*decode(decoder, run.packets[0]), *decode(decoder, None)]
            decoder.flush_buffers()
            self._keyframe_of, self._keyframe = run, frames[:1]
        return self._keyframe

    def _decoded(self, packet: VideoPacket | None) -> Iterator[VideoFrame]:
        for frame in decode(self._decoder, packet):
            if frame.pts is None:
                continue
            time = frame.pts * self._time_base
            if self._last is not None and time - self._last > _WIDEST_STEP:
                self._decoder.skip_frame = "DEFAULT"
            self._last = time
            yield frame
