"""The scene without what moves in it, learned while the recording is read."""

import math
from fractions import Fraction

import numpy as np

from mmrag_video.video.change import Change
from mmrag_video.video.small_picture import Mask, Plane, SmallPicture

_SETTLING = 10.0
"""Seconds in which the background follows slow changes such as daylight."""
_NEW_LIGHT = 2.0
"""Seconds in which it follows a lamp or a shadow. Not at once: the last of a person who leaves with
his shadow can be taken for light, and would stay behind in the background."""
_NOISE_MEMORY = 20.0
"""Seconds over which a pixel's noise is averaged, so that leaves in the wind become noise."""
_ABSORBED_AFTER = 60.0
"""Seconds after which a thing that stands still belongs to the scene: a person who waits for half
a minute does not, a parked car does in the end."""
_UNCOVERED_AFTER = 1.0
"""Seconds after which a patch whose outline is gone is taken for ground that was left behind."""
_OUTLINE_GONE = 0.6
"""Share of the background's edges along a patch that may be left where something went away."""
_MOSTLY = 0.8
"""Share of a patch that must be at rest: noise and compression move some of its pixels."""
_WHOLE_VIEW = 0.5
"""Share of the picture. More that differs and stands still means the camera looks elsewhere."""
_FIRST_NOISE = 2.0
"""Grey levels assumed before anything is known: a compressed picture by daylight has 0.5 to 2."""
_OUTLIER = 3.0
"""A pixel's step counts as noise at most this many times its noise, so that a person who passes
does not blind the place, while what never stops does raise its noise."""


class Background:
    """Brightness and noise of every pixel where nothing moves."""

    def __init__(self, picture: SmallPicture, time: Fraction) -> None:
        self.picture = picture
        self.noise = np.full_like(picture.grey, _FIRST_NOISE)
        """Grey levels, mean absolute step of a still pixel from one look to the next."""
        self._looks = 1
        self._last = picture.grey
        self._last_time = time
        self._waiting = picture.grey.copy()
        """What stands in front of the background."""
        self._waiting_since = np.full_like(picture.grey, float(time))

    def learn(self, picture: SmallPicture, change: Change, time: Fraction, watched: Mask) -> Mask:
        """Takes in one more look. Gives the pixels whose things became part of the scene."""
        elapsed = float(time - self._last_time)
        still_for = self._follow_what_waits(picture.grey, float(time))
        self._follow_noise(picture.grey, elapsed)
        settled = self._settled(picture, change, still_for, watched)
        share = np.full_like(picture.grey, _share_learned(elapsed, _SETTLING))
        share[change.light] = _share_learned(elapsed, _NEW_LIGHT)
        share[change.things] = 0
        share[settled] = 1
        self.picture = SmallPicture(
            change.reference_now + share * (picture.grey - change.reference_now)
        )
        self._last, self._last_time = picture.grey, time
        return settled

    def _follow_what_waits(self, grey: Plane, time: float) -> Plane:
        """Seconds for which each pixel has shown the same."""
        moved = np.abs(grey - self._waiting) > 4 * self.noise + 4
        self._waiting[moved] = grey[moved]
        self._waiting_since[moved] = time
        return np.asarray(time - self._waiting_since, dtype=np.float32)

    def _follow_noise(self, grey: Plane, elapsed: float) -> None:
        self._looks += 1
        share = max(1 / self._looks, _share_learned(elapsed, _NOISE_MEMORY))
        step = np.minimum(np.abs(grey - self._last), _OUTLIER * self.noise + 1)
        self.noise += (step - self.noise) * np.float32(share)

    def _settled(
        self, picture: SmallPicture, change: Change, still_for: Plane, watched: Mask
    ) -> Mask:
        settled = change.things & (still_for >= _ABSORBED_AFTER)
        at_rest = change.things & (still_for >= _UNCOVERED_AFTER)
        if not at_rest.any():
            return settled
        if np.count_nonzero(at_rest) > _WHOLE_VIEW * np.count_nonzero(watched):
            return change.things.copy()
        return settled | self._left_behind(picture, change, at_rest)

    def _left_behind(self, picture: SmallPicture, change: Change, at_rest: Mask) -> Mask:
        """Patches at rest whose outline the background shows and the picture does not.

        Where a car that was there from the start drives away, the difference to the learned
        background stays for ever; but the edges around it are the background's.
        """
        patches = change.patches
        count = int(patches.max()) + 1
        edges_now = np.bincount(patches.ravel(), _edges(picture.grey).ravel())
        edges_before = np.bincount(patches.ravel(), _edges(change.reference_now).ravel())
        resting = np.bincount(patches[at_rest], minlength=count)
        whole = np.bincount(patches[change.things], minlength=count)
        gone = (edges_now < _OUTLINE_GONE * edges_before) & (resting > _MOSTLY * whole)
        gone[0] = False
        return change.things & gone[patches]


def _edges(grey: Plane) -> Plane:
    down, right = np.gradient(grey)
    return np.asarray(np.hypot(down, right), dtype=np.float32)


def _share_learned(elapsed: float, memory: float) -> float:
    return 1 - math.exp(-elapsed / memory)
