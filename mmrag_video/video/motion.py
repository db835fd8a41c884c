"""The motion gate: what moves in a recording, look by look, whatever the light does."""

from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np

from mmrag_video.video.background import Background
from mmrag_video.video.change import Change, change_between
from mmrag_video.video.sampled import Movement, SamplerSettings
from mmrag_video.video.small_picture import Plane, SmallPicture, watched_area

_COARSEST_CONTRAST, _FINEST_CONTRAST = 20.0, 5.0
"""Grey levels a thing must differ from the background, at sensitivity 0 and 1."""
_COARSEST_SHARE, _FINEST_SHARE = 0.01, 0.0001
"""Share of the picture a thing must cover, at sensitivity 0 and 1. Half way, 0.001 is a square of
45 pixels in a 1080p picture, about the upper body of a person thirty metres away."""
_FEWEST_PIXELS = 3
_ABOVE_NOISE = 5.0
"""A pixel's noise is its mean absolute step; normal noise exceeds five times that, four standard
deviations of a step, once in a picture of 14,400 pixels, and never in a patch."""

_NEW_SHARE = 0.5
"""A thing looks new once the pixels that changed make up half of it: a person who has gone a
quarter of his own width, but not one who shifts from one foot to the other (about 0.3)."""

_CUT_NOVELTY = 0.85
"""Texture that is new over the whole picture; unrelated pictures have about 1. Measured on edited
footage: 0.91 to 1.03 across cuts, 0.1 to 0.7 within shots, also those with a moving camera."""
_CUT_AREA = 0.5
_CUT_LAYOUT = 0.5
"""Correlation of 16 x 9 mean brightnesses; -0.3 to 0.4 across cuts, mostly over 0.6 within."""
_LAYOUT_SIZE = (16, 9)


@dataclass(frozen=True)
class Seen:
    """What one look showed."""

    picture: SmallPicture
    movement: Movement
    things: Change
    """Against the background."""
    is_active: bool
    """Something differs from the look before as well, so it does not just stand there."""
    is_cut: bool
    """The picture has nothing to do with the one before: another shot, or the camera was turned."""


class MotionGate:
    """Judges looks at one recording in order of time."""

    def __init__(self, first: SmallPicture, time: Fraction, settings: SamplerSettings) -> None:
        shape = (first.grey.shape[0], first.grey.shape[1])
        self._watched = watched_area(shape, settings.region, settings.masks)
        self._contrast = _between(_COARSEST_CONTRAST, _FINEST_CONTRAST, settings.sensitivity)
        share = _between(_COARSEST_SHARE, _FINEST_SHARE, settings.sensitivity)
        self._smallest = max(_FEWEST_PIXELS, round(share * first.grey.size))
        self._background = Background(first, time)
        self._last = first

    def look(self, picture: SmallPicture, time: Fraction) -> Seen:
        """Judges the next look and learns from it."""
        since_last = self._change(self._last, picture)
        is_cut = _is_cut(self._last, picture, since_last)
        if is_cut:
            self._background = Background(picture, time)
        things = self._change(self._background.picture, picture)
        settled = self._background.learn(picture, things, time, self._watched)
        things = things.without(settled)
        self._last = picture
        return Seen(
            picture=picture,
            movement=Movement(things.area, things.box),
            things=things,
            is_active=bool(since_last.things.any()),
            is_cut=is_cut,
        )

    def differs(self, picture: SmallPicture) -> bool:
        """Whether something moved between the last look and this picture. Nothing is learned."""
        return bool(self._change(self._last, picture).things.any())

    def is_new(self, kept: SmallPicture, seen: Seen) -> bool:
        """Whether a look shows its things otherwise than the kept picture does."""
        changed = self._change(kept, seen.picture).things
        touched = np.unique(seen.things.patches[changed])
        concerned = seen.things.things & np.isin(seen.things.patches, touched[touched > 0])
        share_needed = _NEW_SHARE * float(np.count_nonzero(concerned))
        return bool(changed.any()) and float(np.count_nonzero(changed)) >= share_needed

    def _change(self, reference: SmallPicture, picture: SmallPicture) -> Change:
        threshold: Plane = np.maximum(self._contrast, _ABOVE_NOISE * self._background.noise)
        return change_between(reference, picture, threshold, self._smallest, self._watched)


def _between(coarse: float, fine: float, sensitivity: float) -> float:
    """Equal steps of sensitivity multiply by equal factors."""
    return float(coarse * (fine / coarse) ** sensitivity)


def _is_cut(before: SmallPicture, now: SmallPicture, change: Change) -> bool:
    return (
        change.area >= _CUT_AREA
        and _novelty(before, now) >= _CUT_NOVELTY
        and _layout_correlation(before, now) < _CUT_LAYOUT
    )


def _novelty(before: SmallPicture, now: SmallPicture) -> float:
    energy = float(np.square(before.texture).sum() + np.square(now.texture).sum())
    difference = float(np.square(now.texture - before.texture).sum())
    return difference / energy if energy > 0 else 0.0


def _layout_correlation(before: SmallPicture, now: SmallPicture) -> float:
    a, b = (
        cv2.resize(picture.grey, _LAYOUT_SIZE, interpolation=cv2.INTER_AREA).ravel()
        for picture in (before, now)
    )
    a, b = a - a.mean(), b - b.mean()
    norm = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / norm if norm > 0 else 0.0
