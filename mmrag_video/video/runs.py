"""Packets in runs that can be decoded or left out as a whole, and how busy each run is."""

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import dropwhile

import numpy as np

from mmrag_video.video.containers import VideoPacket
from mmrag_video.video.packets import tick_of

LONGEST_RUN = Fraction(5, 2)
"""Seconds. Recorders set a keyframe every one or two seconds, and not always to the tick; what
comes without a keyframe for longer is decoded."""

_AHEAD_SECONDS = 16
_AHEAD_BYTES = 32 * 2**20
"""How far runs are read ahead to know what is usual, and the memory that may take."""
_REMEMBERED = 150
"""Runs, about five minutes, by which is judged what is usual."""
_FEWEST_TO_JUDGE = 4
_FAINTEST = 0.1
"""Share of a keyframe's bytes."""
_SEEN_WITHOUT = Fraction(1)
"""Seconds between keyframes in which nobody gets through the picture."""

_BURST = Fraction(2, 5)
"""Seconds. The shortest passage through a picture, and long enough to hold several B-frames."""


@dataclass(frozen=True)
class Run:
    """Packets in stored order, from a keyframe up to the next run's."""

    packets: list[VideoPacket]
    continues: bool
    """Starts without a keyframe: the run before it grew too long."""
    is_whole: bool
    """The next keyframe came before the run grew too long."""

    @property
    def stands_alone(self) -> bool:
        """Whether it may be left out: keyframes on both sides tell what happened."""
        return self.is_whole and not self.continues

    @property
    def start(self) -> Fraction:
        """Seconds on the stream's own clock, of the first packet."""
        return _time(self.packets[0])

    @property
    def length(self) -> Fraction:
        """Seconds from the first packet to the last stored one."""
        return _time(self.packets[-1]) - self.start

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(packet.size for packet in self.packets)

    @cached_property
    def burst(self) -> int:
        """Bytes of the busiest _BURST seconds, keyframes left out."""
        sizes: dict[int, int] = defaultdict(int)
        for packet in self.packets:
            if not packet.is_keyframe:
                sizes[int((_time(packet) - self.start) / _BURST)] += packet.size
        return max(sizes.values(), default=0)


def runs(packets: Iterator[VideoPacket], shortest: Fraction) -> Iterator[Run]:
    """Parts packets in stored order into runs.

    A run lasts `shortest` seconds or more where keyframes come faster, and not much over
    LONGEST_RUN where they come more slowly. What comes before the first keyframe is left out.
    """
    held: list[VideoPacket] = []
    continues = False
    for packet in dropwhile(_depends_on_others, packets):
        length = _time(packet) - _time(held[0]) if held else Fraction(0)
        is_whole = packet.is_keyframe and length >= shortest
        if is_whole or length > LONGEST_RUN:
            yield Run(held, continues, is_whole)
            held, continues = [], not is_whole
        held.append(packet)
    if held:
        yield Run(held, continues, is_whole=False)


def _time(packet: VideoPacket) -> Fraction:
    return tick_of(packet, without_pts=False) * packet.time_base


def _depends_on_others(packet: VideoPacket) -> bool:
    return not packet.is_keyframe


class Usual:
    """What runs weigh where nothing moves, and what that tells about one of them.

    A thing that crosses a hundredth of the picture adds 0.14 to 0.29 keyframes' worth of bytes to
    a burst (measured on x264, a person and a car, noise of 0 to 3 grey levels). Where the usual
    burst varies by more than _FAINTEST, as with a noisy night picture or a constant bit rate, that
    cannot be seen, and keyframes must come fast or everything be decoded.
    """

    def __init__(self) -> None:
        self._bursts: deque[int] = deque(maxlen=_REMEMBERED)
        self._keyframes: deque[int] = deque(maxlen=_REMEMBERED)

    def add(self, run: Run) -> None:
        """Counts one more run, if it is one that could be left out."""
        if run.stands_alone:
            self._bursts.append(run.burst)
            self._keyframes.append(run.packets[0].size)

    def may_be_exceeded_by(self, run: Run) -> bool:
        """Whether something may move in the run that its neighbouring keyframes do not show."""
        if len(self._bursts) < _FEWEST_TO_JUDGE:
            return True
        lowest, low = np.quantile(self._bursts, (0.1, 0.3))
        margin = max(low / 4, 4 * (low - lowest))
        is_blind = margin > _FAINTEST * np.median(self._keyframes)
        return bool(run.burst > low + margin or (is_blind and run.length > _SEEN_WITHOUT))


def with_usual(all_runs: Iterator[Run]) -> Iterator[tuple[Run, Run | None, Usual]]:
    """Each run, the one after it, and what is usual around it.

    Runs are read some seconds ahead, so that already the first can be judged.
    """
    usual = Usual()
    ahead: deque[Run] = deque()
    held = 0
    for run in all_runs:
        usual.add(run)
        ahead.append(run)
        held += run.size
        while len(ahead) > 1 and (_reach(ahead) >= _AHEAD_SECONDS or held > _AHEAD_BYTES):
            held -= ahead[0].size
            yield ahead.popleft(), ahead[0], usual
    while ahead:
        yield ahead.popleft(), ahead[0] if ahead else None, usual


def _reach(ahead: deque[Run]) -> Fraction:
    return ahead[-1].start - ahead[0].start
