"""What led up to a frame, for models that look at what happens and not only at what is seen."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace

from mmrag_video.video.sampled import EarlierFrame, KeepReason, SampledFrame


def with_lead_up(
    frames: Iterable[SampledFrame], count: int, seconds: float
) -> Iterator[SampledFrame]:
    """The same frames, each with up to `count` of those kept within the `seconds` before it.

    None from before a scene cut. The pictures are shared, not copied.
    """
    earlier: deque[EarlierFrame] = deque(maxlen=count)
    for frame in frames:
        if frame.reason is KeepReason.SCENE_CUT:
            earlier.clear()
        while earlier and frame.time - earlier[0].time > seconds:
            earlier.popleft()
        yield replace(frame, lead_up=tuple(earlier))
        earlier.append(EarlierFrame(frame.time, frame.image))
