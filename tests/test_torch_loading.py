"""Where torch computes and with how many digits, and what is said where it cannot."""

import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `models` is not installed")
pytest.importorskip("transformers", reason="the extra `models` is not installed")

from mmrag_video.errors import ModelError  # noqa: E402
from mmrag_video.models.torch_loading import (  # noqa: E402
    chosen_device,
    chosen_precision,
    prepare_torch,
    unit,
)
from mmrag_video.settings import ModelSettings  # noqa: E402

CPU, GPU = torch.device("cpu"), torch.device("cuda")
without_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")


@pytest.mark.parametrize("missing", ["torch", "transformers"])
def test_without_its_packages_the_remedy_is_named(monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ModelError, match=r"The model siglip2 needs .*'mmrag-video\[models\]'"):
        prepare_torch("siglip2", threads=0)


def test_the_cpu_is_taken_where_it_is_asked_for():
    assert chosen_device(ModelSettings(device="cpu")) == CPU


@without_gpu
def test_without_a_gpu_auto_is_the_cpu_and_cuda_is_refused():
    assert chosen_device(ModelSettings()) == CPU
    with pytest.raises(ModelError, match=r"no GPU .* set model\.device to cpu"):
        chosen_device(ModelSettings(device="cuda"))


@pytest.mark.parametrize(
    ("precision", "device", "expected"),
    [
        ("auto", CPU, torch.float32),
        ("auto", GPU, torch.bfloat16),
        ("float16", GPU, torch.float16),
        ("bfloat16", CPU, torch.bfloat16),
        ("float32", GPU, torch.float32),
    ],
)
def test_the_precision_follows_the_device_unless_it_is_set(precision, device, expected):
    assert chosen_precision(ModelSettings(precision=precision), device) == expected


@pytest.mark.parametrize("vector", [[0.0, 0.0], [float("nan"), 1.0], [float("inf"), 1.0]], ids=str)
def test_a_vector_without_direction_is_refused(vector):
    with pytest.raises(ModelError, match=r"without direction: its weights in model\.path"):
        unit(np.array(vector, np.float32))
