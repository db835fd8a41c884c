"""Dual encoders through the seam of models/base.py, on tiny checkpoints with random weights."""

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `models` is not installed")
pytest.importorskip("transformers", reason="the extra `models` is not installed")

from mmrag_video.errors import ModelError  # noqa: E402
from mmrag_video.models.base import Embedder, Query  # noqa: E402
from mmrag_video.models.registry import load_model  # noqa: E402
from mmrag_video.settings import ModelSettings  # noqa: E402
from mmrag_video.video.frames import Image  # noqa: E402
from mmrag_video.video.sampled import KeepReason, Movement, SampledFrame  # noqa: E402
from tests import checkpoints  # noqa: E402

WRITERS = {
    "clip": checkpoints.write_clip,
    "siglip": checkpoints.write_siglip,
    "naflex": checkpoints.write_naflex,
    "chinese-clip": checkpoints.write_chinese_clip,
}
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, Path]:
    base = tmp_path_factory.mktemp("checkpoints")
    return {name: write(base / name) for name, write in WRITERS.items()}


@pytest.fixture(scope="module", params=WRITERS)
def embedder(request, folders) -> Embedder:
    return embedder_of(folders[request.param])


@pytest.fixture
def clip_copy(folders, tmp_path) -> Path:
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in folders["clip"].iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    return copy


def embedder_of(path: Path | str, batch: int = 3) -> Embedder:
    return load_model(ModelSettings(name="dual-encoder", path=str(path), batch=batch)).embedder


def refusal(path: Path | str) -> str:
    with pytest.raises(ModelError) as caught:
        embedder_of(path)
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


def picture(seed: int, height: int = 90, width: int = 160) -> Image:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def frame(image: Image) -> SampledFrame:
    still = Movement(area=0.0, box=None)
    return SampledFrame(Fraction(0), Fraction(1), KeepReason.FIRST, image, still)


def test_it_has_no_reranker(folders):
    assert (
        load_model(ModelSettings(name="dual-encoder", path=str(folders["clip"]))).reranker is None
    )


def test_vectors_are_of_unit_length_in_float32_and_of_the_stated_dimensions(embedder):
    vectors = [found.vector for found in embedder.embed_frames([frame(picture(1))])]
    vectors += [
        embedder.embed_query(Query(text="a person")),
        embedder.embed_query(Query(image=picture(2))),
        embedder.embed_query(Query(text="a person", image=picture(2))),
    ]
    for vector in vectors:
        assert vector.dtype == np.float32
        assert vector.shape == (embedder.dimensions,)
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)


def test_the_dimensions_are_the_models(folders):
    assert embedder_of(folders["clip"]).dimensions == 24
    assert embedder_of(folders["naflex"]).dimensions == 32


def test_a_frame_alone_has_the_vector_it_has_among_others(embedder):
    sizes = [(90, 160), (160, 90), (64, 64), (4, 4), (3, 200), (90, 160), (120, 80)]
    frames = [frame(picture(seed, *size)) for seed, size in enumerate(sizes)]
    together = embedder.embed_frames(frames)
    assert len(together) == len(frames)
    for one, found in zip(frames, together, strict=True):
        [alone] = embedder.embed_frames([one])
        assert np.abs(alone.vector - found.vector).max() < 1e-5
        assert not found.facts


def test_no_frames_are_no_vectors(embedder):
    assert embedder.embed_frames([]) == []


def test_a_frames_own_picture_as_the_query_finds_it(embedder):
    frames = [frame(picture(seed)) for seed in range(5)]
    vectors = np.stack([found.vector for found in embedder.embed_frames(frames)])
    assert int(np.argmax(vectors @ embedder.embed_query(Query(image=frames[3].image)))) == 3


def test_words_and_a_picture_together_lie_halfway_between_them(embedder):
    words = embedder.embed_query(Query(text="a red car"))
    seen = embedder.embed_query(Query(image=picture(7)))
    both = embedder.embed_query(Query(text="a red car", image=picture(7)))
    assert both @ words == pytest.approx(both @ seen, abs=1e-5)
    assert both @ words == pytest.approx(np.sqrt((1 + words @ seen) / 2), abs=1e-5)


def test_a_query_of_any_length_and_script_has_a_vector(embedder):
    for text in ["", "x", "Zwei Personen am Geldautomaten", "门口的红色汽车", "a van " * 500]:
        assert np.isfinite(embedder.embed_query(Query(text=text))).all()
    with pytest.raises(ModelError, match="words, a picture, or both"):
        embedder.embed_query(Query())


def test_words_reach_siglip_as_in_its_training_in_lower_case_and_filled_up(folders):
    siglip = embedder_of(folders["siglip"])
    shouted, spoken = (siglip.embed_query(Query(text=text)) for text in ("A CAR", "a car"))
    assert np.array_equal(shouted, spoken)

    from transformers import AutoModel

    ids = torch.tensor([[2, *_byte_tokens(folders["siglip"], "a car"), 1]])
    filled = torch.nn.functional.pad(ids, (0, 64 - ids.shape[1]), value=checkpoints.PAD)
    network = AutoModel.from_pretrained(folders["siglip"])
    with torch.inference_mode():
        features = network.get_text_features(input_ids=filled)
    expected = getattr(features, "pooler_output", features)[0].numpy()
    assert np.abs(expected / np.linalg.norm(expected) - spoken).max() < 1e-5


def _byte_tokens(folder: Path, text: str) -> list[int]:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder)(text, add_special_tokens=False)["input_ids"]


def test_threads_may_ask_at_once(folders):
    embedder = embedder_of(folders["siglip"])
    texts = [f"a person with {n} bags" for n in range(24)]
    expected = [embedder.embed_query(Query(text=text)) for text in texts]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda text: embedder.embed_query(Query(text=text)), texts))
    assert np.abs(np.stack(found) - np.stack(expected)).max() < 1e-5


def test_the_identity_follows_the_content_of_the_folder_not_its_place(clip_copy, folders):
    identity = embedder_of(folders["clip"]).identity
    assert identity["class"] == "CLIPModel"
    assert embedder_of(clip_copy).identity == identity
    (clip_copy / "README.md").write_text("a note")
    assert embedder_of(clip_copy).identity == identity
    preprocessor = clip_copy / "preprocessor_config.json"
    preprocessor.write_text(preprocessor.read_text().replace("{", '{"do_normalize": false, ', 1))
    assert embedder_of(clip_copy).identity != identity


def test_a_hub_name_is_known_by_its_commit(folders, tmp_path):
    """From the hub's copy on disk, without a connection: where it is, is read at import."""
    without_weights = tmp_path / "old"
    shutil.copytree(folders["clip"], without_weights)
    (without_weights / "model.safetensors").rename(without_weights / "pytorch_model.bin")
    for name, folder in (("clip", folders["clip"]), ("old", without_weights)):
        hub_copy = tmp_path / f"models--tiny--{name}"
        (hub_copy / "snapshots").mkdir(parents=True)
        (hub_copy / "snapshots" / COMMIT).symlink_to(folder)
        (hub_copy / "refs").mkdir()
        (hub_copy / "refs" / "main").write_text(COMMIT)
    program = (
        "from mmrag_video.settings import ModelSettings\n"
        "from mmrag_video.models.registry import load_model\n"
        "from mmrag_video.errors import ModelError\n"
        "def load(path): return load_model(ModelSettings(name='dual-encoder', path=path))\n"
        "print(load('tiny/clip').embedder.identity['weights'])\n"
        f"print(load('tiny/clip@{COMMIT}').embedder.identity['weights'])\n"
        "try: load('tiny/other')\n"
        "except ModelError as error: print(error)\n"
        "try: load('tiny/old')\n"
        "except ModelError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    commit, named, unreachable, old = done.stdout.splitlines()
    assert commit == named == COMMIT
    assert "'tiny/other' is no folder here and the model hub did not give it" in unreachable
    assert "lacks *.safetensors: set model.path to a model that has it" in old


def test_without_torch_the_remedy_is_named(folders, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert "pip install 'mmrag-video[models]'" in refusal(folders["clip"])


def test_without_a_path_the_setting_is_named():
    with pytest.raises(ModelError, match=r"needs model\.path"):
        load_model(ModelSettings(name="dual-encoder"))


def test_a_folder_that_is_not_there_is_told(tmp_path):
    assert f"There is no model folder {tmp_path / 'gone'}" in refusal(tmp_path / "gone")


@pytest.mark.parametrize(
    "name", ["config.json", "preprocessor_config.json", "model.safetensors", "tokenizer.json"]
)
def test_a_file_that_is_missing_is_named(clip_copy, name):
    (clip_copy / name).unlink()
    kind = "*.safetensors" if name == "model.safetensors" else name
    assert f"The model folder {clip_copy} lacks {kind}" in refusal(clip_copy)


def test_a_damaged_file_is_told_with_the_folder(clip_copy):
    weights = clip_copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    assert f"The weights {weights} are cut short" in refusal(clip_copy)
    shutil.copy(clip_copy / "tokenizer.json", weights)
    assert f"The weights {weights} are cut short" in refusal(clip_copy)


def test_a_config_that_is_none_is_told_with_the_folder(clip_copy):
    (clip_copy / "preprocessor_config.json").write_text('{"size": ')
    assert f"The model in {clip_copy} cannot be loaded" in refusal(clip_copy)


def test_files_of_different_models_are_told_apart(clip_copy):
    preprocessor = clip_copy / "preprocessor_config.json"
    preprocessor.write_text(preprocessor.read_text().replace("64", "80"))
    assert "files of the CLIPModel in model.path do not fit together" in refusal(clip_copy)


def test_weights_that_lack_a_part_are_refused_instead_of_made_up(clip_copy):
    from safetensors.torch import load_file, save_file

    weights = load_file(clip_copy / "model.safetensors")
    del weights["visual_projection.weight"]
    save_file(weights, clip_copy / "model.safetensors", metadata={"format": "pt"})
    assert "such as visual_projection.weight" in refusal(clip_copy)


def test_weights_without_numbers_are_refused(clip_copy):
    from safetensors.torch import load_file, save_file

    weights = load_file(clip_copy / "model.safetensors")
    weights["text_projection.weight"].fill_(float("nan"))
    save_file(weights, clip_copy / "model.safetensors", metadata={"format": "pt"})
    assert "without direction" in refusal(clip_copy)


def test_weights_that_see_nothing_are_refused(clip_copy):
    from safetensors.torch import load_file, save_file

    weights = load_file(clip_copy / "model.safetensors")
    weights["vision_model.embeddings.patch_embedding.weight"].zero_()
    save_file(weights, clip_copy / "model.safetensors", metadata={"format": "pt"})
    assert "gives two different pictures the same vector" in refusal(clip_copy)


def test_the_precision_is_part_of_the_identity_and_changes_the_vectors_little(folders):
    path = str(folders["siglip"])
    whole = embedder_of(path)
    half = load_model(ModelSettings(name="dual-encoder", path=path, precision="bfloat16")).embedder
    assert "precision" not in whole.identity
    assert half.identity == {**whole.identity, "precision": "bfloat16"}
    [one], [other] = (embedder.embed_frames([frame(picture(1))]) for embedder in (whole, half))
    assert 0.99 < one.vector @ other.vector < 1 - 1e-6
    assert whole.embed_query(Query(text="a car")) @ half.embed_query(Query(text="a car")) > 0.99


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_told_with_its_setting(folders):
    settings = ModelSettings(name="dual-encoder", path=str(folders["clip"]), device="cuda")
    with pytest.raises(ModelError, match=r"set model\.device to cpu"):
        load_model(settings)


def test_a_model_of_another_kind_is_refused(tmp_path):
    folder = checkpoints.write_text_model(tmp_path / "bert")
    assert "is a BertModel, not a dual encoder" in refusal(folder)
