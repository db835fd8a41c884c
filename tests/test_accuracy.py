"""How well `basic` finds what is asked, on real footage with ground truth.

The footage is named by MMRAG_FOOTAGE: a folder with videos and `queries.json`. The floors are what
the model promises, below what it reaches, so that a change that costs accuracy is noticed.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mmrag_video.archive import Archive
from mmrag_video.evaluate import answer_queries, metrics, read_queries, video_paths
from mmrag_video.settings import Settings
from tests.conftest import ingest_all
from tests.shared_servers import shared_store

FOOTAGE = os.environ.get("MMRAG_FOOTAGE")
pytestmark = pytest.mark.skipif(not FOOTAGE, reason="MMRAG_FOOTAGE names no labelled footage")


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    folder = Path(FOOTAGE or "")
    labelled = read_queries(folder / "queries.json")
    data = tmp_path_factory.mktemp("accuracy")
    with Archive(Settings(data_dir=data, store=shared_store())) as archive:
        ingest_all(archive, *video_paths(labelled, folder))
        yield metrics(answer_queries(archive, labelled))


@pytest.mark.parametrize(
    ("figure", "floor"), [("event_recall@1", 0.50), ("event_recall@10", 0.85), ("mrr", 0.58)]
)
def test_english_queries_find_their_moment(
    figures: dict[str, Any], figure: str, floor: float
) -> None:
    assert figures["by_language"]["en"][figure] >= floor


def test_other_languages_find_nearly_what_english_finds(figures: dict[str, Any]) -> None:
    assert figures["paraphrase_mrr_ratio"] >= 0.8


def test_what_is_not_there_is_said_not_to_be_there(figures: dict[str, Any]) -> None:
    assert figures["rejection"] >= 0.8
