"""Dual encoders computed by ONNX Runtime say what the original says, and look before they start."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("transformers", reason="the extra `models` is not installed")
pytest.importorskip("onnxruntime", reason="the extra `onnx` is not installed")
pytest.importorskip("onnxscript", reason="the extra `onnx` is not installed")

from mmrag_video.errors import ModelError
from mmrag_video.models.base import Query
from mmrag_video.models.dual_encoder.variant import (
    ABOUT,
    Quantization,
    sha256,
)
from tests.exporting import FRAMES, embedder_of, vectors, write_variant
from tests.test_dual_encoder import WRITERS

Exported = Callable[[str, Quantization], Path]

# An export takes 5 to 10 s of CPU: of those that differ little, one is looked at each time.
ARCHITECTURES = [
    "clip",
    "naflex",
    pytest.param("siglip", marks=pytest.mark.slow),
    pytest.param("chinese-clip", marks=pytest.mark.slow),
]


@pytest.fixture(scope="module")
def originals(tmp_path_factory) -> Mapping[str, Path]:
    base = tmp_path_factory.mktemp("checkpoints")
    return {name: write(base / name) for name, write in WRITERS.items()}


@pytest.fixture(scope="module")
def exported(originals, tmp_path_factory) -> Exported:
    """The folder of an exported model, made when it is first asked for."""
    base = tmp_path_factory.mktemp("exported")

    @cache
    def folder(name: str, quantization: Quantization) -> Path:
        write_variant(originals[name], base / name / quantization, quantization)
        return base / name / quantization

    return folder


@pytest.fixture
def broken(exported, tmp_path) -> Path:
    """A copy to do harm to."""
    return Path(shutil.copytree(exported("clip", Quantization.INT8), tmp_path / "copy"))


def test_nothing_is_noted_of_the_user_outside_of_the_data_directory(exported, tmp_path):
    """ONNX Runtime would, for its makers."""
    folder = exported("clip", Quantization.NONE)
    code = f"""
from mmrag_video.models.registry import load_model
from mmrag_video.settings import ModelSettings
load_model(ModelSettings(name="dual-encoder", path={str(folder)!r}))
"""
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    kept = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    subprocess.run([sys.executable, "-c", code], env={**kept, **home}, check=True)
    assert list(tmp_path.rglob("*")) == []


def refusal(folder: Path, **settings: object) -> str:
    with pytest.raises(ModelError) as caught:
        embedder_of(folder, **settings)
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


def test_each_architecture_is_looked_at() -> None:
    assert {getattr(one, "values", (one,))[0] for one in ARCHITECTURES} == set(WRITERS)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_in_32_bit_floats_the_vectors_are_torchs(name, originals, exported):
    torchs = vectors(embedder_of(originals[name]))
    onnxs = vectors(embedder_of(exported(name, Quantization.NONE)))
    for expected, found in zip(torchs, onnxs, strict=True):
        assert found.dtype == np.float32
        assert np.abs(expected - found).max() < 1e-4


@pytest.mark.parametrize("name", ["clip", "naflex"])
def test_in_8_bits_they_are_near(name, originals, exported):
    torchs = vectors(embedder_of(originals[name]))
    onnxs = vectors(embedder_of(exported(name, Quantization.INT8)))
    for expected, found in zip(torchs, onnxs, strict=True):
        cosines = (expected * found).sum(axis=1)
        assert cosines.min() > 0.98  # noise and extremes, which were not compared at the export
        assert cosines.max() < 1 - 1e-7, "8 bits were not used"


def assert_frames_are_computed_alike_in_any_company(folder: Path) -> None:
    embedder = embedder_of(folder, threads=3)
    together = [found.vector for found in embedder.embed_frames(FRAMES)]
    backwards = [found.vector for found in embedder.embed_frames(FRAMES[::-1])][::-1]
    alone = [embedder.embed_frames([one])[0].vector for one in FRAMES]
    assert np.array_equal(together, backwards)
    assert np.array_equal(together, alone)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_alone_among_others_and_in_any_order_a_frame_has_the_same_vector(name, exported):
    assert_frames_are_computed_alike_in_any_company(exported(name, Quantization.NONE))


@pytest.mark.parametrize("name", ["clip", "naflex"])
def test_in_8_bits_too(name, exported):
    assert_frames_are_computed_alike_in_any_company(exported(name, Quantization.INT8))


def test_threads_may_ask_at_once(exported):
    embedder = embedder_of(exported("naflex", Quantization.INT8))
    texts = [f"a person with {n} bags" for n in range(24)]
    expected = [embedder.embed_query(Query(text=text)) for text in texts]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda text: embedder.embed_query(Query(text=text)), texts))
    assert np.array_equal(found, expected)


def test_another_index_is_needed_for_each_variant_and_the_same_for_the_same(originals, exported):
    identities = [
        embedder_of(originals["clip"]).identity,
        *(embedder_of(exported("clip", one)).identity for one in Quantization),
    ]
    assert len({tuple(sorted(identity.items())) for identity in identities}) == 3
    assert len({identity["weights"] for identity in identities}) == 1


def test_it_runs_without_torch_and_transformers(exported):
    folder = exported("naflex", Quantization.INT8)
    program = (
        "import sys\n"
        "sys.modules.update(torch=None, transformers=None)\n"
        "from mmrag_video.settings import ModelSettings\n"
        "from mmrag_video.models.base import Query\n"
        "from mmrag_video.models.registry import load_model\n"
        f"settings = ModelSettings(name='dual-encoder', path={str(folder)!r})\n"
        "print(load_model(settings).embedder.embed_query(Query(text='a car')).shape)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "(32,)\n"


def test_the_json_file_says_what_it_is(originals, exported):
    said = json.loads((exported("naflex", Quantization.INT8) / ABOUT).read_text())
    assert said["architecture"] == "Siglip2Model"
    assert said["quantization"] == "int8"
    assert said["weights"] == embedder_of(originals["naflex"]).identity["weights"]
    assert said["dimensions"] == 32
    assert said["pictures_compared"] == "drawn scenes"
    assert 0.99 <= said["agreement"]["pictures"]["worst"] <= 1
    assert 0.99 <= said["agreement"]["words"]["worst"] <= 1
    assert "onnxruntime" in said["made_by"]


# Folders that are not as they were written


@pytest.mark.parametrize("name", ["pictures.onnx", "words.onnx", "tokenizer.json", ABOUT])
def test_a_file_that_is_missing_is_named(broken, name):
    (broken / name).unlink()
    assert f"{broken} lacks {name}: export it again with `mmrag-video models export`" in refusal(
        broken
    )


@pytest.mark.parametrize("name", ["pictures.onnx", "words.onnx", "tokenizer.json"])
def test_a_file_cut_short_is_named(broken, name):
    (broken / name).write_bytes((broken / name).read_bytes()[:-10])
    assert f"The file {broken / name} is cut short or changed" in refusal(broken)


def test_a_damaged_json_file_is_named(broken):
    (broken / ABOUT).write_text((broken / ABOUT).read_text()[:-100])
    assert f"The file {broken / ABOUT} is damaged" in refusal(broken)


def test_a_model_made_by_another_version_is_told(broken):
    said = json.loads((broken / ABOUT).read_text())
    (broken / ABOUT).write_text(json.dumps({**said, "format": 7, "new": True}))
    assert "made by another version of this program (format 7, this one reads 1)" in refusal(broken)


def test_a_machine_that_computes_otherwise_is_told(broken):
    """As after a copy to a processor that multiplies 8 bits in another way."""
    said = json.loads((broken / ABOUT).read_text())
    said["self_test"]["pictures"] = said["self_test"]["pictures"][::-1]
    (broken / ABOUT).write_text(json.dumps(said))
    sentence = refusal(broken)
    assert f"{broken / 'pictures.onnx'} gives other vectors here than where it was made" in sentence
    assert "export it on this machine" in sentence


def test_a_graph_that_onnx_runtime_does_not_know_is_told(broken):
    (broken / "words.onnx").write_bytes(b"not a graph")
    said = json.loads((broken / ABOUT).read_text())
    said["files"]["words.onnx"] = sha256(broken / "words.onnx")
    (broken / ABOUT).write_text(json.dumps(said))
    assert f"ONNX Runtime cannot load {broken / 'words.onnx'}" in refusal(broken)


def test_a_gpu_is_not_for_exported_models(exported):
    folder = exported("clip", Quantization.NONE)
    assert "runs on a CPU: set model.device to auto or cpu" in refusal(folder, device="cuda")


def test_without_the_package_the_remedy_is_named(exported, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert "pip install 'mmrag-video[onnx]'" in refusal(exported("clip", Quantization.NONE))
