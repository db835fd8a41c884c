"""What is wished about the index on the page: the worker carries it out, whatever comes between."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from mmrag_video.archive import Archive
from mmrag_video.catalog.jobs import JobState
from mmrag_video.catalog.reindexings import Reindexing, Wish
from mmrag_video.check import look
from mmrag_video.settings import Settings
from tests.conftest import ingest_all
from tests.model_server import ModelServer
from tests.page_client import get, words_of
from tests.test_model_server_ingest import settings_for
from tests.test_page_work import post
from tests.worker_process import WorkerProcess, counted, worker_on
from web.app import create_app


@pytest.fixture
def nvr(tmp_path: Path) -> Path:
    folder = tmp_path / "nvr"
    folder.mkdir()
    return folder


@pytest.fixture
def new_model() -> Iterator[ModelServer]:
    """The one that the settings name now."""
    with ModelServer(model="new") as server:
        yield server


@pytest.fixture
def changed(
    settings: Settings, nvr: Path, yard_clip: Path, long_clip: Path, new_model: ModelServer
) -> Iterator[Archive]:
    """Two recordings in an index that was made with another model than the settings name now."""
    shutil.copy(yard_clip, nvr / "a.mp4")
    shutil.copy(long_clip, nvr / "b.mp4")
    with ModelServer(model="old") as old, Archive(settings_for(old, settings)) as archive:
        ingest_all(archive, nvr)
    with Archive(settings_for(new_model, settings)) as archive:
        yield archive


@contextmanager
def worker_of(archive: Archive, nvr: Path) -> Iterator[WorkerProcess]:
    """One with the archive's settings."""
    url = archive.settings.model.server.url or ""
    model = {"MMRAG_MODEL__NAME": "server", "MMRAG_MODEL__SERVER__URL": url}
    with worker_on(archive.settings, nvr, **model) as worker:
        yield worker


def wish_of(archive: Archive) -> Reindexing:
    last = archive.catalog.reindexings.last()
    assert last is not None
    return last


def wait_until_ended(worker: WorkerProcess, archive: Archive) -> Reindexing:
    worker.wait_until(lambda: not wish_of(archive).is_open, "the wish is carried out")
    return wish_of(archive)


def test_the_index_is_made_anew_and_the_open_page_answers_from_it(
    changed: Archive, nvr: Path, yard_clip: Path
) -> None:
    page: FlaskClient = create_app(changed).test_client()
    refused = get(page, "/?q=something+red")
    assert refused.status_code == 409 and 'href="/models"' in words_of(refused)
    assert "Searches are refused and recordings wait" in words_of(get(page, "/models"))
    shutil.copy(yard_clip, nvr / "c.mp4")
    with (nvr / "c.mp4").open("ab") as file:
        file.write(b"\0" * 8)  # another content
    old = changed.catalog.active_index()
    with worker_of(changed, nvr) as worker:
        worker.wait_for("was made otherwise")
        post(page, "/models/reindex")
        done = wait_until_ended(worker, changed)
        assert (done.asked_by, done.done, done.total, done.problem) == ("local", 2, 2, "")
        assert changed.catalog.active_index() == changed.identity != old
        answer = get(page, "/?q=something+red")
        assert answer.status_code == 200 and "/frames/" in words_of(answer)
        worker.wait_until(lambda: counted(changed, JobState.DONE) == 3, "the queue goes on")
        assert "lies aside" in words_of(get(page, "/models"))
        assert "Drop it" in words_of(get(page, "/models/drop"))
        post(page, "/models/drop")
        wait_until_ended(worker, changed)
        assert changed.catalog.indexes() == [changed.identity]
    assert look(changed) == []


@pytest.mark.slow
def test_a_worker_that_is_killed_goes_on_where_it_was(
    changed: Archive, nvr: Path, new_model: ModelServer
) -> None:
    changed.catalog.reindexings.ask(Wish.NEW_INDEX, "ana")
    new_model.meanwhile = lambda: time.sleep(0.2)
    pictures = changed.directory.thumbnails(changed.identity.collection)
    with worker_of(changed, nvr) as worker:
        worker.wait_until(lambda: wish_of(changed).done == 1, "one is done")
        worker.wait_until(lambda: len(list(pictures.glob("*/*"))) == 2, "it is at the other")
    assert wish_of(changed).is_open
    new_model.meanwhile = lambda: None
    [complete] = changed.catalog.recordings(index=changed.identity.fingerprint)
    first = changed.catalog.complete_run_of(complete.id, changed.identity.fingerprint)
    with worker_of(changed, nvr) as worker:
        assert wait_until_ended(worker, changed).problem == ""
    assert changed.catalog.active_index() == changed.identity
    again = changed.catalog.complete_run_of(complete.id, changed.identity.fingerprint)
    assert again == first, "what was done is not done again"
    assert look(changed) == []


def test_what_is_missing_keeps_the_old_index_until_it_is_given_up(
    changed: Archive, nvr: Path
) -> None:
    page = create_app(changed).test_client()
    old, gone = changed.catalog.active_index(), nvr / "b.mp4"
    gone.unlink()
    with worker_of(changed, nvr) as worker:
        post(page, "/models/reindex")
        ended = wait_until_ended(worker, changed)
        assert (ended.missing, ended.done) == (1, 1) and str(gone) in ended.problem
        assert changed.catalog.active_index() == old
        asked = words_of(get(page, "/models/give-up"))
        assert str(gone) in asked and str(nvr / "a.mp4") not in asked
        post(page, "/models/reindex", missing="forget")
        assert wait_until_ended(worker, changed).wish is Wish.FORGET_MISSING
        assert changed.catalog.active_index() == changed.identity
        assert [one.path for one in changed.catalog.recordings()] == [nvr / "a.mp4"]


def test_it_waits_while_paused_and_can_be_called_off(changed: Archive, nvr: Path) -> None:
    page = create_app(changed).test_client()
    old = changed.catalog.active_index()
    changed.catalog.worker.pause(True)
    post(page, "/models/reindex")
    assert "No worker is running: it waits for one." in words_of(get(page, "/models"))
    with worker_of(changed, nvr) as worker:
        worker.wait_until(lambda: changed.catalog.worker.read().activity == "paused", "it waits")
        assert wish_of(changed).begun is None
        assert changed.catalog.reindexings.ask(Wish.DROP_OTHERS, "bob") is None, "one at a time"
        post(page, "/models/reindex/cancel")
        changed.catalog.worker.pause(False)
        worker.wait_for("was made otherwise")
    assert wish_of(changed).problem == "Called off by local."
    assert "Called off by local." in words_of(get(page, "/models"))
    assert changed.catalog.active_index() == old
