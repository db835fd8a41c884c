"""A frame worth keeping: why it was kept, how long it stands, what moved in it."""

import hashlib
import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from fractions import Fraction

from mmrag_video.video.frames import Image

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, as shares of the picture's width and height (0 to 1)."""
Polygon = tuple[tuple[float, float], ...]
"""Corners as (x, y), shares of the picture's width and height (0 to 1)."""


class KeepReason(StrEnum):
    """Why the sampler kept a frame."""

    FIRST = "first"
    HEARTBEAT = "heartbeat"
    MOVEMENT_START = "movement-start"
    MOVEMENT = "movement"
    MOVEMENT_PEAK = "movement-peak"
    MOVEMENT_END = "movement-end"
    SCENE_CUT = "scene-cut"

    @property
    def is_movement(self) -> bool:
        """Whether something moves from this frame on until it is no longer valid."""
        return self in (
            KeepReason.MOVEMENT_START,
            KeepReason.MOVEMENT,
            KeepReason.MOVEMENT_PEAK,
            KeepReason.SCENE_CUT,
        )


@dataclass(frozen=True)
class SamplerSettings:
    """How frames are chosen. Its `fingerprint` is part of an index's identity."""

    interval: float = 0.5
    """Seconds between frames looked at while something moves."""
    heartbeat: float = 30.0
    """Seconds after which a frame is kept although nothing has changed."""
    sensitivity: float = 0.5
    """0 (only large movement) to 1 (the slightest)."""
    frame_width: int = 960
    """Pixels; wider pictures are scaled down to this before they leave the decoder."""
    region: Polygon | None = None
    """Movement counts only inside this; None: everywhere."""
    masks: tuple[Polygon, ...] = ()
    """Movement in these is ignored: a road behind the fence, the burnt-in clock."""

    @property
    def fingerprint(self) -> str:
        """Twelve hex digits that change whenever a setting that changes the frames does."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Part:
    """What is sampled of a recording that is taken bit by bit, while it grows or after that."""

    after: Fraction = Fraction(0)
    """Seconds up to which it was taken before."""
    grows: bool = False
    """What is stored last may be there only in part, and is left for the next time."""


WHOLE = Part()
"""All that there is of a finished recording."""


@dataclass(frozen=True)
class Movement:
    """What moved in a frame, against the background the sampler has learned."""

    area: float
    """Share of the picture that moves (0 to 1)."""
    box: Box | None
    """Around all that moves; None when nothing does."""


@dataclass(frozen=True)
class EarlierFrame:
    """A frame kept shortly before another one."""

    time: Fraction
    image: Image


@dataclass(frozen=True)
class SampledFrame:
    """A kept frame: it stands for what is seen from `time` until `valid_until`."""

    time: Fraction
    valid_until: Fraction
    reason: KeepReason
    image: Image
    """Scaled down to the sampler's frame_width."""
    movement: Movement
    lead_up: tuple[EarlierFrame, ...] = ()
    """What was kept shortly before, oldest first, for models that look at what happens."""
