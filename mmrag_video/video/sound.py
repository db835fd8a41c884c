"""The sound of a part of a recording, as it is stored."""

from collections.abc import Iterator
from contextlib import closing
from fractions import Fraction
from pathlib import Path

import av.error
from av.audio.stream import AudioStream
from av.container import OutputContainer

from mmrag_video.video.containers import open_container
from mmrag_video.video.encoding import TimedPacket
from mmrag_video.video.packets import to_be_written


class CopiedSound:
    """The first sound of a recording from `start` to `end`, for one container.

    Both are seconds on the recording's own clock.
    """

    def __init__(self, path: Path, start: Fraction, end: Fraction) -> None:
        self._path, self._start, self._end = path, start, end
        self.left_out = ""
        """The codec of sound that the container does not take; empty if there is none."""

    def __call__(self, target: OutputContainer) -> Iterator[TimedPacket]:
        """Add a stream, and give the packets, moved to begin at `start`.

        None where the recording has no sound, or the container does not take what it has.
        """
        with closing(open_container(self._path)) as source:
            stream = next(iter(source.streams.audio), None)
            if stream is None:
                return iter(())
            codec = stream.codec_context.name if stream.codec_context else "unknown"
            if codec not in target.supported_codecs:
                self.left_out = codec
                return iter(())
            return self._packets(target.add_stream_from_template(stream))

    def _packets(self, copy: AudioStream) -> Iterator[TimedPacket]:
        with closing(open_container(self._path)) as source:
            stream = source.streams.audio[0]
            base = stream.time_base
            assert base is not None, "libavformat gives every stream one"
            first = int(-(-self._start // base))
            try:
                source.seek(first, stream=stream)
            except av.error.FFmpegError:
                return
            packets = source.demux(stream)
            while True:
                try:
                    packet = to_be_written(next(packets))
                # Damaged sound is no reason to lose the picture.
                except (StopIteration, IndexError, av.error.FFmpegError):
                    return
                if not packet.size or packet.pts is None or packet.pts < first:
                    continue
                if packet.pts * base >= self._end:
                    return
                packet.pts = packet.dts = packet.pts - first
                packet.stream = copy
                yield packet.pts * base, packet
