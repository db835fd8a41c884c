"""Qwen3-VL's embedder through the seam of models/base.py, on a tiny checkpoint.

The expected numbers are those of the vendor's own code, src/models/qwen3_vl_embedding.py of
https://github.com/QwenLM/Qwen3-VL-Embedding (commit 8ce3aab, transformers 4.57.3, qwen-vl-utils
0.0.14) on the same checkpoint.
"""

from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="the extra `models` is not installed")
pytest.importorskip("transformers", reason="the extra `models` is not installed")

from mmrag_video.errors import ModelError  # noqa: E402
from mmrag_video.models.base import Embedder, Query, Vector  # noqa: E402
from mmrag_video.models.qwen3_vl.checkpoint import load_checkpoint  # noqa: E402
from mmrag_video.models.qwen3_vl.embedder import Qwen3VLEmbedder  # noqa: E402
from mmrag_video.models.registry import load_model  # noqa: E402
from mmrag_video.settings import ModelSettings  # noqa: E402
from mmrag_video.video.frames import Image  # noqa: E402
from mmrag_video.video.sampled import (  # noqa: E402
    EarlierFrame,
    KeepReason,
    Movement,
    SampledFrame,
)
from tests.checkpoints import write_qwen3_vl  # noqa: E402

LONG = "a man in a red coat walks past the door at night, " * 180
"""9,000 tokens in the tiny checkpoint, where a letter is one."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return write_qwen3_vl(tmp_path_factory.mktemp("qwen") / "tiny")


@pytest.fixture(scope="module")
def embedder(folder) -> Embedder:
    return embedder_of(folder)


def embedder_of(folder: Path, **chosen: object) -> Embedder:
    """On one thread: tiny matrices gain nothing from more, and tests share the machine."""
    chosen = {"name": "qwen3-vl-2b", "path": str(folder), "threads": 1, **chosen}
    return load_model(ModelSettings(**chosen)).embedder


def picture(seed: int, height: int = 90, width: int = 160) -> Image:
    squares = np.random.default_rng(seed).integers(
        0, 256, (height // 8 + 1, width // 8 + 1, 3), dtype=np.uint8
    )
    return np.ascontiguousarray(squares.repeat(8, axis=0).repeat(8, axis=1)[:height, :width])


def frame(image: Image, lead_up: int = 0, apart: Fraction = Fraction(1, 2)) -> SampledFrame:
    """With so many earlier frames, `apart` seconds from each other."""
    earlier = [
        EarlierFrame(20 + number * apart, picture(100 + number, *image.shape[:2]))
        for number in range(lead_up)
    ]
    time = 20 + lead_up * apart
    still = Movement(area=0.0, box=None)
    return SampledFrame(time, time + 1, KeepReason.FIRST, image, still, tuple(earlier))


def vector_of(embedder: Embedder, frame: SampledFrame) -> Vector:
    return embedder.embed_frames([frame])[0].vector


# Equal to the vendor's code

QUERIES = {
    "words": (Query(text="a person with a bicycle"), [0.19705, 0.00905, 0.04275, 0.04118]),
    "words in other scripts": (
        Query(text="Zwei Personen, 门口的红色汽车"),
        [0.22674, 0.05566, 0.05956, 0.02429],
    ),
    "a picture": (Query(image=picture(1)), [0.24513, 0.04057, 0.0075, -0.00115]),
    "a picture with words": (
        Query(text="the same, but white", image=picture(2, 300, 400)),
        [0.17735, 0.13847, -0.01872, -0.06165],
    ),
    "words over the length": (Query(text=LONG), [0.10572, -0.02115, -0.08936, 0.01913]),
    "a picture with words over the length": (
        Query(text=LONG, image=picture(2)),
        [-0.11451, 0.07511, 0.20696, 0.26231],
    ),
}
FRAMES = {
    "a frame": (frame(picture(3, 540, 960)), [0.19718, 0.16139, 0.0169, -0.13609]),
    "an odd size": (frame(picture(4, 97, 333)), [0.2167, 0.01458, 0.03427, -0.04032]),
    "a tiny picture": (frame(picture(5, 1, 1)), [0.2675, -0.05363, 0.08901, 0.06711]),
    "a huge picture": (frame(picture(6, 1440, 2560)), [0.1751, 0.15738, 0.04043, -0.15387]),
    "a long picture": (frame(picture(7, 4, 700)), [0.22783, 0.01295, 0.02984, 0.01959]),
    "a run of two": (frame(picture(8), lead_up=1), [0.20984, 0.15556, -0.00482, -0.04098]),
    "a run of four": (frame(picture(9, 270, 480), lead_up=3), [0.20168, 0.14812, 0.04162, -0.1138]),
    "a run of ten": (
        frame(picture(10, 333, 517), lead_up=9),
        [0.15698, 0.16324, 0.06446, -0.17097],
    ),
}


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_is_where_the_vendors_code_has_it(embedder, name):
    query, expected = QUERIES[name]
    assert embedder.embed_query(query)[:4] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_is_where_the_vendors_code_has_it(embedder, name):
    seen, expected = FRAMES[name]
    assert vector_of(embedder, seen)[:4] == pytest.approx(expected, abs=1e-4)


def test_an_instruction_without_punctuation_gets_it_as_in_the_vendors_code(folder):
    for instruction, expected in UNPUNCTUATED.items():
        asked = embedder_of(folder, query_instruction=instruction)
        found = asked.embed_query(Query(text="a dog"))
        assert found[:4] == pytest.approx(expected, abs=1e-4)


UNPUNCTUATED = {
    "Find images matching this description  ": [0.23039, 0.0307, 0.0676, 0.04537],
    "查找与描述匹配的图像。": [0.19725, 0.05864, -0.03717, 0.01998],
}


# As every embedder


def test_it_has_no_reranker_of_its_own(folder):
    model = load_model(ModelSettings(name="qwen3-vl-2b", path=str(folder)))
    assert model.reranker is None
    assert model.embedder.name == "qwen3-vl-2b"


def test_vectors_are_of_unit_length_in_float32_and_of_the_stated_dimensions(embedder):
    vectors = [
        vector_of(embedder, frame(picture(1))),
        vector_of(embedder, frame(picture(1), lead_up=2)),
        embedder.embed_query(Query(text="a person")),
        embedder.embed_query(Query(image=picture(2))),
        embedder.embed_query(Query(text="a person", image=picture(2))),
    ]
    for vector in vectors:
        assert vector.dtype == np.float32
        assert vector.shape == (embedder.dimensions,) == (64,)
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)
    assert embedder.shortest_prefix == 64


SHAPES = st.tuples(st.integers(1, 200), st.integers(1, 200))


@settings(max_examples=25, deadline=None)
@given(
    shapes=st.lists(st.tuples(SHAPES, st.integers(0, 3)), min_size=1, max_size=6),
    batch_tokens=st.sampled_from([256, 400, 8192]),
    order=st.randoms(use_true_random=False),
)
def test_a_frame_has_the_same_vector_alone_and_among_others_in_any_order(
    folder, shapes, batch_tokens, order
):
    embedder = ready(folder, batch_tokens)
    frames = [frame(picture(seed, *shape), lead_up) for seed, (shape, lead_up) in enumerate(shapes)]
    order.shuffle(frames)
    for one, found in zip(frames, embedder.embed_frames(frames), strict=True):
        assert np.abs(vector_of(embedder, one) - found.vector).max() < 1e-5
        assert not found.facts


_READY: dict[int, Embedder] = {}


def ready(folder: Path, batch_tokens: int) -> Embedder:
    """Loaded once for all examples."""
    if batch_tokens not in _READY:
        _READY[batch_tokens] = embedder_of(folder, batch_tokens=batch_tokens)
    return _READY[batch_tokens]


def test_no_frames_are_no_vectors(embedder):
    assert embedder.embed_frames([]) == []


def test_threads_may_ask_at_once(embedder):
    texts = [f"a person with {number} bags" for number in range(16)]
    expected = [embedder.embed_query(Query(text=text)) for text in texts]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda text: embedder.embed_query(Query(text=text)), texts))
    assert np.abs(np.stack(found) - np.stack(expected)).max() < 1e-5


# Queries


@pytest.mark.parametrize("query", [Query(), Query(text=""), Query(text=" \n")], ids=repr)
def test_a_query_that_asks_nothing_is_refused_instead_of_embedded(embedder, query):
    with pytest.raises(ModelError, match="words, a picture, or both"):
        embedder.embed_query(query)


def test_a_picture_without_words_needs_none(embedder):
    seen = embedder.embed_query(Query(image=picture(1)))
    assert np.array_equal(embedder.embed_query(Query(text="", image=picture(1))), seen)


@settings(max_examples=40, deadline=None)
@given(text=st.text(min_size=1).filter(str.strip))
def test_whatever_is_asked_is_words_and_has_a_vector(folder, text):
    assert np.isfinite(ready(folder, 8192).embed_query(Query(text=text))).all()


@pytest.mark.parametrize("token", ["<|image_pad|>", "<|video_pad|>", "<|im_end|>"])
def test_words_that_look_like_a_mark_of_the_prompt_stay_words(embedder, token):
    with_it = embedder.embed_query(Query(text=f"a sign with {token} on it", image=picture(1)))
    without = embedder.embed_query(Query(text="a sign with  on it", image=picture(1)))
    assert np.abs(with_it - without).max() > 1e-3


def test_a_picture_far_too_long_is_refused_instead_of_embedded_as_nothing(embedder):
    with pytest.raises(ModelError, match="900 x 4 pixels is more than 200 times as long"):
        embedder.embed_query(Query(image=picture(1, 4, 900)))


# Runs of frames


def test_what_came_before_a_frame_and_when_is_in_its_vector(embedder):
    alone, after = frame(picture(1)), frame(picture(1), lead_up=3)
    slower = frame(picture(1), lead_up=3, apart=Fraction(2))
    vectors = [vector_of(embedder, one) for one in (alone, after, slower)]
    assert np.abs(vectors[0] - vectors[1]).max() > 1e-3
    assert np.abs(vectors[1] - vectors[2]).max() > 1e-3


def test_when_a_run_began_in_its_recording_does_not_matter(embedder):
    seen = frame(picture(1), lead_up=2)
    later = SampledFrame(
        seen.time + 1000,
        seen.valid_until + 1000,
        seen.reason,
        seen.image,
        seen.movement,
        tuple(EarlierFrame(one.time + 1000, one.image) for one in seen.lead_up),
    )
    assert np.array_equal(vector_of(embedder, seen), vector_of(embedder, later))


def test_frames_with_and_without_a_lead_up_go_together(embedder):
    frames = [frame(picture(1)), frame(picture(2), lead_up=1), frame(picture(3), lead_up=2)]
    for one, found in zip(frames, embedder.embed_frames(frames), strict=True):
        assert np.abs(vector_of(embedder, one) - found.vector).max() < 1e-5


# Memory


class TooLittleMemory:
    """Stands before the network, and has memory for so many tokens in one batch."""

    def __init__(self, tokens: int) -> None:
        self.tokens = tokens
        self.batches: list[int] = []

    def __call__(self, network: object, inputs: tuple, named: dict) -> None:
        if named["input_ids"].numel() > self.tokens:
            torch.empty(2**60, dtype=torch.uint8)
        self.batches.append(len(named["input_ids"]))


def embedder_with_memory_for(folder: Path, tokens: int) -> tuple[Embedder, TooLittleMemory]:
    chosen = ModelSettings(threads=1)
    checkpoint = load_checkpoint("", str(folder), chosen, "model.path", needs_head=False)
    embedder = Qwen3VLEmbedder("qwen3-vl-2b", checkpoint, chosen)
    memory = TooLittleMemory(tokens)
    checkpoint.body.register_forward_pre_hook(memory, with_kwargs=True)
    return embedder, memory


def test_batches_get_smaller_where_the_memory_runs_out_and_stay_small(folder, embedder):
    frames = [frame(picture(seed)) for seed in range(8)]
    expected = [found.vector for found in embedder.embed_frames(frames)]
    length = len(embedder._reading(frames[0], {}).tokens)
    small, memory = embedder_with_memory_for(folder, 3 * length)
    for _ in range(2):
        found = [one.vector for one in small.embed_frames(frames)]
        assert np.abs(np.stack(found) - np.stack(expected)).max() < 1e-5
    assert memory.batches == [2] * 8


def test_where_the_memory_does_not_suffice_for_one_frame_the_settings_are_named(folder):
    small, _ = embedder_with_memory_for(folder, 10)
    with pytest.raises(ModelError, match=r"lower model\.frame_tokens") as caught:
        small.embed_frames([frame(picture(1))])
    assert "model.batch_tokens" in str(caught.value)


# Identity


def test_the_identity_is_of_all_that_changes_vectors(folder):
    identity = embedder_of(folder).identity
    assert identity["class"] == "Qwen3VLModel"
    assert identity["precision"] == "float32"
    assert identity["frame_instruction"] == "Represent the user's input."
    for changed in (
        {"frame_tokens": 128},
        {"query_instruction": "Find it."},
        {"frame_instruction": "Keep it."},
        {"precision": "bfloat16"},
        {"lead_up": 2},
    ):
        assert embedder_of(folder, **changed).identity != identity
    for other in ({"batch_tokens": 256}, {"lead_up_seconds": 3.0}, {"device": "cpu"}):
        assert embedder_of(folder, **other).identity == identity
    followed = embedder_of(folder, lead_up=2).identity
    assert embedder_of(folder, lead_up=2, lead_up_seconds=3.0).identity != followed


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_half_the_digits_give_nearly_the_same_vector(folder, embedder, precision):
    halved = embedder_of(folder, precision=precision)
    for asked in (Query(text="a red car"), Query(image=picture(1))):
        assert halved.embed_query(asked) @ embedder.embed_query(asked) > 0.999
