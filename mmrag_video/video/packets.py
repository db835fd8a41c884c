"""What a recording's packets say without any of them being decoded."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from heapq import heappush, heappushpop
from itertools import pairwise
from typing import Any

from av.container import InputContainer
from av.packet import Packet

from mmrag_video.video.containers import VideoPacket, picture_stream, stored_packets, time_base_of

_MOST_WAITING = 128


@dataclass(frozen=True)
class PacketFacts:
    """One stored picture, not decoded."""

    time: Fraction
    """When its picture is shown, in seconds from the recording's first frame."""
    size: int
    """Bytes."""
    is_keyframe: bool


@dataclass(frozen=True)
class Extent:
    """How far the packets of a recording reach."""

    duration: Fraction
    """Seconds from the first frame shown to the end of the last."""
    longest_keyframe_gap: Fraction
    """Seconds, the way from the start to the first and from the last to the end included."""


def lacks_pts(container: InputContainer) -> bool:
    """Whether PTS are guesses that must not be used: AVI with frames that are reordered.

    AVI stores no PTS. libavformat makes them up, rightly where frames are shown in stored order.
    With B-frames they come out as 1, 3, 4, 2, 6 (H.264) or 3, 4, 6, 5, 7 (packed Xvid) for the
    first five frames shown; the DTS, one for each picture of a steady rate, stay right.
    """
    decoder = picture_stream(container).codec_context
    return container.format.name == "avi" and bool(decoder.has_b_frames)


def tick_of(packet: VideoPacket, without_pts: bool) -> int:
    """When a packet's picture is shown, in ticks of its stream; without PTS when it is stored."""
    tick = packet.dts if without_pts or packet.pts is None else packet.pts
    assert tick is not None, "stored_packets lets none through without a time"
    return tick


def from_keyframe_before(packets: Iterator[VideoPacket], tick: int) -> Iterator[VideoPacket]:
    """The packets from the last keyframe on that is shown at `tick` or before it.

    None where nothing is shown later. No more is held than what comes from one keyframe to the
    next.
    """
    held: list[VideoPacket] = []
    for packet in packets:
        if packet.is_keyframe and tick_of(packet, without_pts=False) <= tick:
            held.clear()
        held.append(packet)
        if tick_of(packet, without_pts=False) >= tick:
            yield from held
            yield from packets
            return


def without_last(packets: Iterator[VideoPacket]) -> Iterator[VideoPacket]:
    """All but the one that is stored last: a writer may be in the middle of it."""
    for packet, _ in pairwise(packets):
        yield packet


def to_be_written(packet: "Packet[Any]") -> "Packet[Any]":
    """The same picture or sound, without the mark of what is decoded and not shown.

    What an edit list leaves out (MP4) has it, and a writer would lose what has it.
    """
    if not packet.is_discard:
        return packet
    plain = Packet(bytes(packet))
    plain.pts, plain.dts, plain.time_base = packet.pts, packet.dts, packet.time_base
    plain.duration, plain.is_keyframe = packet.duration, packet.is_keyframe
    return plain


def shown_packets(container: InputContainer, start_pts: int) -> Iterator[PacketFacts]:
    """All packets from the first frame shown on, in stored order. Nothing is decoded."""
    time_base = time_base_of(picture_stream(container))
    for tick, packet in _ticks(container, start_pts):
        yield PacketFacts(tick * time_base, packet.size, packet.is_keyframe)


def extent(container: InputContainer, start_pts: int) -> Extent:
    """Reads through the whole file once, at the speed of the disk, and keeps none of it."""
    last = before_last = (0, 0)
    keyframes = LongestGap()
    for tick, packet in _ticks(container, start_pts):
        shown = (tick, packet.duration or 0)
        if shown >= last:
            last, before_last = shown, last
        elif shown > before_last:
            before_last = shown
        if packet.is_keyframe:
            keyframes.add(tick)
    last_tick, last_duration = last
    end = last_tick + (last_duration or last_tick - before_last[0] or 1)
    time_base = time_base_of(picture_stream(container))
    return Extent(end * time_base, keyframes.up_to(end) * time_base)


class LongestGap:
    """The longest way between neighbours, from 0 on, of ticks that come nearly in order.

    A tick may come later than up to 128 greater ones: in a recording of keyframes alone, those
    of a second in which the camera's clock was set back.
    """

    def __init__(self) -> None:
        self._waiting: list[int] = []
        self._before = self._longest = 0

    def add(self, tick: int) -> None:
        """Count a tick in."""
        if len(self._waiting) < _MOST_WAITING:
            heappush(self._waiting, tick)
        else:
            self._pass(heappushpop(self._waiting, tick))

    def up_to(self, end: int) -> int:
        """The longest, with the way from the last tick to `end`, which no tick comes after."""
        for tick in sorted(self._waiting):
            self._pass(tick)
        self._pass(end)
        return self._longest

    def _pass(self, tick: int) -> None:
        self._longest = max(self._longest, tick - self._before)
        self._before = max(self._before, tick)


def _ticks(container: InputContainer, start_pts: int) -> Iterator[tuple[int, VideoPacket]]:
    """Each packet that is shown, with its tick counted from the first that is."""
    without_pts = lacks_pts(container)
    start = None if without_pts else start_pts
    for packet in stored_packets(container):
        tick = tick_of(packet, without_pts)
        start = tick if start is None else start
        if tick >= start and not packet.is_discard:
            yield tick - start, packet
