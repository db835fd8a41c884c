"""What several test files stand on: real recordings, a real archive, the command as a process."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import hypothesis
import numpy as np
import psutil
import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, Page

from mmrag_video.archive import Archive
from mmrag_video.catalog.writer_lock import writer_lock
from mmrag_video.ingest import Outcome, ingest_paths
from mmrag_video.settings import SamplerSection, Settings
from mmrag_video.video.frames import Image
from tests.browser import open_browser, served, watched_context
from tests.chat_server import ChatServer, chat_server
from tests.footage import write_pictures
from tests.forked import run_forked
from tests.page_archive import PageArchive, page_archive
from tests.player_archive import PlayerArchive, player_archive
from tests.shared_servers import OWN_STORE, end_shared_servers, shared_model, shared_store
from web.app import create_app

# Tables are as wide as a program reads them; pytest-xdist would have them 80 columns wide.
os.environ.pop("COLUMNS", None)

# How long an example takes depends on what else the machine is at.
hypothesis.settings.register_profile("tests", deadline=None)
hypothesis.settings.load_profile("tests")

RATE = 25
"""Frames a second of the recordings made here."""

QUICK_SAMPLER = SamplerSection(interval=1)

Command = Callable[..., subprocess.CompletedProcess[str]]


def passing_block(seconds: float, size: tuple[int, int] = (320, 240)) -> list[tuple[int, Image]]:
    """A quiet grey yard; from the third second on a red block goes through it to and fro."""
    width, height = size
    noise = np.random.default_rng(7)
    yard = noise.integers(90, 130, (height, width, 3), dtype=np.uint8)
    pictures = []
    for frame in range(int(seconds * RATE)):
        picture = yard.copy()
        if frame >= 2 * RATE:
            left = abs((frame * 4) % (2 * (width - 60)) - (width - 60))
            picture[height // 3 : height // 3 + 80, left : left + 60] = (200, 30, 30)
        pictures.append((frame * 1000 // RATE, picture))
    return pictures


def pytest_sessionfinish() -> None:
    end_shared_servers()


@pytest.fixture(scope="session")
def yard_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds: two quiet ones, four with movement."""
    path = tmp_path_factory.mktemp("yard") / "yard_2026-03-01_12-00-00.mp4"
    write_pictures(path, passing_block(6))
    return path


@pytest.fixture(scope="session")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough movement that an ingest can be stopped in the middle of it."""
    path = tmp_path_factory.mktemp("long") / "gate.mp4"
    write_pictures(path, passing_block(14))
    return path


@pytest.fixture(scope="session")
def endless_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Movement in many batches: it can be caught in the middle."""
    path = tmp_path_factory.mktemp("endless") / "endless.mp4"
    write_pictures(path, passing_block(24))
    return path


def quick_settings(data: Path) -> Settings:
    """A frame a second where something moves, because `basic` takes 0.24 s of CPU for each."""
    return Settings(data_dir=data, store=shared_store(), sampler=QUICK_SAMPLER)


def toy_settings(data: Path) -> Settings:
    """The same with a toy of a model."""
    return quick_settings(data).model_copy(update={"model": shared_model()})


@pytest.fixture
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """A data directory of the test's own; with the toy of a model where the marker says so."""
    has_toy = request.node.get_closest_marker("toy_model") is not None
    return (toy_settings if has_toy else quick_settings)(tmp_path / "data")


@pytest.fixture
def archive(settings: Settings) -> Iterator[Archive]:
    """An empty archive."""
    with Archive(settings) as archive:
        yield archive


@pytest.fixture(scope="session")
def yard_archive(tmp_path_factory: pytest.TempPathFactory, yard_clip: Path) -> Iterator[Archive]:
    """An archive that holds the yard's recording, as it is sampled by default: to be read, not
    written.
    """
    data = tmp_path_factory.mktemp("archive")
    with Archive(Settings(data_dir=data, store=shared_store())) as archive:
        ingest_all(archive, yard_clip)
        yield archive


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """One archive for all tests of a module that leave it as they find it."""
    data = tmp_path_factory.mktemp("opened") / "data"
    with Archive(quick_settings(data)) as archive:
        yield archive


@pytest.fixture(scope="session")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageArchive]:
    """The page's recordings, ingested once: to be read, not written."""
    with page_archive(tmp_path_factory.mktemp("page")) as opened:
        yield opened


@pytest.fixture(scope="session")
def player(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlayerArchive]:
    """Recordings of every kind, ingested once: to be read, not written."""
    with player_archive(tmp_path_factory.mktemp("player")) as opened:
        yield opened


@pytest.fixture(scope="session")
def writing_server() -> Iterator[ChatServer]:
    """A stand-in for a server that writes answers; each test says which."""
    with chat_server() as listening:
        yield listening


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, as the page is looked at in it."""
    with open_browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def address(collection: PageArchive) -> Iterator[str]:
    """Where the page over the recordings is served; a module may have another archive served."""
    with served(collection.archive) as running:
        yield running


@pytest.fixture
def context(browser: Browser, address: str) -> Iterator[BrowserContext]:
    """A visitor of the page, of whom nothing is known yet."""
    with watched_context(browser, address) as watched:
        yield watched


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """What the visitor looks at."""
    return context.new_page()


@pytest.fixture
def client(collection: PageArchive) -> FlaskClient:
    """Asks the page without a server between."""
    return create_app(collection.archive).test_client()


def ingest_all(archive: Archive, *paths: Path) -> list[Outcome]:
    """Ingest as the command does, and wait for the end."""
    with writer_lock(archive.directory.root):
        return list(ingest_paths(archive, paths))


def with_own_store(settings: Settings) -> Settings:
    """The same with a server of frames of their own."""
    return settings.model_copy(update={"store": OWN_STORE})


def variables_of(settings: Settings) -> dict[str, str]:
    """What a command has to be given to have these settings, in as far as tests choose them."""
    return {
        "MMRAG_DATA_DIR": f"{settings.data_dir}",
        "MMRAG_STORE__URI": settings.store.uri or "",
        "MMRAG_STORE__LINGER": f"{settings.store.linger}",
        "MMRAG_SAMPLER__INTERVAL": f"{settings.sampler.interval}",
        "MMRAG_MODEL__NAME": settings.model.name,
        "MMRAG_MODEL__SERVER__URL": settings.model.server.url or "",
    }


def environment(settings: Settings, **variables: str) -> dict[str, str]:
    """The environment of a command with these settings and none of the user's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MMRAG_")}
    return {**kept, **variables_of(settings), **variables}


COMMAND = [sys.executable, "-m", "mmrag_video"]


def decoders_of(process: psutil.Process) -> list[psutil.Process]:
    """The children that decode or encode; the store's keeper, alive or just ended, is another."""
    found = []
    for child in process.children():
        with suppress(psutil.Error):
            if "mmrag_video.video" in " ".join(child.cmdline()):
                found.append(child)
    return found


@pytest.fixture
def run(settings: Settings) -> Command:
    """Runs `mmrag-video` as a user does, in a process of its own."""

    def run_command(*arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
        env = environment(settings, **variables)
        return run_forked([*map(str, arguments)], env, timeout=120)

    return run_command
