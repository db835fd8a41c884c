"""Which frames of a recording are kept, judged on real files."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from mmrag_video.errors import RecordingError
from mmrag_video.video.frames import Image
from mmrag_video.video.pyav_reader import PyavReader
from mmrag_video.video.sampled import KeepReason, SampledFrame, SamplerSettings
from mmrag_video.video.sampler import sample
from tests.footage import (
    FAST_X264,
    Encoding,
    Scene,
    cut_short,
    number_in,
    scene_picture,
    steadily,
    write_numbered,
    write_pictures,
    write_scene,
    write_sound_only,
)

DEFAULT = SamplerSettings()
WALK = Scene(seconds=20, movements=((6.0, 11.0),))
"""Nobody, then a figure that crosses the picture in five seconds, then nobody."""


def sampled(path: Path, settings: SamplerSettings = DEFAULT) -> list[SampledFrame]:
    return list(sample(path, settings))


def times(frames: list[SampledFrame], *reasons: KeepReason) -> list[float]:
    """When frames kept for these reasons are shown; for any reason if none is named."""
    return [float(frame.time) for frame in frames if not reasons or frame.reason in reasons]


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("walk") / "walk.mp4"
    write_scene(path, WALK)
    return path


def test_kept_frames_cover_the_recording_without_gap_or_overlap(walk: Path) -> None:
    frames = sampled(walk)
    assert frames[0].time == 0
    for frame, following in pairwise(frames):
        assert frame.time < frame.valid_until == following.time
    assert frames[-1].valid_until == PyavReader(walk).facts.duration


def test_the_first_frame_is_always_kept(walk: Path) -> None:
    assert sampled(walk)[0].reason is KeepReason.FIRST


def test_movement_is_kept_from_its_start_to_the_empty_scene_after_it(walk: Path) -> None:
    frames = sampled(walk)
    assert times(frames, KeepReason.MOVEMENT_START) == pytest.approx([6.0], abs=0.21)
    assert times(frames, KeepReason.MOVEMENT_END) == pytest.approx([11.2], abs=0.21)
    during = times(frames, KeepReason.MOVEMENT, KeepReason.MOVEMENT_PEAK)
    assert len(during) == pytest.approx(2 * 5, abs=3), "two a second while it crosses"
    assert all(6 < time < 11 for time in during)


def test_the_movement_of_a_kept_frame_says_where_it_is(walk: Path) -> None:
    crossing = [frame for frame in sampled(walk) if frame.reason is KeepReason.MOVEMENT]
    lefts = [frame.movement.box[0] for frame in crossing if frame.movement.box]
    assert len(lefts) == len(crossing)
    assert lefts == sorted(lefts), "it goes from left to right"
    assert all(0.02 < frame.movement.area < 0.12 for frame in crossing)  # it covers 1/18


def test_a_still_scene_gives_its_first_frame_and_heartbeats(tmp_path: Path) -> None:
    path = tmp_path / "still.mp4"
    write_scene(path, Scene(seconds=35, rate=5, noise=3))
    frames = sampled(path, replace(DEFAULT, heartbeat=10))
    assert times(frames) == pytest.approx([0, 10, 20, 30], abs=2.0)
    assert {frame.reason for frame in frames[1:]} == {KeepReason.HEARTBEAT}


@pytest.mark.parametrize(
    ("noise", "b_frames"), [(0, 0), (0, 2), (12, 0)], ids=["plain", "b-frames", "noisy"]
)
def test_who_passes_between_two_keyframes_is_not_missed(
    tmp_path: Path, noise: float, b_frames: int
) -> None:
    path = tmp_path / "passing.mp4"
    scene = Scene(seconds=24, rate=20, noise=noise, movements=((12.5, 13.3),))
    options = {**FAST_X264, "b-adapt": "0"}
    write_scene(path, scene, Encoding(rate=20, gop=40, b_frames=b_frames, codec_options=options))
    assert times(sampled(path), KeepReason.MOVEMENT_START) == pytest.approx([12.5], abs=0.21)


@pytest.mark.parametrize("gop", [1, 5, 40, 400])
def test_what_is_kept_does_not_depend_on_how_often_keyframes_come(tmp_path: Path, gop: int) -> None:
    path = tmp_path / "walk.mp4"
    write_scene(path, WALK, Encoding(rate=10, gop=gop, codec_options=FAST_X264))
    frames = sampled(path)
    assert times(frames, KeepReason.MOVEMENT_START) == pytest.approx([6.0], abs=0.21)
    assert times(frames, KeepReason.MOVEMENT_END) == pytest.approx([11.2], abs=0.21)


def test_a_change_of_light_keeps_nothing(tmp_path: Path) -> None:
    path = tmp_path / "lamp.mp4"
    write_scene(path, Scene(seconds=20, light=((7.3, 1.5), (14.1, 0.6))))
    assert times(sampled(path)) == [0]


def standing(seconds: int, rate: int = 10) -> list[tuple[int, Image]]:
    """Somebody comes in after two seconds and stands there until two seconds before the end."""
    empty = scene_picture(Scene(seconds), Fraction(0))
    occupied = empty.copy()
    occupied[60:150, 140:180] = (30, 30, 160)
    occupied[60:80, 150:170] = (230, 190, 160)
    return [
        (frame * 1000 // rate, occupied if 2 * rate <= frame < (seconds - 2) * rate else empty)
        for frame in range(seconds * rate)
    ]


def test_who_stands_still_is_kept_every_few_seconds_not_every_half_second(tmp_path: Path) -> None:
    path = tmp_path / "standing.mp4"
    write_pictures(path, standing(24), Encoding(rate=10, gop=20, codec_options=FAST_X264))
    frames = sampled(path)
    assert times(frames, KeepReason.MOVEMENT_START) == pytest.approx([2.0], abs=0.21)
    assert times(frames, KeepReason.MOVEMENT_END) == pytest.approx([22.2], abs=0.21)
    present = [time for time in times(frames) if 2 <= time < 22]
    assert 4 <= len(present) <= 8
    assert max(np.diff([*present, 22])) <= 6.1  # four seconds, and the way to the next keyframe


def shots(seconds: float, count: int, rate: int = 20) -> list[tuple[int, Image]]:
    """A montage of textured pictures that have nothing to do with each other."""
    pictures = [
        np.kron(np.random.default_rng(n).integers(30, 220, (9, 16, 3)), np.ones((20, 20, 1)))
        for n in range(count)
    ]
    per_shot = int(seconds * rate)
    return [
        (frame * 1000 // rate, pictures[frame // per_shot].astype(np.uint8))
        for frame in range(count * per_shot)
    ]


def test_each_kept_frame_is_the_one_of_its_time_behind_an_edit_list(tmp_path: Path) -> None:
    recording = write_numbered(
        tmp_path / "cut.mp4", steadily(110, start=-1200), Encoding(b_frames=2, gop=50)
    )
    frames = sampled(recording.path)
    assert frames[0].time == 0
    assert frames[-1].valid_until == PyavReader(recording.path).facts.duration
    for frame in frames:
        assert recording.times[number_in(frame.image)] == frame.time


def test_every_shot_of_a_montage_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "montage.mp4"
    write_pictures(path, shots(0.6, count=8), Encoding(rate=20, gop=250, codec_options=FAST_X264))
    frames = sampled(path)
    assert {int(time / 0.6) for time in times(frames)} == set(range(8))
    assert len(times(frames, KeepReason.SCENE_CUT)) == 7


def test_the_kept_picture_is_the_recordings_own_scaled_down(walk: Path) -> None:
    frame = sampled(walk, replace(DEFAULT, frame_width=160))[3]
    assert frame.image.shape == (90, 160, 3)
    at_that_time = PyavReader(walk, width=160).frame_at(frame.time)
    assert at_that_time.time == frame.time
    assert np.array_equal(at_that_time.image, frame.image)


def test_interval_thins_out_the_frames_of_a_movement(walk: Path) -> None:
    often = times(sampled(walk, replace(DEFAULT, interval=0.2)), KeepReason.MOVEMENT)
    seldom = times(sampled(walk, replace(DEFAULT, interval=2)), KeepReason.MOVEMENT)
    assert len(often) > 3 * len(seldom) > 0


def test_an_interval_of_a_frame_passes_over_no_frame(walk: Path) -> None:
    # As a float 0.1 is a little more than the tenth of a second after which the next frame comes.
    kept = times(sampled(walk, replace(DEFAULT, interval=0.1)), KeepReason.MOVEMENT)
    tenths = [round(10 * time) for time in kept]
    assert {tenth % 2 for tenth in tenths} == {0, 1}


def test_movement_outside_of_the_region_keeps_nothing(walk: Path) -> None:
    ceiling = ((0.0, 0.0), (1.0, 0.0), (1.0, 0.25), (0.0, 0.25))
    assert times(sampled(walk, replace(DEFAULT, region=ceiling))) == [0]


def test_movement_under_a_mask_keeps_nothing(walk: Path) -> None:
    everything_below = ((0.0, 0.3), (1.0, 0.3), (1.0, 1.0), (0.0, 1.0))
    assert times(sampled(walk, replace(DEFAULT, masks=(everything_below,)))) == [0]


CONTAINERS = {
    "walk.mkv": Encoding(rate=10, gop=20, codec_options=FAST_X264),
    "walk.ts": Encoding(rate=10, gop=20, codec_options=FAST_X264),
    "walk.avi": Encoding(rate=10, gop=20, codec="mpeg4"),
    "b-frames.avi": Encoding(rate=10, gop=20, b_frames=2, codec_options=FAST_X264),
    "upright.mp4": Encoding(rate=10, gop=20, rotation=90, codec_options=FAST_X264),
    "ten-bit.mkv": Encoding(rate=10, gop=20, pixel_format="yuv420p10le", codec_options=FAST_X264),
    "grey.mkv": Encoding(rate=10, gop=20, pixel_format="gray", codec_options=FAST_X264),
    "fragmented.mp4": Encoding(
        rate=10,
        gop=20,
        codec_options=FAST_X264,
        container_options={"movflags": "frag_keyframe+empty_moov"},
    ),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_every_container_gives_the_same_movement(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write_scene(path, WALK, CONTAINERS[name])
    frames = sampled(path)
    assert times(frames, KeepReason.MOVEMENT_START) == pytest.approx([6.0], abs=0.31)
    assert times(frames, KeepReason.MOVEMENT_END) == pytest.approx([11.2], abs=0.31)
    assert frames[-1].valid_until == PyavReader(path).facts.duration
    widths = {frame.image.shape for frame in frames}
    assert widths == {(180, 320, 3)}, "turned like the first"


@pytest.mark.parametrize("name", ["walk.ts", "fragmented.mp4"])
def test_of_a_file_that_still_grows_what_is_there_is_sampled(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write_scene(path, WALK, CONTAINERS[name])
    cut_short(path, 0.7)
    frames = sampled(path)
    assert times(frames, KeepReason.MOVEMENT_START) == pytest.approx([6.0], abs=0.21)
    assert frames[-1].time < frames[-1].valid_until < 20


def test_a_single_frame_and_a_tiny_picture_are_recordings_too(tmp_path: Path) -> None:
    path = tmp_path / "tiny.mkv"
    write_pictures(path, [(0, np.full((4, 4, 3), 128, np.uint8))], Encoding(codec="ffv1"))
    (only,) = sampled(path)
    assert only.image.shape == (4, 4, 3)
    assert only.time == 0 <= only.valid_until


def test_progress_is_told_and_never_goes_back(walk: Path) -> None:
    told: list[Fraction] = []
    list(sample(walk, DEFAULT, told.append))
    assert told == sorted(told)
    assert len(told) > 5
    assert told[-1] == pytest.approx(20, abs=2.1)


def test_what_has_no_picture_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    write_sound_only(path)
    with pytest.raises(RecordingError, match="sound but no picture"):
        sampled(path)
