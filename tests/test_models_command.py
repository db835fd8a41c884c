"""`mmrag-video models`: an honest list, an honest test, an export that can be relied on."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image as Pillow

torch = pytest.importorskip("torch", reason="the extra `models` is not installed")
pytest.importorskip("transformers", reason="the extra `models` is not installed")
pytest.importorskip("onnxscript", reason="the extra `onnx` is not installed")

from mmrag_video.archive import Archive  # noqa: E402
from mmrag_video.cli import cli  # noqa: E402
from mmrag_video.models.cards import EMBEDDERS, RERANKERS  # noqa: E402
from mmrag_video.models.drawn import DRAWN  # noqa: E402
from mmrag_video.models.dual_encoder.variant import ABOUT  # noqa: E402
from mmrag_video.sample_pictures import MOST, sample_of_paths  # noqa: E402
from tests import checkpoints  # noqa: E402
from tests.conftest import COMMAND, Command, environment, quick_settings  # noqa: E402


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    return checkpoints.write_clip(tmp_path_factory.mktemp("checkpoints") / "clip")


@pytest.fixture
def ask(tmp_path):
    """Runs the command in this process, so that torch is imported once."""

    def run_here(*arguments: object, data: Path = tmp_path / "data", **variables: str) -> Result:
        own = {name: None for name in os.environ if name.startswith("MMRAG_")}
        return CliRunner().invoke(
            cli, ["--data-dir", str(data), "models", *map(str, arguments)], env=own | variables
        )

    return run_here


def listed(answer: Result) -> Mapping[str, Mapping[str, Any]]:
    assert answer.exit_code == 0, answer.output
    return {f"{one['role']} {one['name']}": one for one in json.loads(answer.stdout)["models"]}


# The list


def test_every_model_and_reranker_is_listed_with_what_it_needs(ask):
    words = ask(COLUMNS="220").stdout
    models = listed(ask("--json"))
    assert set(models) == {f"{card.role} {card.name}" for card in (*EMBEDDERS, *RERANKERS)}
    for card in (*EMBEDDERS, *RERANKERS):
        assert card.about in words
    assert models["embedder clip"]["dimensions"] == 512
    assert models["embedder clip"]["download_gb"] == 0.61
    assert models["embedder basic"]["weights"] == "in-packages"
    assert models["embedder basic"]["chosen"]
    assert models["embedder dual-encoder"]["weights"] == "not-set"
    assert models["embedder server"]["weights"] == "not-set"


def test_a_list_makes_no_data_directory_and_imports_no_torch(run, tmp_path):
    assert run("models").returncode == 0
    assert not (tmp_path / "data").exists()
    # Not by `run`, whose processes have imported the command before they begin.
    env = environment(quick_settings(tmp_path / "data"), PYTHONPROFILEIMPORTTIME="1")
    loaded = subprocess.run(
        [*COMMAND, "models"], env=env, capture_output=True, text=True, check=True
    ).stderr
    assert "mmrag_video.cli.models" in loaded
    assert " torch\n" not in loaded
    assert " transformers\n" not in loaded


def test_weights_in_a_folder_or_in_the_hubs_cache_are_here(ask, run, clip, tmp_path):
    chosen = {"MMRAG_MODEL__NAME": "siglip2", "MMRAG_MODEL__PATH": str(clip)}
    models = listed(ask("--json", **chosen))
    assert models["embedder siglip2"]["weights"] == "here"
    assert models["embedder siglip2"]["chosen"]

    cached = tmp_path / "hub" / "models--google--siglip-base-patch16-224"
    (cached / "snapshots").mkdir(parents=True)
    (cached / "snapshots" / "0123").symlink_to(clip)
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text("0123")
    done = run("models", "--json", HF_HUB_CACHE=str(tmp_path / "hub"))
    found = {one["name"]: one["weights"] for one in json.loads(done.stdout)["models"]}
    assert found["siglip"] == "here"
    assert found["siglip2"] == "on-the-hub"


def test_the_model_that_made_the_index_is_marked(ask, yard_archive: Archive):
    data = yard_archive.directory.root
    models = listed(ask("--json", data=data, MMRAG_MODEL__NAME="clip"))
    assert [name for name, one in models.items() if one["indexed"]] == ["embedder basic"]
    assert [name for name, one in models.items() if one["chosen"]] == ["embedder clip"]
    assert "basic (index)" in ask(data=data).stdout


# The test of a model


def test_random_weights_are_said_not_to_match(ask, clip):
    answer = ask("test", "dual-encoder", "--path", clip)
    assert answer.exit_code == 1
    assert "of 12 captions find their picture" in answer.stdout
    assert "They do not find each other: chance does as well." in answer.stdout
    figures = json.loads(ask("test", "dual-encoder", "--path", clip, "--json").stdout)
    assert figures["pairs"] == 12
    assert not figures["beats_chance"]
    assert 0 <= figures["recall@1_by_caption"] <= 0.34


@pytest.mark.slow
def test_weights_that_have_learned_are_said_to_match(ask, clip, tmp_path):
    trained = learn_the_drawn_scenes(clip, tmp_path / "trained")
    answer = ask("test", "dual-encoder", "--path", trained)
    assert answer.exit_code == 0, answer.output
    assert "12 of 12 captions find their picture, 12 of 12 pictures" in answer.stdout
    assert "They find each other." in answer.stdout


@pytest.mark.slow
def test_drawings_do_not_make_a_model_of_photographs_look_broken(ask, tmp_path):
    answer = ask("test", "basic")
    assert answer.exit_code == 0
    assert "They do not find each other" not in answer.stdout
    assert "it knows photographs alone, so give it some with --picture" in answer.stdout
    own = []
    for number, scene in enumerate(DRAWN[:4]):
        Pillow.fromarray(scene.image).save(tmp_path / f"{number}.png")
        own += ["--picture", tmp_path / f"{number}.png", scene.caption]
    judged = ask("test", "basic", *own, "--json")
    assert judged.exit_code == 1, "pictures of one's own do count"
    assert json.loads(judged.stdout)["verdict"] == "failed"


def learn_the_drawn_scenes(original: Path, folder: Path) -> Path:
    """CLIP's own training, on twelve pairs until each finds the other."""
    from transformers import AutoImageProcessor, AutoTokenizer, CLIPModel

    torch.manual_seed(0)
    network = CLIPModel.from_pretrained(original)
    tokenizer = AutoTokenizer.from_pretrained(original)
    pictures = AutoImageProcessor.from_pretrained(original, backend="pil")(
        images=[scene.image for scene in DRAWN], return_tensors="pt"
    )
    words = tokenizer([scene.caption for scene in DRAWN], padding=True, return_tensors="pt")
    words.pop("token_type_ids", None)
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3)
    for _ in range(150):
        loss = network(**words, **pictures, return_loss=True).loss
        if loss.item() < 0.05:
            break
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    config = (original / "preprocessor_config.json").read_text()
    (folder / "preprocessor_config.json").write_text(config)
    return folder


def test_pictures_of_ones_own_are_taken_instead(ask, clip, tmp_path):
    given = []
    for number, scene in enumerate(DRAWN[:3]):
        Pillow.fromarray(scene.image).save(tmp_path / f"{number}.png")
        given += ["--picture", tmp_path / f"{number}.png", scene.caption]
    figures = json.loads(ask("test", "dual-encoder", "--path", clip, *given, "--json").stdout)
    assert figures["pairs"] == 3
    assert not figures["beats_chance"], "three pairs are too few to beat chance"
    one = ask("test", "dual-encoder", "--path", clip, *given[:3])
    assert one.exit_code == 2
    assert "give four or more" in one.stderr
    twice = ask("test", "dual-encoder", "--path", clip, *given[:3], *given[:3])
    assert twice.exit_code == 1


def test_a_picture_that_is_none_is_told(ask, clip, tmp_path):
    (tmp_path / "none.png").write_text("not a picture")
    answer = ask(
        "test", "dual-encoder", "--path", clip, "--picture", tmp_path / "none.png", "a car"
    )
    assert answer.exit_code == 1
    assert f"{tmp_path / 'none.png'} cannot be read" in answer.stderr


def test_a_path_in_the_settings_is_that_of_the_model_that_they_name(ask, clip):
    chosen = {"MMRAG_MODEL__NAME": "dual-encoder", "MMRAG_MODEL__PATH": str(clip)}
    assert "of 12 captions" in ask("test", "dual-encoder", **chosen).stdout
    other = {"MMRAG_MODEL__NAME": "clip", "MMRAG_MODEL__PATH": str(clip)}
    assert "needs model.path" in ask("test", "dual-encoder", **other).stderr


def test_a_name_that_no_model_has_is_told(ask):
    answer = ask("test", "clap")
    assert answer.exit_code == 2
    assert "There is no model named 'clap'; set NAME to one of: basic, clip" in answer.stderr


# The export


def test_a_model_is_exported_compared_and_found_again(ask, run: Command, clip, tmp_path):
    made = ask(
        "export", "dual-encoder", "--path", clip, "--quantize", "int8", "--to", tmp_path / "int8"
    )
    assert made.exit_code == 0, made.output
    assert f"MMRAG_MODEL__NAME=dual-encoder MMRAG_MODEL__PATH={tmp_path / 'int8'}" in made.stdout
    assert "12 pictures: cosine with the original's 0.99" in made.stderr
    assert "19 sentences: cosine" in made.stderr
    assert "drawings are no recordings" in made.stderr
    assert ask("test", "dual-encoder", "--path", tmp_path / "int8").exit_code == 1
    chosen = {"MMRAG_MODEL__NAME": "dual-encoder", "MMRAG_MODEL__PATH": str(tmp_path / "int8")}
    assert listed(ask("--json", **chosen))["embedder dual-encoder"]["extra"] == "onnx"


@pytest.mark.slow
def test_recordings_are_what_it_is_compared_on(ask, clip, yard_archive, tmp_path):
    data = yard_archive.directory.root
    to = ("--path", clip, "--quantize", "none", "--to", tmp_path / "own")
    answer = ask("export", "dual-encoder", *to, data=data)
    assert answer.exit_code == 0
    assert "drawings are no recordings" not in answer.stderr
    said = json.loads((tmp_path / "own" / ABOUT).read_text())
    assert said["pictures_compared"] == "32 pictures of your recordings and 12 drawn scenes"
    assert said["agreement"]["pictures"]["compared"] == 44


def test_what_is_no_dual_encoder_is_not_exported(ask, tmp_path):
    answer = ask("export", "basic", "--quantize", "none", "--to", tmp_path / "basic")
    assert answer.exit_code == 2
    assert "The model basic is no dual encoder; only those can be exported." in answer.stderr


# Pictures out of files


def test_pictures_are_taken_evenly_from_folders_files_and_videos(tmp_path, yard_clip):
    folder = tmp_path / "mixed"
    folder.mkdir()
    for number in range(40):
        Pillow.new("RGB", (8, 8), (6 * number, 0, 0)).save(folder / f"{number:02}.png")
    sample = sample_of_paths([folder], width=64)
    assert len(sample.images) == MOST
    assert [int(image[0, 0, 0]) // 6 for image in sample.images][::8] == [0, 10, 20, 30]
    video = sample_of_paths([yard_clip], width=64)
    assert video.described == f"32 pictures of {yard_clip}"
    assert len(video.images) == MOST
    assert {image.shape for image in video.images} == {(48, 64, 3)}
    assert not np.array_equal(video.images[0], video.images[-1])


def test_a_folder_without_pictures_is_told(ask, clip, tmp_path):
    (tmp_path / "empty").mkdir()
    to = ("--quantize", "none", "--to", tmp_path / "new", "--path", clip)
    empty = ask("export", "dual-encoder", *to, "--pictures", tmp_path / "empty")
    assert empty.exit_code == 2
    assert f"There is no picture and no video in {tmp_path / 'empty'}." in empty.stderr
    gone = ask("export", "dual-encoder", *to, "--pictures", tmp_path / "gone")
    assert gone.exit_code == 1
    assert f"There is nothing to read at {tmp_path / 'gone'}" in gone.stderr
    assert not (tmp_path / "new").exists()
