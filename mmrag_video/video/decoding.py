"""From a container's packets to decoded pictures, each with the tick at which it is shown.

Decoders keep PyAV's threading, by slices only. Threads by frames did not pay on 2 cores that an
ingest shares: 200 frames of 1080p H.264 took 1.9 s with one thread and 2.1 s with two.
"""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain, dropwhile, filterfalse

import av.error
from av.container import InputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from mmrag_video.video.containers import VideoPacket, picture_stream, stored_packets
from mmrag_video.video.packets import lacks_pts, tick_of

Shown = tuple[int, VideoFrame]
"""A decoded picture and the tick of its stream from which on it is shown."""


def decoded_from_start(container: InputContainer) -> Iterator[Shown]:
    """Every frame shown. What comes before the first keyframe cannot be decoded and is left out."""
    yield from _shown(container, dropwhile(_depends_on_others, stored_packets(container)))


def decoded_after_seek(container: InputContainer, target: int) -> Iterator[Shown]:
    """Every frame shown from the keyframe on at which a seek to `target` lands."""
    stream = picture_stream(container)
    try:
        container.seek(target, stream=stream)
    except av.error.FFmpegError:
        return
    packets = dropwhile(_depends_on_others, stored_packets(container))
    keyframe = next(packets, None)
    if keyframe is None:
        return
    # Frames of an open GOP that are shown before their keyframe need the GOP before: not here.
    earliest = tick_of(keyframe, lacks_pts(container))
    for tick, picture in _shown(container, chain([keyframe], packets)):
        if tick >= earliest:
            yield tick, picture


def seek_targets(tick: int, first: int, time_base: Fraction) -> Iterator[int]:
    """Where to seek to so as to land not after `tick`: there, then a second before, three, seven
    and so on, as long as that is after the recording's first tick.
    """
    step = max(1, int(1 / time_base))
    step_back = 0
    while tick - step_back > first:
        yield tick - step_back
        step_back, step = step_back + step, step * 2


def _shown(container: InputContainer, packets: Iterable[VideoPacket]) -> Iterator[Shown]:
    """Decodes packets that follow each other. Ticks strictly increase; damaged packets are lost."""
    decoder = picture_stream(container).codec_context
    tick_when_shown = _tick_by_place if lacks_pts(container) else _tick_by_pts
    last: int | None = None
    for packet in chain(packets, [None]):
        for picture in decode(decoder, packet):
            tick = tick_when_shown(picture, last)
            if tick is not None and (last is None or tick > last):
                yield tick, picture
                last = tick


def _tick_by_pts(picture: VideoFrame, last: int | None) -> int | None:
    pts: int | None = picture.pts
    return pts


def _tick_by_place(picture: VideoFrame, last: int | None) -> int | None:
    """The DTS of the packet that pushed the picture out of the decoder: a steady delay behind.

    That stays so after a seek, whatever frames were dropped there. No packet pushes the last
    few, but every tick of an AVI is one picture.
    """
    dts: int | None = picture.dts
    if dts is not None:
        return dts
    return 0 if last is None else last + 1


def decoded_keyframes(container: InputContainer) -> Iterator[Shown]:
    """Each keyframe decoded alone, the decoder emptied after it: one packet in, one picture out."""
    if lacks_pts(container):
        yield from (shown for shown in decoded_from_start(container) if shown[1].key_frame)
        return
    decoder = picture_stream(container).codec_context
    for packet in filterfalse(_depends_on_others, stored_packets(container)):
        if packet.is_discard:
            continue
        pictures = [*decode(decoder, packet), *decode(decoder, None)]
        decoder.flush_buffers()
        if pictures:
            yield tick_of(packet, without_pts=False), pictures[0]


def decode(decoder: VideoCodecContext, packet: VideoPacket | None) -> list[VideoFrame]:
    """The pictures that are ready; none where the packet is damaged. None empties the decoder."""
    try:
        return decoder.decode(packet)
    except av.error.FFmpegError:
        return []


def _depends_on_others(packet: VideoPacket) -> bool:
    return not packet.is_keyframe
