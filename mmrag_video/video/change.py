"""What differs between two small pictures of one scene that a change of light does not explain."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from mmrag_video.video.sampled import Box
from mmrag_video.video.small_picture import Mask, Plane, SmallPicture

Patches = NDArray[np.int32]
"""(height, width), the number of the patch a pixel belongs to, from 1; 0 where there is none."""

_STRUCTURE_CHANGED = 0.35
"""Share of a patch's texture that must be new for it to be a thing: 0 where the same edges are
there as before, about 1 where other edges are, or where edges came, went or moved. Of the changes
of light below, 13 of 132 are taken for a thing at 0.35, 17 at 0.3 and 28 at 0.2; people with a
shadow begin to be missed at 0.45."""
_STRONG = 2.0
"""Times the threshold. Of 132 synthetic changes of light (lamps, cloud edges, shadows, gain, gamma,
each in six scenes with and without noise) 1, 4 and 8 show a thing at 2, 3 and 4 times."""
_TEXTURE_NOISE = 0.05
"""Added texture energy a pixel, so that noise on a flat wall is not taken for new structure:
noise of one grey level there has (1 / 5)² = 0.04."""
_SURROUNDINGS = np.ones((5, 5), np.uint8)
"""A patch is judged with two pixels around it: a plain thing's texture is in its outline."""


@dataclass(frozen=True)
class Change:
    """The difference between a reference picture and the current one."""

    things: Mask
    """Pixels of things that came, went or moved."""
    light: Mask
    """Pixels that are brighter or darker with the same structure: lamps, shadows, clouds."""
    patches: Patches
    """Of things alone, their surroundings included."""
    reference_now: Plane
    """The reference's brightness under the current picture's light."""

    @property
    def area(self) -> float:
        """Share of the picture, 0 to 1."""
        return float(np.count_nonzero(self.things)) / self.things.size

    @property
    def box(self) -> Box | None:
        """Around all things; None where there are none."""
        rows, columns = np.nonzero(self.things)
        if rows.size == 0:
            return None
        height, width = self.things.shape
        return (
            float(columns.min()) / width,
            float(rows.min()) / height,
            float(columns.max() + 1) / width,
            float(rows.max() + 1) / height,
        )

    def without(self, settled: Mask) -> "Change":
        """The same change when these pixels' things belong to the scene."""
        return replace(
            self, things=self.things & ~settled, patches=np.where(settled, 0, self.patches)
        )


def change_between(
    reference: SmallPicture,
    current: SmallPicture,
    threshold: Plane | float,
    smallest: int,
    watched: Mask,
) -> Change:
    """Finds the things of at least `smallest` pixels that differ by over `threshold` grey levels.

    `threshold` may differ from pixel to pixel; only pixels in `watched` count.
    """
    gain, offset = _light_between(reference.grey, current.grey, watched)
    reference_now = reference.grey * np.float32(gain) + np.float32(offset)
    step = np.abs(current.grey - reference_now)
    differs = (step > threshold) & watched
    if not differs.any():
        return Change(differs, differs, np.zeros(differs.shape, np.int32), reference_now)
    patches, light = _things(reference, current, differs, smallest)
    if light.any():
        # A thing may lie in a patch of light: its shadow, or the exposure that follows it.
        strong = light & (step > _STRONG * threshold)
        strong_patches, _ = _things(reference, current, strong, smallest)
        patches = np.where(strong_patches > 0, strong_patches + patches.max(), patches)
        light = light & (strong_patches == 0)
    return Change(differs & ~light & (patches > 0), light, patches, reference_now)


def _things(
    reference: SmallPicture, current: SmallPicture, differs: Mask, smallest: int
) -> tuple[Patches, Mask]:
    """The patches of `differs` that are things of at least `smallest` pixels, and what is light."""
    patches = _patches(differs)
    sizes = np.bincount(patches[differs], minlength=patches.max() + 1)
    is_new = _novelty(reference, current, patches) >= _STRUCTURE_CHANGED
    is_thing = is_new & (sizes >= smallest)
    is_thing[0] = False
    return np.where(is_thing[patches], patches, 0), differs & ~is_new[patches]


def _light_between(reference: Plane, current: Plane, watched: Mask) -> tuple[float, float]:
    """Gain and offset of the light, fitted to the half of the picture that changed least.

    Things that move disturb the fit until they cover half of what is watched. Every second pixel
    of every second line is enough.
    """
    inside = watched[::2, ::2]
    before, now = reference[::2, ::2][inside], current[::2, ::2][inside]
    if before.size == 0:
        return 1.0, 0.0
    gain, offset = 1.0, float(np.median(now - before))
    for _ in range(2):
        residual = np.abs(now - (before * gain + offset))
        steady = residual <= np.median(residual)
        gain, offset = _line(before[steady], now[steady])
    return gain, offset


def _line(x: Plane, y: Plane) -> tuple[float, float]:
    """Least squares. A picture without contrast has no gain that could be known: 1."""
    mean_x, mean_y = float(x.mean()), float(y.mean())
    centred = x - mean_x
    variance = float(np.dot(centred, centred)) / x.size
    if variance < 1.0:
        return 1.0, mean_y - mean_x
    gain = float(np.dot(centred, y - mean_y)) / x.size / variance
    # A camera's exposure and infrared switch stay well within these; beyond, the fit has failed.
    gain = min(max(gain, 0.25), 4.0)
    return gain, mean_y - gain * mean_x


def _patches(differs: Mask) -> Patches:
    """Connected differing pixels, two pixels of surroundings included, numbered from 1."""
    grown = cv2.dilate(differs.astype(np.uint8), _SURROUNDINGS)
    _, patches = cv2.connectedComponents(grown, connectivity=8)
    return np.asarray(patches, dtype=np.int32)


def _novelty(reference: SmallPicture, current: SmallPicture, patches: Patches) -> Plane:
    """For each patch the energy of its texture's difference against that of both textures."""
    numbers = patches.ravel()
    difference = current.texture - reference.texture
    energy = current.texture**2 + reference.texture**2 + np.float32(_TEXTURE_NOISE)
    changed = np.bincount(numbers, (difference**2).ravel())
    present = np.bincount(numbers, energy.ravel())
    return np.asarray(changed / present, dtype=np.float32)
