"""Pictures as Qwen3-VL takes them: how large, which pixels, in which order."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from PIL import Image as Pictures

from mmrag_video.errors import ModelError
from mmrag_video.models.qwen3_vl.pictures import (
    Patches,
    frame_of_run,
    run,
    run_size,
    still,
)
from mmrag_video.video.frames import Image

SIDE = st.integers(1, 700)
BUDGET = st.sampled_from([16, 100, 256, 512, 1800])


def picture(height: int, width: int, seed: int = 0) -> Image:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def put_together(patches: Patches) -> list[Image]:
    """The frames that were cut into these patches."""
    steps, down, across = patches.grid
    frames = patches.pixels.shape[2]
    tokens = patches.pixels.reshape(steps, down // 2, across // 2, 2, 2, 3, frames, 16, 16)
    whole = tokens.transpose(0, 6, 1, 3, 7, 2, 4, 8, 5)
    return list(whole.reshape(steps * frames, down * 16, across * 16, 3))


@pytest.mark.parametrize(
    ("height", "width", "most_tokens", "token_grid"),
    [
        (540, 960, 256, (12, 21)),
        (540, 960, 512, (17, 30)),
        (1080, 1920, 256, (12, 21)),
        (576, 704, 256, (14, 17)),
        (512, 512, 256, (16, 16)),
        (1024, 1024, 256, (16, 16)),
        (48, 80, 256, (2, 2)),
        (1, 1, 256, (2, 2)),
        (4, 700, 256, (1, 22)),
    ],
)
def test_a_picture_gets_the_tokens_that_the_vendors_code_gives_it(
    height, width, most_tokens, token_grid
):
    assert still(picture(height, width), most_tokens).token_grid == token_grid


@given(height=SIDE, width=SIDE, most_tokens=BUDGET)
def test_a_picture_takes_no_more_tokens_than_it_may_unless_it_is_very_long(
    height, width, most_tokens
):
    assume(max(height, width) <= 200 * min(height, width))
    rows, columns = still(np.zeros((height, width, 3), np.uint8), most_tokens).token_grid
    assert rows * columns <= most_tokens or min(rows, columns) == 1
    assert rows * columns >= 4


@given(height=st.integers(40, 700), width=st.integers(40, 700), most_tokens=BUDGET)
def test_a_picture_keeps_its_pixels_as_pillow_resizes_them(height, width, most_tokens):
    image = picture(height, width)
    patches = still(image, most_tokens)
    _, down, across = patches.grid
    resized = Pictures.fromarray(image).resize(
        (across * 16, down * 16), Pictures.Resampling.BICUBIC
    )
    [found] = put_together(patches)
    assert np.array_equal(found, np.asarray(resized))


def test_the_four_patches_of_a_token_stand_together():
    image = np.zeros((64, 96, 3), np.uint8)
    image[32:, 64:] = 200  # the last token of six
    patches = still(image, 256)
    assert [int(patch.max()) for patch in patches.pixels] == [0] * 20 + [200] * 4


def test_a_picture_far_too_long_is_refused():
    with pytest.raises(ModelError, match="603 x 3 pixels is more than 200 times as long"):
        still(picture(3, 603), 256)


# Runs of frames. They are resized by torch.


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="the extra `models` is not installed")


@pytest.mark.parametrize(
    ("height", "width", "frames", "most_tokens", "token_grid"),
    [
        (540, 960, 4, 256, (11, 21)),
        (540, 960, 64, 256, (11, 21)),
        (540, 960, 63, 1800, (11, 21)),
        (540, 960, 2, 1800, (16, 30)),
        (1080, 1920, 2, 1800, (20, 36)),
        (90, 160, 2, 256, (10, 14)),
    ],
)
def test_a_frame_of_a_run_gets_the_tokens_that_the_vendors_code_gives_it(
    height, width, frames, most_tokens, token_grid
):
    size = run_size(picture(height, width), frames, most_tokens)
    assert size.then == (32 * token_grid[0], 32 * token_grid[1])


@given(height=SIDE, width=SIDE, frames=st.integers(2, 64), most_tokens=BUDGET)
def test_a_frame_of_a_run_takes_no_more_tokens_than_it_may_unless_it_is_very_long(
    height, width, frames, most_tokens
):
    assume(max(height, width) <= 5 * min(height, width))
    rows, columns = (
        side // 32
        for side in run_size(np.zeros((height, width, 3), np.uint8), frames, most_tokens).then
    )
    assert rows * columns <= most_tokens


def test_the_longest_run_stays_under_the_length_that_is_read():
    rows, columns = (side // 32 for side in run_size(picture(540, 960), 64, 1800).then)
    assert 32 * rows * columns <= 7680


def test_two_frames_share_their_patches_and_an_odd_one_is_its_own_neighbour(torch):
    frames = [picture(64, 96, seed) for seed in range(3)]
    patches = run(frames)
    assert patches.grid == (2, 4, 6)
    assert np.array_equal(put_together(patches), [*frames, frames[2]])


def test_a_frame_of_a_run_is_nearly_what_pillow_makes_of_it(torch):
    image = np.linspace(0, 255, 270 * 480 * 3).reshape(270, 480, 3).astype(np.uint8)
    size = run_size(image, 2, 256)
    pillow = Pictures.fromarray(image)
    for height, width in (size.first, size.then):
        pillow = pillow.resize((width, height), Pictures.Resampling.BICUBIC)
    found = frame_of_run(image, size)
    assert np.abs(found.astype(int) - np.asarray(pillow)).max() <= 1
