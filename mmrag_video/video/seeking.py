"""Packets from a keyframe on, found by seeking: nothing is decoded."""

from collections.abc import Iterator
from contextlib import closing
from itertools import dropwhile
from pathlib import Path

import av.error
from av.container import InputContainer

from mmrag_video.video.containers import (
    VideoPacket,
    open_container,
    picture_stream,
    stored_packets,
    time_base_of,
)
from mmrag_video.video.decoding import seek_targets
from mmrag_video.video.packets import tick_of


def packets_before(container: InputContainer, zero: int, tick: int) -> Iterator[VideoPacket]:
    """Packets from a keyframe on that is shown before `tick`; all where there is none.

    `zero`: the PTS of the recording's first frame.
    """
    stream = picture_stream(container)
    for target in seek_targets(tick - 1, zero, time_base_of(stream)):
        try:
            container.seek(target, stream=stream)
        except av.error.FFmpegError:
            continue
        packets = dropwhile(lambda packet: not packet.is_keyframe, stored_packets(container))
        keyframe = next(packets, None)
        if keyframe is not None and tick_of(keyframe, without_pts=False) < tick:
            yield keyframe
            yield from packets
            return
    # Opened anew: not every container finds its way back to the first packet by seeking.
    with closing(open_container(Path(container.name.removeprefix("file:")))) as again:
        yield from stored_packets(again)
