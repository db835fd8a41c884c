"""The page "Health": each part with a plain word; and the page of all that failed."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from mmrag_video.archive import Archive
from mmrag_video.catalog.jobs import Failures
from mmrag_video.errors import ErrorKind
from mmrag_video.settings import CameraSettings, SamplerSection, SourceSettings
from tests.page_archive import PageArchive
from tests.page_client import get, words_of
from tests.queued import WORKER, fail_next, run_next, wait_in_line
from tests.test_page_work import post
from web.app import create_app


@pytest.fixture
def asker(archive: Archive) -> FlaskClient:
    return create_app(archive).test_client()


def levels(client: FlaskClient) -> dict[str, str]:
    """Of each part that the page shows, its word."""
    page = words_of(get(client, "/health"))
    return dict(re.findall(r"<h2>(.+?)</h2>\s*<p class=\"level\">(.+?)</p>", page))


def test_every_part_of_an_archive_that_is_well_is_well(collection: PageArchive) -> None:
    client = create_app(collection.archive).test_client()
    assert set(levels(client).values()) == {"well"}
    page = words_of(get(client, "/health"))
    assert "All is well." in page and "3 recordings of 3 cameras" in page
    assert re.search(r"pictures of frames: [\d.]+|less than 1 MB", page)
    assert re.search(r"mmrag-video [\d.]+ · Python 3", page)


def test_what_is_wrong_is_said_with_what_to_do(archive: Archive, asker: FlaskClient) -> None:
    archive.catalog.sources.put("nvr", SourceSettings(folder=Path("/nvr")))
    told = levels(asker)
    assert (told["Worker"], told["Sources"]) == ("failing", "well")
    assert "Start mmrag-video serve" in words_of(get(asker, "/health"))


def test_a_paused_worker_what_was_set_aside_and_a_source_in_part(
    archive: Archive, asker: FlaskClient
) -> None:
    archive.catalog.sources.put("nvr", SourceSettings(folder=Path("/nvr")))
    wait_in_line(archive.catalog, Path("/nvr/a.mp4"))
    fail_next(archive.catalog, "It is no video.")
    archive.catalog.worker.say(WORKER, "paused", ["nvr"])
    archive.catalog.worker.pause(True)
    told = levels(asker)
    assert (told["Worker"], told["Queue"], told["Sources"]) == ("look here", "look here", "failing")
    page = words_of(get(asker, "/health"))
    assert "Not all can be read of: nvr" in page and "the last failure: It is no video." in page


def test_recordings_that_were_sampled_otherwise_are_counted(collection: PageArchive) -> None:
    settings = collection.archive.settings
    own = {"cameras": {"Yard": CameraSettings(interval=3.0)}}
    with Archive(settings.model_copy(update=own)) as archive:
        client = create_app(archive).test_client()
        assert levels(client)["Index"] == "look here"
        assert "1 recording in it was sampled with other settings" in words_of(
            get(client, "/models")
        )
    coarse = settings.model_copy(update={"sampler": SamplerSection(interval=3.0)})
    with Archive(coarse) as archive:
        client = create_app(archive).test_client()
        assert "Searches are answered, but nothing can be added" in words_of(get(client, "/models"))
        assert get(client, "/?q=something+red").status_code == 200


# What failed


def fail(archive: Archive, name: str, kind: ErrorKind) -> None:
    source = "nvr" if kind is ErrorKind.RECORDING else "door"
    wait_in_line(archive.catalog, Path("/nvr") / name, source=source)
    archive.catalog.jobs.set_aside(run_next(archive.catalog), f"{name} is wrong.", kind)


def test_all_failures_can_be_reached_by_kind_and_source(
    archive: Archive, asker: FlaskClient
) -> None:
    for number in range(60):
        fail(archive, f"{number:02}.mp4", ErrorKind.RECORDING)
    fail(archive, "crash.mp4", ErrorKind.DECODER)
    assert "All 61 that failed" in words_of(get(asker, "/work"))
    first, second = get(asker, "/queue/failed"), get(asker, "/queue/failed?page=2")
    shown = re.findall(r"(\w+\.mp4) is wrong", words_of(first) + words_of(second))
    assert len(shown) == len(set(shown)) == 61 and shown[0] == "crash.mp4"
    assert "page=2" in words_of(first) and "page=1" in words_of(second)
    decoder = words_of(get(asker, "/queue/failed?kind=decoder"))
    assert re.findall(r"(\w+\.mp4) is wrong", decoder) == ["crash.mp4"]
    assert "crash" not in words_of(get(asker, "/queue/failed?source=nvr"))
    for wrong in ("kind=x", "again=-1", "page=x", "page=9999999999"):
        assert get(asker, f"/queue/failed?{wrong}").status_code == 400


def test_one_or_all_of_a_kind_are_tried_again(archive: Archive, asker: FlaskClient) -> None:
    for name in ("a.mp4", "b.mp4"):
        fail(archive, name, ErrorKind.RECORDING)
    fail(archive, "crash.mp4", ErrorKind.DECODER)
    wait_in_line(archive.catalog, Path("/nvr/later.mp4"))
    fail_next(archive.catalog, "Later.", again=timedelta(hours=1))
    jobs = archive.catalog.jobs
    answer = post(asker, "/queue/failed/retry", kind="recording", source="")
    assert answer.headers["Location"] == "/queue/failed?kind=recording&again=2"
    told = words_of(get(asker, answer.headers["Location"]))
    assert "2 files are tried again now" in told and "Nothing else of this kind failed" in told
    assert {job.file.path.name for job in jobs.failed()} == {"crash.mp4", "later.mp4"}
    [crash] = jobs.failed(which=Failures(kind=ErrorKind.DECODER))
    post(asker, "/queue/failed/retry", job=str(crash.id), kind="", source="")
    assert [job.file.path.name for job in jobs.failed()] == ["later.mp4"]
    post(asker, "/queue/failed/retry")
    assert jobs.count_failed(Failures()) == 0
    assert post(asker, "/queue/failed/retry", job="x").status_code == 400
