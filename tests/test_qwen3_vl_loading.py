"""Qwen3-VL's folders: what is refused, with which sentence, for the embedder and the reranker."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `models` is not installed")
pytest.importorskip("transformers", reason="the extra `models` is not installed")

from safetensors.torch import load_file, save_file  # noqa: E402

from mmrag_video.errors import ModelError  # noqa: E402
from mmrag_video.models.base import Candidate, Query  # noqa: E402
from mmrag_video.models.registry import load_model, load_reranker  # noqa: E402
from mmrag_video.settings import ModelSettings  # noqa: E402
from tests.checkpoints import write_qwen3_vl, write_text_model  # noqa: E402

LOADERS = {
    "model.path": lambda folder, precision="auto": load_model(
        ModelSettings(name="qwen3-vl-2b", path=str(folder), threads=1, precision=precision)
    ),
    "model.reranker_path": lambda folder, precision="auto": load_reranker(
        ModelSettings(reranker_path=str(folder), threads=1, precision=precision),
        "qwen3-vl-reranker-2b",
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return write_qwen3_vl(tmp_path_factory.mktemp("qwen") / "tiny", tied=False)


@pytest.fixture
def copy(folder, tmp_path) -> Path:
    return shutil.copytree(folder, tmp_path / "copy")


@pytest.fixture(params=LOADERS)
def setting(request) -> str:
    return request.param


def refusal(setting: str, folder: Path, precision: str = "auto") -> str:
    with pytest.raises(ModelError) as caught:
        LOADERS[setting](folder, precision)
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


def change(file: Path, changed: Callable[[dict], None]) -> None:
    content = json.loads(file.read_text())
    changed(content)
    file.write_text(json.dumps(content))


def change_weights(folder: Path, changed: Callable[[dict], None]) -> None:
    weights = load_file(folder / "model.safetensors")
    changed(weights)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def test_a_folder_that_is_not_there_is_told_with_the_setting(setting, tmp_path):
    sentence = refusal(setting, tmp_path / "gone")
    assert f"There is no model folder {tmp_path / 'gone'}: set {setting}" in sentence


@pytest.mark.parametrize(
    "name", ["config.json", "preprocessor_config.json", "model.safetensors", "tokenizer.json"]
)
def test_a_file_that_is_missing_is_named(setting, copy, name):
    (copy / name).unlink()
    kind = "*.safetensors" if name == "model.safetensors" else name
    assert f"The model folder {copy} lacks {kind}" in refusal(setting, copy)


def test_weights_that_are_cut_short_are_refused(setting, copy):
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    assert f"The weights {weights} are cut short" in refusal(setting, copy)


def test_weights_that_lack_a_part_are_refused_instead_of_made_up(setting, copy):
    change_weights(copy, lambda weights: weights.pop("model.language_model.norm.weight"))
    assert "norm.weight: download all its files again" in refusal(setting, copy)


def test_weights_of_another_size_are_refused(setting, copy):
    change(copy / "config.json", lambda config: config["text_config"].update(intermediate_size=80))
    assert f"The model in {copy} cannot be loaded as Qwen3-VL" in refusal(setting, copy)


def test_a_model_of_another_kind_is_refused(setting, tmp_path):
    bert = write_text_model(tmp_path / "bert")
    assert f"is of the kind bert, not qwen3_vl: set {setting}" in refusal(setting, bert)


def test_a_tokenizer_of_another_model_is_refused(setting, copy):
    change(copy / "config.json", lambda config: config.update(image_token_id=7))
    assert f"The files in {copy} are of different models" in refusal(setting, copy)


def test_pictures_that_are_prepared_otherwise_are_refused(setting, copy):
    file = copy / "preprocessor_config.json"
    change(file, lambda content: content.update(patch_size=14))
    assert f"The file {file} cuts pictures into patches of (14, 2)" in refusal(setting, copy)
    file.write_text("{}")
    assert f"The file {file} does not say how pictures are prepared" in refusal(setting, copy)


def test_the_form_of_the_files_that_transformers_5_writes_is_read_too(setting, copy):
    file = copy / "preprocessor_config.json"
    (copy / "processor_config.json").write_text(
        json.dumps({"image_processor": json.loads(file.read_text())})
    )
    file.unlink()
    LOADERS[setting](copy)


def test_an_embedding_model_needs_no_head_and_a_reranker_does(copy):
    change_weights(copy, lambda weights: weights.pop("lm_head.weight"))
    LOADERS["model.path"](copy)
    assert "lm_head.weight" in refusal("model.reranker_path", copy)


def test_a_tokenizer_without_yes_is_no_rerankers(copy):
    def without_yes(content: dict) -> None:
        number = content["model"]["vocab"].pop("yes")
        content["model"]["vocab"]["yy"] = number
        content["model"]["merges"] = [
            merge for merge in content["model"]["merges"] if merge != ["ye", "s"]
        ]

    change(copy / "tokenizer.json", without_yes)
    assert "knows no yes or no" in refusal("model.reranker_path", copy)


def test_weights_without_numbers_are_refused(setting, copy):
    change_weights(
        copy, lambda weights: weights["model.language_model.norm.weight"].fill_(float("nan"))
    )
    sentence = refusal(setting, copy)
    assert f"without direction: its weights in {setting} are damaged, fetch them again" in sentence


def test_a_head_without_numbers_is_told_when_it_is_asked(copy):
    change_weights(copy, lambda weights: weights["lm_head.weight"].fill_(float("nan")))
    candidate = Candidate({}, 0.0, lambda: np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(ModelError, match=r"no number: its weights in model\.reranker_path"):
        LOADERS["model.reranker_path"](copy).judge(Query(text="a red car"), [candidate])


def see_nothing(weights: dict) -> None:
    """What is seen reaches the words by four ways: the last layer's, and those of earlier ones."""
    for name, weight in weights.items():
        if "merger" in name and "linear_fc2" in name:
            weight.zero_()


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_weights_that_see_nothing_are_refused_in_every_precision(setting, copy, precision):
    change_weights(copy, see_nothing)
    sentence = refusal(setting, copy, precision)
    assert f"The Qwen3VLModel in {setting} gives two different pictures the same vector" in sentence
    assert sentence.endswith("its weights are damaged, fetch them again.")


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_few_digits_suffice_to_tell_pictures_apart(setting, folder, precision):
    LOADERS[setting](folder, precision)


def test_the_identity_follows_the_content_of_the_folder_not_its_place(folder, copy):
    identity = LOADERS["model.path"](folder).embedder.identity
    assert LOADERS["model.path"](copy).embedder.identity == identity
    change_weights(copy, lambda weights: weights["lm_head.weight"].add_(1))
    assert LOADERS["model.path"](copy).embedder.identity["weights"] != identity["weights"]
