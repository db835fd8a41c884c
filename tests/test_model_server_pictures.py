"""The size of the pictures that a model server is sent."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from mmrag_video.models.qwen3_vl.sizes import EDGE
from mmrag_video.models.server.pictures import picture_file, sent_size


@given(height=st.integers(1, 4000), width=st.integers(1, 4000), tokens=st.integers(4, 1800))
def test_any_picture_becomes_whole_cells_within_the_budget(height, width, tokens):
    fitted_height, fitted_width = sent_size(height, width, tokens)
    assert fitted_height % EDGE == fitted_width % EDGE == 0
    cells = fitted_height * fitted_width // EDGE**2
    assert 1 <= cells <= tokens


@given(height=st.integers(200, 2000), width=st.integers(200, 2000))
def test_a_picture_keeps_its_proportions_nearly(height, width):
    fitted_height, fitted_width = sent_size(height, width, 256)
    assert 0.6 < (fitted_width / fitted_height) / (width / height) < 1.6


@pytest.mark.parametrize(
    ("size", "tokens", "expected"),
    [
        ((540, 960), 256, (384, 672)),
        ((540, 960), 1800, (544, 960)),
        ((1080, 1920), 512, (512, 960)),
        ((240, 320), 256, (256, 320)),
        ((20, 20), 256, (64, 64)),
        ((16, 4000), 4, (32, 128)),
    ],
)
def test_a_picture_is_scaled_as_qwens_own_processor_scales_it(size, tokens, expected):
    """Sizes worked out by hand from the rule: 32-pixel cells, rounded, floored over the budget."""
    assert sent_size(*size, tokens) == expected
    image = np.zeros((*size, 3), dtype=np.uint8)
    assert Pillow.open(io.BytesIO(picture_file(image, tokens))).size == expected[::-1]
