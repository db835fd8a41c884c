"""An ingest whose model server dies in the middle: it stops cleanly, and goes on later."""

import json
from pathlib import Path

import pytest

from mmrag_video.archive import Archive
from mmrag_video.errors import ModelError
from mmrag_video.ingest import OutcomeState
from mmrag_video.settings import ModelSettings, Settings
from tests.conftest import Command, ingest_all
from tests.model_server import ModelServer
from tests.toy_model import Fault

OF_THE_SELF_TEST = 5
"""Vectors: two pictures, none, two captions."""
TWO_BATCHES = 4
"""Frames, which an ingest asks for at once; one batch is written before it asks for more."""


def settings_for(server: ModelServer, settings: Settings) -> Settings:
    at = {"url": server.url, "protocol": server.protocol}
    model = ModelSettings.model_validate({"name": "server", "server": at, "batch": 2})
    return settings.model_copy(update={"model": model})


def test_a_server_that_dies_ends_the_command_with_a_sentence_and_costs_a_second_call(
    run: Command, yard_clip: Path
):
    """As a person sees it: exit code 1 and what to do; then the same command goes on."""
    with ModelServer(dies_after=OF_THE_SELF_TEST + TWO_BATCHES) as server:
        variables = {"MMRAG_MODEL__NAME": "server", "MMRAG_MODEL__SERVER__URL": server.url}
        broken_off = run("ingest", yard_clip, MMRAG_MODEL__BATCH="2", **variables)
    assert broken_off.returncode == 1
    [sentence] = broken_off.stderr.strip().splitlines()
    assert sentence.startswith(f"Error: The model server at {server.url} cannot be reached")
    assert sentence.endswith("start it, or correct model.server.url.")

    with ModelServer(port=server.port) as back:
        done = run("ingest", yard_clip, **variables)
        assert (done.returncode, done.stdout[:7]) == (0, "1 added")
        answer = json.loads(run("search", "something red", "--json", **variables).stdout)
    assert {moment["best"]["path"] for moment in answer["moments"]} == {str(yard_clip)}
    assert back.prompts[-1].text.count("something red") == 1


@pytest.mark.parametrize("protocol", ["vllm", "llama"])
def test_what_was_stored_before_the_server_died_is_not_there_twice(
    protocol: str, settings: Settings, yard_clip: Path
):
    dying = ModelServer(protocol, dies_after=OF_THE_SELF_TEST + TWO_BATCHES)
    with dying, Archive(settings_for(dying, settings)) as archive:
        with pytest.raises(ModelError, match="cannot be reached"):
            ingest_all(archive, yard_clip)
        assert archive.catalog.recordings() == []
        [failure] = archive.catalog.failures()
        assert "cannot be reached" in (failure.error or "")
        assert archive.store(archive.identity).count() > 0, "it was under way"

    back = ModelServer(protocol, port=dying.port)
    with back, Archive(settings_for(back, settings)) as archive:
        [outcome] = ingest_all(archive, yard_clip)
        assert outcome.state is OutcomeState.ADDED
        assert archive.store(archive.identity).count() == outcome.frames
        assert archive.catalog.failures() == []


def test_another_model_that_took_its_place_is_not_mixed_in(settings: Settings, yard_clip: Path):
    """In the middle of an ingest, and under the same name."""
    with ModelServer() as server, Archive(settings_for(server, settings)) as archive:
        frames = 0

        def replaced() -> None:
            nonlocal frames
            frames += 1
            if frames > TWO_BATCHES:
                server.faults = {Fault.OTHER_DIMENSIONS}

        identity = archive.identity
        server.meanwhile = replaced
        with pytest.raises(ModelError, match=r"dimensions instead of .* ingest --reindex"):
            ingest_all(archive, yard_clip)
        assert archive.catalog.recordings() == []
        assert archive.store(identity).count() > 0, "it was under way"
