"""Which looks at a recording are kept, and why."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from mmrag_video.video.frames import Image
from mmrag_video.video.looking import Look
from mmrag_video.video.motion import MotionGate, Seen
from mmrag_video.video.sampled import KeepReason, Movement, SamplerSettings
from mmrag_video.video.small_picture import SmallPicture
from mmrag_video.video.timecode import as_typed

_QUIET_BEFORE_END = Fraction(1)
"""Seconds without movement after which it has ended: somebody behind a pillar is back sooner."""
_STANDING_INTERVAL = 4.0
"""Seconds between kept frames of something that stands there and looks the same."""
_HIGHER_PEAK = 1.1
"""A peak is kept where movement covers this much more than in the frames already kept of it."""
_NOTHING = Movement(0.0, None)


@dataclass(frozen=True)
class KeptFrame:
    """A `SampledFrame` but for the time until which it is valid, which the next one tells."""

    time: Fraction
    reason: KeepReason
    image: Image
    movement: Movement


class FrameKeeper:
    """Takes looks in order of time, gives those that show something new."""

    def __init__(self, settings: SamplerSettings) -> None:
        self._settings = settings
        self._standing_interval = max(
            settings.interval, min(_STANDING_INTERVAL, settings.heartbeat)
        )
        self._gate: MotionGate | None = None
        self._kept_at = Fraction(0)
        self._kept_picture: SmallPicture | None = None
        self._is_moving = False
        self._at_rest: Look | None = None
        """The first look since which nothing has changed its place while something is there."""
        self._quiet: Look | None = None
        """The first look since which nothing is there any more."""
        self._is_clearing = False
        """The last look was the first without things."""
        self._peak: tuple[Look, Seen] | None = None
        """The largest movement since the last kept frame, if it is a new maximum."""
        self._highest_kept = 0.0
        self._cut_shown_at: Fraction | None = None
        self._cut_is_due = False
        self._movement = _NOTHING
        """In the last look."""
        self._is_warm = False
        """Looks were taken of which none was to be kept, and the next is."""

    @property
    def is_watching(self) -> bool:
        """Whether something moves right now, so that the frames that follow matter."""
        return self._is_moving and self._at_rest is None and self._quiet is None

    def differs(self, picture: SmallPicture) -> bool:
        """Whether something moved between the last look and this picture."""
        return self._gate is None or self._gate.differs(picture)

    def warm_up(self, look: Look) -> None:
        """One more look at what was taken before: it is learned from, and not kept.

        The first look after those is kept whatever it shows.
        """
        for _ in self._take(look):
            pass
        self._is_warm = True

    def take(self, look: Look) -> Iterator[KeptFrame]:
        """One more look."""
        kept = self._take(look)
        if self._is_warm:
            self._is_warm = False
            kept = iter([self._of_this(look, list(kept))])
        yield from kept

    def _of_this(self, look: Look, kept: list[KeptFrame]) -> KeptFrame:
        """The frame of this look, and not of others that were held back."""
        for frame in kept:
            if frame.time == look.time:
                return frame
        reason = KeepReason.MOVEMENT if self._movement.area > 0 else KeepReason.HEARTBEAT
        return self._keep(look, reason, self._movement)

    def _take(self, look: Look) -> Iterator[KeptFrame]:
        if self._gate is None:
            self._gate = MotionGate(look.picture, look.time, self._settings)
            yield self._keep(look, KeepReason.FIRST, _NOTHING)
            return
        seen = self._gate.look(look.picture, look.time)
        self._movement = seen.movement
        if seen.is_cut:
            yield from self._leave_shot()
        if self._cut_is_due and _has_passed(self._settings.interval, self._cut_shown_at, look):
            self._cut_is_due, self._cut_shown_at = False, look.time
            yield self._keep(look, KeepReason.SCENE_CUT, seen.movement)
        elif seen.movement.area > 0:
            yield from self._take_moving(self._gate, look, seen)
        else:
            yield from self._take_quiet(look)

    def finish(self) -> Iterator[KeptFrame]:
        """What was held back when the recording ended."""
        yield from self._keep_peak()
        yield from self._end_movement()

    def _take_moving(self, gate: MotionGate, look: Look, seen: Seen) -> Iterator[KeptFrame]:
        self._quiet, self._is_clearing = None, False
        self._at_rest = None if seen.is_active else self._at_rest or look
        if not self._is_moving:
            self._is_moving = True
            self._highest_kept = seen.movement.area
            yield self._keep(look, KeepReason.MOVEMENT_START, seen.movement)
            return
        if self._peak is not None and seen.movement.area < self._peak[1].movement.area:
            yield from self._keep_peak()
        if self._is_due(gate, look, seen):
            self._highest_kept = max(self._highest_kept, seen.movement.area)
            yield self._keep(look, KeepReason.MOVEMENT, seen.movement)
        elif seen.movement.area > _HIGHER_PEAK * self._highest_kept:
            self._peak = look, seen

    def _is_due(self, gate: MotionGate, look: Look, seen: Seen) -> bool:
        if _has_passed(self._standing_interval, self._kept_at, look):
            return True
        return (
            _has_passed(self._settings.interval, self._kept_at, look)
            and self._kept_picture is not None
            and gate.is_new(self._kept_picture, seen)
        )

    def _take_quiet(self, look: Look) -> Iterator[KeptFrame]:
        if not self._is_moving:
            if _has_passed(self._settings.heartbeat, self._kept_at, look):
                yield self._keep(look, KeepReason.HEARTBEAT, _NOTHING)
            return
        yield from self._keep_peak()
        if self._quiet is None:
            self._quiet = self._first_without_things(look)
        if self._quiet is not None and look.time - self._quiet.time >= _QUIET_BEFORE_END:
            yield from self._end_movement()

    def _first_without_things(self, look: Look) -> Look | None:
        if self._at_rest is not None and self._at_rest.time > self._kept_at:
            # What stood still and then turned out to be bare ground was so from the beginning.
            return self._at_rest
        # The first look without movement may still show a heel: less than the gate takes for a
        # thing, but not the empty scene.
        is_second = self._is_clearing
        self._is_clearing = True
        return look if is_second else None

    def _leave_shot(self) -> Iterator[KeptFrame]:
        yield from self._keep_peak()
        self._become_still()
        self._cut_is_due = True

    def _keep_peak(self) -> Iterator[KeptFrame]:
        if self._peak is not None:
            look, seen = self._peak
            self._highest_kept = seen.movement.area
            yield self._keep(look, KeepReason.MOVEMENT_PEAK, seen.movement)

    def _end_movement(self) -> Iterator[KeptFrame]:
        if self._quiet is not None:
            if self._quiet.time > self._kept_at:  # else it was taken before, or kept already
                yield self._keep(self._quiet, KeepReason.MOVEMENT_END, _NOTHING)
            self._become_still()

    def _become_still(self) -> None:
        self._is_moving = self._is_clearing = False
        self._at_rest = self._quiet = None

    def _keep(self, look: Look, reason: KeepReason, movement: Movement) -> KeptFrame:
        self._kept_at, self._kept_picture, self._peak = look.time, look.picture, None
        return KeptFrame(look.time, reason, look.image(), movement)


def _has_passed(seconds: float, since: Fraction | None, look: Look) -> bool:
    return since is None or look.time - since >= as_typed(seconds)
