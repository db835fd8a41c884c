"""Shorter vectors of a model that bears them, from settings to search and evaluation."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

pytest.importorskip("torch", reason="the extra `models` is not installed")
pytest.importorskip("transformers", reason="the extra `models` is not installed")

from mmrag_video.archive import Archive
from mmrag_video.cli import cli
from mmrag_video.errors import ExitCode, IndexMismatchError
from mmrag_video.evaluate import answer_queries, metrics, read_queries
from mmrag_video.evaluate_dimensions import evaluate_lengths
from mmrag_video.metrics import SLACK
from mmrag_video.models.base import Embedder, FrameEmbedding, Query
from mmrag_video.models.matryoshka import prefix
from mmrag_video.search import search
from mmrag_video.settings import ModelSettings, Settings
from mmrag_video.video.sampled import SampledFrame
from tests import checkpoints
from tests.conftest import environment, ingest_all, quick_settings
from tests.shared_servers import shared_store

WHOLE = 128
QUERY = Query(text="something red")


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoints.write_qwen3_vl(tmp_path_factory.mktemp("long"), dimensions=WHOLE)


@pytest.fixture
def queries(yard_clip: Path, tmp_path: Path) -> Path:
    """The same question for each quarter, which alone is right: one of them comes first."""
    digest = hashlib.sha256(yard_clip.read_bytes()).hexdigest()
    # Without the slack that a match is allowed, so that no frame lies in two quarters.
    quarters = [
        {"video": "yard", "start_s": start + SLACK, "end_s": start + 1.49 - SLACK}
        for start in (0, 1.5, 3, 4.5)
    ]
    labelled = {
        "videos": {"yard": {"path": yard_clip.name, "sha256": digest}},
        "queries": [
            {"id": str(number), "text": "something red", "matches": [match]}
            for number, match in enumerate(quarters)
        ],
    }
    file = tmp_path / "queries.json"
    file.write_text(json.dumps(labelled))
    return file


class Counting:
    """An embedder that counts the frames it is given."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.frames = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._embedder, name)

    def embed_frames(self, frames: Sequence[SampledFrame]) -> list[FrameEmbedding]:
        self.frames += len(frames)
        return self._embedder.embed_frames(frames)


def settings(data: Path, folder: Path, **model: int) -> Settings:
    chosen = ModelSettings(name="qwen3-vl-2b", path=str(folder), frame_tokens=16, **model)
    return Settings(data_dir=data, model=chosen, store=shared_store())


def test_a_cut_index_holds_and_finds_by_cut_vectors(
    model_folder: Path, yard_clip: Path, tmp_path: Path
):
    with Archive(settings(tmp_path / "whole", model_folder)) as archive:
        ingest_all(archive, yard_clip)
        whole = dict(vectors(archive))
    with Archive(settings(tmp_path / "cut", model_folder, dimensions=64)) as archive:
        ingest_all(archive, yard_clip)
        assert archive.identity.dimensions == 64
        for time, vector in vectors(archive):
            assert np.allclose(vector, prefix(whole[time], 64), atol=1e-5)
        assert search(archive, QUERY).moments


def test_prefixes_that_recall_find_what_whole_vectors_find(
    model_folder: Path, yard_clip: Path, tmp_path: Path
):
    with Archive(settings(tmp_path / "whole", model_folder)) as archive:
        ingest_all(archive, yard_clip)
        expected = search(archive, QUERY)
    with Archive(settings(tmp_path / "two", model_folder, recall_dimensions=64)) as archive:
        ingest_all(archive, yard_clip)
        found = search(archive, QUERY)
        assert [moment.best.start for moment in found.moments] == [
            moment.best.start for moment in expected.moments
        ]
    with (
        Archive(settings(tmp_path / "two", model_folder)) as archive,
        pytest.raises(IndexMismatchError, match="recall_dimensions was 64, is now nothing"),
    ):
        search(archive, QUERY)


def test_each_length_is_evaluated_from_one_embedding_run(
    model_folder: Path, yard_clip: Path, queries: Path, tmp_path: Path
):
    labelled = read_queries(queries)
    with Archive(settings(tmp_path / "data", model_folder)) as archive:
        ingest_all(archive, yard_clip)
        embedder = Counting(archive.model.embedder)
    with Archive(archive.settings, replace(archive.model, embedder=embedder)) as archive:
        results = list(evaluate_lengths(archive, labelled, [64, 100, WHOLE]))
        assert embedder.frames == 0, "the vectors that there are were cut"
        frames = archive.store(archive.identity).count()
        whole = metrics(answer_queries(archive, labelled))
    with Archive(settings(tmp_path / "cut", model_folder, dimensions=64)) as archive:
        ingest_all(archive, yard_clip)
        cut = metrics(answer_queries(archive, labelled))
    assert [result.dimensions for result in results] == [64, 100, WHOLE]
    assert {result.frames for result in results} == {frames}
    for result in results:
        assert result.metrics["event_recall@1"] == 1 / 4
    assert (results[0].metrics, results[-1].metrics) == (cut, whole)
    assert cut != whole, "else this could not tell one length from another"
    assert results[0].store_bytes < results[-1].store_bytes
    assert all(result.search_seconds for result in results)
    assert not list((tmp_path / "data").glob("tmp*")), "nothing is left of the shorter indexes"


@pytest.mark.slow
def test_the_command_prints_a_line_for_each_length(
    model_folder: Path, yard_clip: Path, queries: Path, tmp_path: Path
):
    variables = {
        "MMRAG_MODEL__NAME": "qwen3-vl-2b",
        "MMRAG_MODEL__PATH": str(model_folder),
        "MMRAG_MODEL__FRAME_TOKENS": "16",
    }
    asked = ["evaluate", str(queries), "--videos", str(yard_clip.parent), "--dimensions"]

    def run(*arguments: str, **variables: str) -> Result:
        env = environment(quick_settings(tmp_path / "data"), COLUMNS="400", **variables)
        return CliRunner().invoke(cli, [*asked, *arguments], env=env)

    told = run("64,128", **variables)
    assert told.exit_code == ExitCode.OK, told.stderr
    assert [line.split()[0] for line in told.stdout.splitlines()] == ["Dimensions", "64", "128"]
    result = json.loads(run("64", "--json", **variables).stdout)
    assert [length["dimensions"] for length in result["dimensions"]] == [64]
    refused = run("32", **variables)
    assert refused.exit_code == ExitCode.USAGE
    assert "can be cut to 64 to 128 dimensions: set --dimensions" in refused.stderr
    assert run("many", **variables).exit_code == ExitCode.USAGE
    basic = run("64")
    assert basic.exit_code == ExitCode.USAGE
    assert "only whole" in basic.stderr


def vectors(archive: Archive) -> list[tuple[object, np.ndarray]]:
    [recording] = archive.catalog.recordings()
    run = archive.catalog.complete_run_of(recording.id, archive.identity.fingerprint)
    assert run is not None
    frames = archive.store(archive.identity).frames_of_run(run.id)
    return [(frame.time, vector) for frame, vector in frames]
