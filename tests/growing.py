"""A recording that is being written: as much of it is on disk as a recorder has flushed."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import av
import numpy as np

from mmrag_video.video.frames import Image
from tests.footage import MILLISECOND, Encoding, add_stream

AT_ONCE = Encoding(gop=25, codec_options={"tune": "zerolatency", "sc_threshold": "0"})
"""Each picture leaves the encoder before the next comes; a keyframe every second."""
_FRAGMENTED = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}


class GrowingFile:
    """An open muxer; `close` finishes the file."""

    def __init__(self, path: Path, encoding: Encoding = AT_ONCE) -> None:
        own = _FRAGMENTED if path.suffix == ".mp4" else {}
        self.path = path
        self._encoding = replace(encoding, container_options=own)
        self._container = av.open(path, "w", options={"flush_packets": "1", **own})
        self._stream = None

    def write(self, pictures: Iterable[tuple[int, Image]]) -> None:
        """More pictures, each with the millisecond at which it is shown."""
        for at, picture in pictures:
            if self._stream is None:
                height, width, _ = picture.shape
                self._stream = add_stream(self._container, self._encoding, width, height)
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame = frame.reformat(format="yuv420p")
            time_base = self._stream.codec_context.time_base
            frame.pts, frame.time_base = int(at * MILLISECOND / time_base), time_base
            self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """The recorder has finished it."""
        assert self._stream is not None, "a recording needs a picture"
        self._container.mux(self._stream.encode(None))
        self._container.close()
