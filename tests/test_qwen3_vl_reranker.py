"""Qwen3-VL's reranker through the seam of models/base.py, on a tiny checkpoint.

The expected numbers are those of the vendor's own code, src/models/qwen3_vl_reranker.py of
https://github.com/QwenLM/Qwen3-VL-Embedding (commit 8ce3aab, transformers 4.57.3, qwen-vl-utils
0.0.14) on the same checkpoint, one pair at a time.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="the extra `models` is not installed")
pytest.importorskip("transformers", reason="the extra `models` is not installed")

from mmrag_video.errors import ModelError  # noqa: E402
from mmrag_video.models.base import Candidate, Query, Reranker  # noqa: E402
from mmrag_video.models.registry import load_reranker  # noqa: E402
from mmrag_video.settings import ModelSettings  # noqa: E402
from mmrag_video.video.frames import Image  # noqa: E402
from tests.checkpoints import write_qwen3_vl  # noqa: E402

LONG = "a man in a red coat walks past the door at night, " * 220
"""11,000 tokens in the tiny checkpoint, where a letter is one."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return write_qwen3_vl(tmp_path_factory.mktemp("qwen") / "tiny", tied=False)


@pytest.fixture(scope="module")
def reranker(folder) -> Reranker:
    return reranker_of(folder)


def reranker_of(folder: Path, **chosen: object) -> Reranker:
    """On one thread: tiny matrices gain nothing from more, and tests share the machine."""
    chosen = {"reranker_path": str(folder), "threads": 1, **chosen}
    return load_reranker(ModelSettings(**chosen), "qwen3-vl-reranker-2b")


def picture(seed: int, height: int = 90, width: int = 160) -> Image:
    squares = np.random.default_rng(seed).integers(
        0, 256, (height // 8 + 1, width // 8 + 1, 3), dtype=np.uint8
    )
    return np.ascontiguousarray(squares.repeat(8, axis=0).repeat(8, axis=1)[:height, :width])


def candidate(image: Image) -> Candidate:
    return Candidate(facts={}, similarity=0.0, image=lambda: image)


def scores(reranker: Reranker, query: Query, images: Sequence[Image]) -> list[float]:
    judged = reranker.judge(query, [candidate(image) for image in images])
    return [judgement.score for judgement in judged]


PICTURES = [picture(1, 540, 960), picture(2, 33, 47), picture(3, 300, 400), picture(4, 1080, 1920)]
EXPECTED = {
    "words": (Query(text="a person with a bicycle"), [0.15716, 0.188733, 0.221946, 0.148246]),
    "a picture": (Query(image=picture(5, 480, 640)), [0.164206, 0.157443, 0.25072, 0.161268]),
    "a picture with words": (
        Query(text="but in red", image=picture(6)),
        [0.170703, 0.17812, 0.21028, 0.162412],
    ),
    "words over the length": (Query(text=LONG), [0.238899, 0.2465, 0.246038, 0.239711]),
    "a picture with words over the length": (
        Query(text=LONG, image=picture(6)),
        [0.241168, 0.248814, 0.248101, 0.241997],
    ),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_score_is_the_one_that_the_vendors_code_gives(reranker, name):
    query, expected = EXPECTED[name]
    assert scores(reranker, query, PICTURES) == pytest.approx(expected, abs=1e-4)


def test_a_model_whose_head_is_the_table_of_its_tokens_has_scores_of_its_own(tmp_path):
    tied = reranker_of(write_qwen3_vl(tmp_path / "tied"))
    assert scores(tied, EXPECTED["words"][0], PICTURES) == pytest.approx(TIED, abs=1e-4)


TIED = [0.179833, 0.0, 0.009465, 0.100534]


def test_it_looks_at_pictures_and_cannot_say_why(reranker):
    assert reranker.looks_at_pictures
    [judgement] = reranker.judge(Query(text="a red car"), [candidate(picture(1))])
    assert judgement.why == ""
    assert 0 < judgement.score < 1


SHAPES = st.tuples(st.integers(16, 200), st.integers(16, 200))


@settings(max_examples=20)
@given(
    shapes=st.lists(SHAPES, min_size=1, max_size=6),
    with_picture=st.booleans(),
    batch_tokens=st.sampled_from([256, 700, 8192]),
)
def test_a_candidate_has_the_same_score_alone_and_among_others(
    folder, shapes, with_picture, batch_tokens
):
    judge = ready(folder, batch_tokens)
    images = [picture(seed, *shape) for seed, shape in enumerate(shapes)]
    query = Query(text="a red car", image=picture(99, 64, 64) if with_picture else None)
    alone = [scores(judge, query, [image])[0] for image in images]
    assert scores(judge, query, images) == pytest.approx(alone, abs=1e-5)


_READY: dict[int, Reranker] = {}


def ready(folder: Path, batch_tokens: int) -> Reranker:
    """Loaded once for all examples."""
    if batch_tokens not in _READY:
        _READY[batch_tokens] = reranker_of(folder, batch_tokens=batch_tokens)
    return _READY[batch_tokens]


def test_no_candidates_are_no_judgements(reranker):
    assert reranker.judge(Query(text="a red car"), []) == []
    assert reranker.judge(Query(image=picture(1)), []) == []


@pytest.mark.parametrize("query", [Query(), Query(text=""), Query(text=" \n")], ids=repr)
def test_a_query_that_asks_nothing_is_refused(reranker, query):
    with pytest.raises(ModelError, match="words, a picture, or both"):
        reranker.judge(query, [candidate(picture(1))])


def test_a_picture_that_cannot_be_read_is_an_error_and_not_judged_as_nothing(reranker):
    def unreadable() -> Image:
        raise ModelError("The recording is gone.")

    with pytest.raises(ModelError, match="The recording is gone"):
        reranker.judge(Query(text="a red car"), [Candidate({}, 0.0, unreadable)])


def test_near_scores_do_not_tie_with_half_the_digits(folder):
    """In bfloat16 a head's answers lie 0.0625 apart where they are near 10."""
    halved = reranker_of(folder, precision="bfloat16")
    images = [picture(seed) for seed in range(12)]
    assert len(set(scores(halved, Query(text="a red car"), images))) == 12


def test_threads_may_ask_at_once(reranker):
    queries = [Query(text=f"{number} bags") for number in range(6)]
    queries += [Query(image=picture(number)) for number in range(6)]
    images = PICTURES[1:3]
    expected = [scores(reranker, query, images) for query in queries]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda query: scores(reranker, query, images), queries))
    assert np.abs(np.array(found) - np.array(expected)).max() < 1e-5
