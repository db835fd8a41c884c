"""What an archive lets go of at its end: the connections of its models."""

import numpy as np
import pytest

from mmrag_video.archive import Archive
from mmrag_video.models.base import Candidate, Query
from mmrag_video.settings import GeneratorSettings, ModelSettings, Settings
from tests.model_server import ModelServer


@pytest.mark.parametrize("dimensions", [None, 64], ids=["whole", "cut"])
def test_an_archive_leaves_no_connection_open(dimensions: int | None, settings: Settings):
    """Neither of the embedder, also where its vectors are cut, nor of the reranker."""
    with ModelServer(keeps_connections=True, model="Qwen3-VL-Embedding") as server:
        at = {"url": server.url, "reranker_url": server.url}
        model = ModelSettings.model_validate({"name": "server", "server": at})
        with Archive(settings.model_copy(update={"model": model})) as archive:
            loaded = archive.model
            assert loaded.reranker is not None
            picture = np.zeros((64, 64, 3), np.uint8)
            loaded.reranker.judge(Query(text="red"), [Candidate({}, 0.0, lambda: picture)])
            assert server.connections >= 2
        with server.counting:
            assert server.counting.wait_for(lambda: server.connections == 0, timeout=10)


def test_an_archive_leaves_no_connection_of_the_generator_open(settings: Settings):
    with ModelServer(keeps_connections=True) as server:
        generator = GeneratorSettings(url=f"{server.url}/v1")
        with Archive(settings.model_copy(update={"generator": generator})) as archive:
            writes = archive.generator
            assert writes.model_name() == "toy"
            assert server.connections == 1
        with server.counting:
            assert server.counting.wait_for(lambda: server.connections == 0, timeout=10)
