"""The basic model as a whole: real weights on pictures, each by itself."""

import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmrag_video.errors import ModelError
from mmrag_video.models.base import Candidate, FrameEmbedding, Model, Query, Vector
from mmrag_video.models.basic.windows import windows
from mmrag_video.models.registry import load_model
from mmrag_video.settings import ModelSettings
from mmrag_video.video.frames import Image
from mmrag_video.video.pyav_reader import PyavReader
from mmrag_video.video.sampled import KeepReason, Movement, SampledFrame

STILL = Movement(0.0, None)


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model(ModelSettings(name="basic", threads=1))


def sampled(image: Image, movement: Movement = STILL) -> SampledFrame:
    return SampledFrame(Fraction(0), Fraction(1), KeepReason.FIRST, image, movement)


def yard(seed: int = 1, light: int = 120) -> Image:
    noise = np.random.default_rng(seed)
    return noise.integers(light - 10, light + 10, (180, 320, 3), dtype=np.uint8)


def with_block(image: Image, rgb: tuple[int, int, int]) -> Image:
    painted = image.copy()
    cv2.rectangle(painted, (120, 60), (200, 130), rgb, thickness=-1)
    return painted


def candidates(embeddings: Sequence[FrameEmbedding], query: Vector) -> list[Candidate]:
    return [
        Candidate(embedding.facts, float(embedding.vector @ query), yard)
        for embedding in embeddings
    ]


def test_vectors_are_of_unit_length_and_facts_are_plain_json(model: Model) -> None:
    [embedding] = model.embedder.embed_frames([sampled(yard())])
    assert embedding.vector.shape == (model.embedder.dimensions,)
    assert embedding.vector.dtype == np.float32
    assert np.linalg.norm(embedding.vector) == pytest.approx(1, abs=1e-5)
    assert json.loads(json.dumps(embedding.facts)) == embedding.facts


def test_threads_may_use_it_at_one_time(model: Model) -> None:
    frames = [sampled(with_block(yard(seed), (seed * 30, 90, 200))) for seed in range(6)]
    alone = [model.embedder.embed_frames([frame])[0] for frame in frames]
    with ThreadPoolExecutor(len(frames)) as pool:
        together = list(pool.map(lambda frame: model.embedder.embed_frames([frame])[0], frames))
        words = list(pool.map(lambda n: model.embedder.embed_query(Query(text=f"{n} dogs")), "123"))
    for one, other in zip(alone, together, strict=True):
        assert one.facts == other.facts
        assert np.array_equal(one.vector, other.vector)
    assert [vector.shape for vector in words] == [(model.embedder.dimensions,)] * 3


def test_a_frame_does_not_depend_on_its_neighbours(model: Model) -> None:
    frames = [
        sampled(yard(1)),
        sampled(with_block(yard(2), (200, 30, 30)), Movement(0.1, (0.3, 0.3, 0.7, 0.8))),
        sampled(yard(3, light=30)),
    ]
    together = model.embedder.embed_frames(frames)
    alone = [model.embedder.embed_frames([frame])[0] for frame in reversed(frames)][::-1]
    for one, other in zip(together, alone, strict=True):
        assert np.array_equal(one.vector, other.vector)
        assert one.facts == other.facts


def test_no_frames_give_no_embeddings(model: Model) -> None:
    assert model.embedder.embed_frames([]) == []


def test_what_moves_is_described_though_nobody_knows_what_it_is(model: Model) -> None:
    movement = Movement(0.09, (0.375, 0.33, 0.625, 0.73))
    image = with_block(yard(), (200, 30, 30))
    [embedding] = model.embedder.embed_frames([sampled(image, movement)])
    colours = embedding.facts["moving_colours"]
    assert isinstance(colours, dict)
    assert next(iter(colours)) == "red"
    assert embedding.facts["movement"] == pytest.approx(0.09)


def test_light_is_written_down(model: Model) -> None:
    frames = [sampled(yard(light=30)), sampled(yard(light=220))]
    dark, bright = (embedding.facts["light"] for embedding in model.embedder.embed_frames(frames))
    assert isinstance(dark, float)
    assert isinstance(bright, float)
    assert dark < 0.2
    assert bright > 0.8


@pytest.mark.parametrize("size", [(4, 4), (1, 1), (40, 2000)])
def test_odd_sizes_are_no_trouble(model: Model, size: tuple[int, int]) -> None:
    image = np.full((*size, 3), 127, np.uint8)
    for movement in (STILL, Movement(0.5, (0.0, 0.0, 0.01, 0.01))):
        [embedding] = model.embedder.embed_frames([sampled(image, movement)])
        assert np.isfinite(embedding.vector).all()


def test_the_identity_tells_the_weights_and_the_versions(model: Model) -> None:
    identity = model.embedder.identity
    assert identity["frozen_inference_graph.pb"].startswith("2a8d8a89d695842e")
    assert {"facts", "clauses"} <= set(identity)


def test_words_a_picture_or_both_can_be_asked(model: Model) -> None:
    queries = [Query("a red car"), Query(image=yard()), Query("a red car", yard())]
    for query in queries:
        vector = model.embedder.embed_query(query)
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
        [embedding] = model.embedder.embed_frames([sampled(yard())])
        assert model.reranker is not None
        [judgement] = model.reranker.judge(query, candidates([embedding], vector))
        assert 0 <= judgement.score <= 1
    with pytest.raises(ModelError, match="words, a picture, or both"):
        model.embedder.embed_query(Query())


def test_a_picture_finds_itself(model: Model) -> None:
    pictures = [yard(1, 40), with_block(yard(2), (20, 40, 200)), yard(3, 230)]
    embeddings = model.embedder.embed_frames([sampled(picture) for picture in pictures])
    for place, picture in enumerate(pictures):
        vector = model.embedder.embed_query(Query(image=picture))
        similarities = [float(embedding.vector @ vector) for embedding in embeddings]
        assert similarities[place] == pytest.approx(max(similarities), abs=1e-5)


def test_squares_cover_the_picture_and_movement_gets_a_closer_look() -> None:
    assert windows(400, 400, STILL) == [(0.0, 0.0, 1.0, 1.0)]
    left, right = windows(1920, 1080, STILL)
    assert (left[0], right[2]) == (0.0, 1.0)
    assert right[0] <= left[2]
    *_, close = windows(1920, 1080, Movement(0.001, (0.98, 0.0, 1.0, 0.05)))
    assert close[2] == pytest.approx(1.0)
    assert close[1] == 0.0
    assert (close[2] - close[0]) * 1920 == pytest.approx((close[3] - close[1]) * 1080)
    assert len(windows(1920, 1080, Movement(0.5, (0.0, 0.0, 1.0, 1.0)))) == 2


@pytest.mark.skipif("MMRAG_FOOTAGE" not in os.environ, reason="needs a folder with bikes.mp4")
def test_a_real_street(model: Model) -> None:
    reader = PyavReader(Path(os.environ["MMRAG_FOOTAGE"]) / "bikes.mp4")
    times = (Fraction(3, 2), Fraction(47, 10), Fraction(9))
    embeddings = model.embedder.embed_frames(
        [sampled(reader.frame_at(time).image) for time in times]
    )
    reader.close()
    assert model.reranker is not None
    for text, best in (("a person among cars", 0), ("a cyclist", 1), ("a bicycle, nobody", 2)):
        query = Query(text)
        found = candidates(embeddings, model.embedder.embed_query(query))
        scores = [judgement.score for judgement in model.reranker.judge(query, found)]
        assert scores.index(max(scores)) == best, (text, scores)
