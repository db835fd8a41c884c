"""The motion gate: people and cars are movement; lamps, clouds, noise and masked places are not."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from mmrag_video.video.motion import MotionGate, Seen
from mmrag_video.video.sampled import SamplerSettings
from mmrag_video.video.small_picture import GreyImage, small_picture, small_shape, watched_area

HEIGHT, WIDTH = 360, 640
Brightness = NDArray[np.float64]
DEFAULT = SamplerSettings()
LOOK = Fraction(1, 5)
"""Seconds between the looks of these tests."""


def place(seed: int = 3) -> Brightness:
    """A textured view, without anybody in it."""
    coarse = np.random.default_rng(seed).uniform(50, 200, (HEIGHT // 20, WIDTH // 20))
    return np.kron(coarse, np.ones((20, 20)))


@dataclass(frozen=True)
class Somebody:
    """A dark figure with a light coat, `size` (height, width) in pixels."""

    size: tuple[int, int] = (120, 40)

    def at(self, view: Brightness, left: int, top: int = 150) -> Brightness:
        """The view with the figure in it."""
        height, width = self.size
        picture = view.copy()
        picture[top : top + height, left : left + width] = 20
        picture[top + height // 4 : top + height // 2, left : left + width] = 235
        return picture


def encoded(view: Brightness, noise: float = 0, seed: int = 0) -> GreyImage:
    grain = np.random.default_rng(seed).normal(0, noise, view.shape) if noise else 0
    return np.clip(view + grain, 0, 255).astype(np.uint8)


class Watch:
    """A gate that is shown one picture every LOOK seconds."""

    def __init__(self, first: Brightness, settings: SamplerSettings = DEFAULT, noise: float = 0):
        self._shape = small_shape(*first.shape)
        self._noise = noise
        self._looks = 0
        self._gate = MotionGate(self._small(first), Fraction(0), settings)

    def see(self, view: Brightness, after: Fraction = LOOK) -> Seen:
        """The next look, `after` seconds after the last."""
        self._time = getattr(self, "_time", Fraction(0)) + after
        return self._gate.look(self._small(view), self._time)

    def see_still(self, view: Brightness, seconds: float) -> list[Seen]:
        return [self.see(view) for _ in range(int(seconds / LOOK))]

    def _small(self, view: Brightness):  # type: ignore[no-untyped-def]
        self._looks += 1
        return small_picture(encoded(view, self._noise, self._looks), self._shape)


def lights() -> Iterator[tuple[str, Brightness]]:
    """The same place under other lights."""
    view = place()
    down, right = np.mgrid[0:HEIGHT, 0:WIDTH]
    lamp = np.exp(-(((right - 200) / 130) ** 2) - ((down - 150) / 110) ** 2)
    yield "longer exposure", view * 1.5
    yield "shorter exposure", view * 0.5
    yield "other gamma", 255 * (view / 255) ** 0.6
    yield "infrared, another contrast curve", 255 / (1 + np.exp(-(view - 110) / 40))
    yield "a lamp in one corner", view * (1 + lamp)
    yield "a cloud over half the view", view * (1 - 0.5 / (1 + np.exp(-(right - 320) / 20)))


LIGHTS = dict(lights())


@pytest.mark.parametrize("light", LIGHTS)
def test_a_change_of_light_is_not_movement(light: str) -> None:
    watch = Watch(place())
    watch.see_still(place(), 2)
    seen = [watch.see(LIGHTS[light]) for _ in range(20)]
    assert [look.movement.area for look in seen] == [0.0] * 20
    assert not any(look.is_cut for look in seen)


@pytest.mark.parametrize("light", LIGHTS)
def test_who_walks_in_while_the_light_changes_is_seen_as_soon_as_it_is_steady(light: str) -> None:
    watch = Watch(place())
    watch.see_still(place(), 2)
    watch.see_still(LIGHTS[light], 4)
    assert watch.see(Somebody().at(LIGHTS[light], 300)).movement.area > 0


def test_movement_has_the_area_and_the_box_of_what_moves() -> None:
    watch = Watch(place())
    watch.see_still(place(), 1)
    movement = watch.see(Somebody(size=(120, 40)).at(place(), left=320, top=180)).movement
    assert movement.area == pytest.approx(120 * 40 / (HEIGHT * WIDTH), rel=0.35)
    assert movement.box == pytest.approx((0.5, 0.5, 0.5625, 0.8333), abs=0.015)


def test_the_empty_scene_after_somebody_left_is_quiet_at_once() -> None:
    watch = Watch(place())
    for left in range(40, 600, 40):
        assert watch.see(Somebody().at(place(), left)).movement.area > 0
    assert watch.see(place()).movement.area == 0


def test_a_grainy_night_picture_is_not_always_moving_and_still_shows_people() -> None:
    night = place() * 0.3
    watch = Watch(night, noise=25)
    still = watch.see_still(night, 10)
    assert sum(look.movement.area > 0 for look in still) == 0
    assert watch.see(Somebody().at(night, 300)).movement.area > 0


def test_a_person_who_stands_still_for_half_a_minute_stays_in_the_foreground() -> None:
    watch = Watch(place())
    watch.see_still(place(), 1)
    waiting = watch.see_still(Somebody().at(place(), 300), 30)
    assert all(look.movement.area > 0 for look in waiting)
    assert not waiting[-1].is_active


def test_a_parked_car_belongs_to_the_scene_after_a_minute() -> None:
    watch = Watch(place())
    parked = Somebody(size=(60, 140)).at(place(), 300)
    assert watch.see(parked).movement.area > 0
    assert watch.see_still(parked, 65)[-1].movement.area == 0


def test_bare_ground_that_a_car_left_behind_is_not_movement() -> None:
    street = place() * 0.1 + 100
    watch = Watch(Somebody(size=(60, 140)).at(street, 300))
    left_behind = watch.see_still(street, 3)
    assert left_behind[0].movement.area > 0
    assert left_behind[-1].movement.area == 0


def test_leaves_in_the_wind_become_noise() -> None:
    watch = Watch(place())
    leaves = np.random.default_rng(5)
    for _ in range(300):
        view = place()
        view[40:120, 400:520] += leaves.normal(0, 30, (8, 12)).repeat(10, 0).repeat(10, 1)
        seen = watch.see(view)
    assert seen.movement.area == 0
    assert watch.see(Somebody().at(place(), 100)).movement.area > 0


def test_only_the_region_counts() -> None:
    left_half = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
    watch = Watch(place(), replace(DEFAULT, region=left_half))
    assert watch.see(Somebody().at(place(), 500)).movement.area == 0
    assert watch.see(Somebody().at(place(), 100)).movement.area > 0


def test_masks_do_not_count() -> None:
    clock = ((0.7, 0.0), (1.0, 0.0), (1.0, 0.2), (0.7, 0.2))
    watch = Watch(place(), replace(DEFAULT, masks=(clock,)))
    changing_digits = Somebody(size=(40, 30))
    assert watch.see(changing_digits.at(place(), left=520, top=10)).movement.area == 0
    assert watch.see(Somebody().at(place(), 100)).movement.area > 0


def test_a_region_and_a_mask_are_polygons_in_shares_of_the_picture() -> None:
    triangle = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))
    watched = watched_area((90, 160), triangle, (((0.0, 0.0), (0.2, 0.0), (0.2, 0.2), (0.0, 0.2)),))
    assert watched[30, 60] and not watched[80, 150] and not watched[5, 5]


@pytest.mark.parametrize(("sensitivity", "is_seen"), [(0.0, False), (0.5, True), (1.0, True)])
def test_sensitivity_decides_how_small_a_thing_may_be(sensitivity: float, is_seen: bool) -> None:
    watch = Watch(place(), replace(DEFAULT, sensitivity=sensitivity))
    watch.see_still(place(), 1)
    far_away = Somebody(size=(44, 20))
    assert (watch.see(far_away.at(place(), 300)).movement.area > 0) is is_seen


def test_another_shot_is_a_cut_and_starts_with_a_clean_background() -> None:
    watch = Watch(place())
    watch.see_still(place(), 1)
    first, *others = watch.see_still(place(seed=9), 1)
    assert first.is_cut and first.movement.area == 0
    assert not any(look.is_cut or look.movement.area > 0 for look in others)


def test_somebody_who_comes_in_is_not_a_cut() -> None:
    watch = Watch(place())
    filling_half = Somebody(size=(330, 320)).at(place(), left=160, top=20)
    assert not watch.see(filling_half).is_cut


def test_a_step_aside_is_new_and_a_shift_of_weight_is_not() -> None:
    gate_shape = small_shape(HEIGHT, WIDTH)

    def small(left: int):  # type: ignore[no-untyped-def]
        return small_picture(encoded(Somebody().at(place(), left)), gate_shape)

    gate = MotionGate(small_picture(encoded(place()), gate_shape), Fraction(0), DEFAULT)
    gate.look(small(300), LOOK)
    assert gate.is_new(small(300), gate.look(small(330), 2 * LOOK))
    assert not gate.is_new(small(330), gate.look(small(334), 3 * LOOK))


@pytest.mark.parametrize("size", [(4, 4), (2, 640), (1080, 1920)])
def test_any_size_of_picture_will_do(size: tuple[int, int]) -> None:
    black, white = np.zeros(size), np.full(size, 255.0)
    watch = Watch(black)
    assert watch.see(black).movement.area == 0
    watch.see(white)
