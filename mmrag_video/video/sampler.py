"""Chooses the frames of a recording that are worth keeping, decoding as little as that takes.

A stretch in which nothing moves is judged by its keyframes, and by how many bytes the frames
between them take: who crosses the picture from one keyframe to the next shows there. Only where
one of the two tells of movement, where noise or a constant bit rate hides such a crossing, or
where keyframes are further apart than `runs.LONGEST_RUN`, are all frames decoded. That costs ten
times as much: a second of 1080p has half a keyframe of 17 ms, or 25 frames of 4.4 ms together
110 ms of CPU time.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from fractions import Fraction
from pathlib import Path

from av.container import InputContainer
from av.video.frame import VideoFrame

from mmrag_video.errors import RecordingError
from mmrag_video.video.containers import VideoPacket, open_container, stored_packets
from mmrag_video.video.decoding import decoded_from_start
from mmrag_video.video.keeping import FrameKeeper, KeptFrame
from mmrag_video.video.looking import Look, Looker
from mmrag_video.video.packets import (
    from_keyframe_before,
    lacks_pts,
    tick_of,
    without_last,
)
from mmrag_video.video.pyav_reader import PyavReader
from mmrag_video.video.run_decoder import RunDecoder
from mmrag_video.video.runs import Run, Usual, runs, with_usual
from mmrag_video.video.sampled import WHOLE, Part, SampledFrame, SamplerSettings
from mmrag_video.video.timecode import as_typed

_SHORTEST_RUN = Fraction(1, 2)
"""Seconds between looks where nothing moves, if keyframes come as often as that or faster."""
_REORDERED = 32
"""Packets among which the last one shown is: more than any codec reorders (16)."""

Progress = Callable[[Fraction], None]
"""Told the time, in seconds of the recording, up to which it has been looked at."""


def sample(
    path: Path,
    settings: SamplerSettings,
    on_progress: Progress = lambda time: None,
    part: Part = WHOLE,
) -> Iterator[SampledFrame]:
    """The frames of a recording worth keeping, in order of time; always the first frame.

    Of a later part always its first frame as well: what comes before it is decoded from the last
    keyframe on, to know what moves, and none of it is kept. A part in which there is nothing gives
    nothing.

    Reads the file once, forward, so it works while the file grows and takes the same memory for
    ten hours as for ten seconds. Raises `RecordingError` where the file cannot be read.
    """
    sampling = _Sampling(path, settings, on_progress, part)
    before: KeptFrame | None = None
    for kept in sampling.kept_frames():
        if before is not None:
            yield _until(kept.time, before)
        before = kept
    if before is None and part.after > 0:
        return
    if before is None:
        raise RecordingError(f"{path} changed while it was read: try again.")
    yield _until(max(sampling.end, before.time), before)


def _until(time: Fraction, kept: KeptFrame) -> SampledFrame:
    return SampledFrame(kept.time, time, kept.reason, kept.image, kept.movement)


class _Sampling:
    """One pass over one recording."""

    def __init__(
        self, path: Path, settings: SamplerSettings, on_progress: Progress, part: Part
    ) -> None:
        self._path = path
        self._part = part
        self._shortest_run = min(_SHORTEST_RUN, as_typed(settings.interval))
        self._on_progress = on_progress
        self._reader = PyavReader(path, settings.frame_width)
        self._looker = Looker(self._reader, settings.interval, part.after)
        self._keeper = FrameKeeper(settings)
        self._last_packets: deque[VideoPacket] = deque(maxlen=_REORDERED)

    @property
    def end(self) -> Fraction:
        """Seconds from the first frame to the end of the last that was read."""
        if not self._last_packets:
            return self._reader.facts.duration
        last = sorted(
            (tick_of(packet, without_pts=False), packet.duration or 0)
            for packet in self._last_packets
        )
        tick, duration = last[-1]
        if duration == 0 and len(last) > 1:  # MPEG-TS does not say how long the last one stays
            duration = tick - last[-2][0]
        return self._reader.time_of(tick + duration)

    def kept_frames(self) -> Iterator[KeptFrame]:
        """Every look is taken before the next is made: what is decoded next depends on it."""
        with closing(open_container(self._path)) as container:
            if lacks_pts(container):
                looks = self._looks_at_all(container)
            else:
                looks = self._looks_by_runs(container)
            for look in looks:
                if look.time < self._part.after:
                    self._keeper.warm_up(look)
                else:
                    yield from self._keeper.take(look)
        if self._looker.last >= self._part.after:
            yield from self._keeper.finish()

    def _looks_at_all(self, container: InputContainer) -> Iterator[Look]:
        for tick, frame in decoded_from_start(container):
            yield from self._looker.look_at(tick, frame)
            self._on_progress(self._looker.last)

    def _looks_by_runs(self, container: InputContainer) -> Iterator[Look]:
        packets = self._packets_of_part(container)
        is_later = self._part.after > 0
        with closing(open_container(self._path)) as keyframe_container:
            decoder = RunDecoder(container, keyframe_container, leave_out=not is_later)
            for run, following, usual in with_usual(runs(packets, self._shortest_run)):
                if not self._is_eventful(run, usual):
                    yield from self._looks(decoder.rest())
                    yield from self._looks(decoder.keyframe(run))
                if self._is_eventful(run, usual) or self._leads_to_another(following, decoder):
                    yield from self._looks(decoder.frames(run))
                self._on_progress(self._looker.last)
            yield from self._looks(decoder.rest())

    def _packets_of_part(self, container: InputContainer) -> Iterator[VideoPacket]:
        packets = stored_packets(container)
        if self._part.grows:
            packets = without_last(packets)
        packets = self._noted(packets)
        if self._part.after == 0:
            return packets
        return from_keyframe_before(packets, self._reader.tick_at(self._part.after))

    def _is_eventful(self, run: Run, usual: Usual) -> bool:
        if self._looker.last < self._part.after:  # what is looked at next is the part's first frame
            return True
        return not run.stands_alone or usual.may_be_exceeded_by(run) or self._keeper.is_watching

    def _leads_to_another(self, following: Run | None, decoder: RunDecoder) -> bool:
        """Whether the next keyframe shows that something moved on the way to it."""
        if following is None:
            return True
        frames = decoder.keyframe(following)
        return not frames or self._keeper.differs(self._looker.picture(frames[0]))

    def _looks(self, frames: Iterable[VideoFrame]) -> Iterator[Look]:
        for frame in frames:
            if frame.pts is not None:
                yield from self._looker.look_at(frame.pts, frame)

    def _noted(self, packets: Iterator[VideoPacket]) -> Iterator[VideoPacket]:
        """The same packets, while the last few are kept in mind for `end`."""
        for packet in packets:
            if not packet.is_discard:
                self._last_packets.append(packet)
            yield packet
