"""Saved searches: what rings, how often, and never twice."""

import multiprocessing
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, event, update

from mmrag_video.archive import Archive
from mmrag_video.catalog.hits import Delivery, Hit
from mmrag_video.catalog.records import Recording
from mmrag_video.catalog.saved_searches import SavedSearch, Target
from mmrag_video.catalog.work_schema import HitRow
from mmrag_video.errors import UsageError
from mmrag_video.letting_go import let_go
from mmrag_video.models.base import Query
from mmrag_video.moments import Confidence
from mmrag_video.saved_search import FEWEST, ring, ring_missed, save_search, threshold
from mmrag_video.search import search
from mmrag_video.settings import ModelSettings, Settings
from mmrag_video.video.frames import Image
from tests.conftest import ingest_all
from tests.footage import Encoding, write_pictures
from tests.hook import SECRET
from tests.model_server import ModelServer
from tests.shared_servers import shared_store
from tests.toy_model import COLOURS
from workers.chores import Chores
from workers.ringing import Ringing

RED = "a red wall"


@pytest.fixture(scope="module")
def model() -> Iterator[ModelServer]:
    """A model that truly sees colours, and is sure of them."""
    with ModelServer() as server:
        yield server


@pytest.fixture
def settings(tmp_path: Path, model: ModelServer) -> Settings:
    return settings_of(tmp_path / "data", model.url)


def settings_of(data: Path, url: str) -> Settings:
    at = {"url": url, "reranker_url": url}
    chosen = {"name": "server", "reranker": "server", "server": at}
    return Settings(
        data_dir=data,
        store=shared_store(),
        model=ModelSettings.model_validate(chosen),
    )


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A wall that turns red to the end; is red on from there; is red an hour later."""
    folder = tmp_path_factory.mktemp("clips")
    paths = {
        "first": folder / "yard_2026-03-01_12-00-00.mp4",
        "next": folder / "yard_2026-03-01_12-00-04.mp4",
        "later": folder / "yard_2026-03-01_13-00-00.mp4",
    }
    write_wall(paths["first"], ["grey", "grey", "red", "red"])
    write_wall(paths["next"], ["red", "red", "grey", "grey"])
    write_wall(paths["later"], ["grey", "red", "red", "grey"])
    return paths


def write_wall(path: Path, colours: Sequence[str]) -> None:
    """A wall that has each colour for a second, and before it, while it is red, a shadow."""
    count = 10 * len(colours)
    pictures = ((n * 100, wall(colours[n // 10], n)) for n in range(count))
    write_pictures(path, pictures, Encoding(rate=10))


def wall(colour: str, number: int) -> Image:
    picture = np.full((120, 160, 3), COLOURS[colour], dtype=np.uint8)
    if colour == "red":
        left = number * 12 % 140
        picture[20:100, left : left + 20] = COLOURS["black"]
    return picture


def take(archive: Archive, path: Path) -> Recording:
    [outcome] = ingest_all(archive, path)
    assert outcome.recording is not None, outcome.message
    return outcome.recording


def test_a_new_recording_rings_and_what_was_there_does_not(
    archive: Archive, clips: dict[str, Path]
) -> None:
    old = take(archive, clips["first"])
    save_search(archive, "red", RED)
    assert ring(archive, old) == []
    new = take(archive, clips["later"])
    hits = ring(archive, new)
    [best] = [hit.moment for hit in hits]
    parts = [
        moment
        for moment in search(archive, Query(text=RED)).moments
        if moment.best.recording.id == new.id and moment.confidence is not Confidence.WEAK
    ]
    assert (best.recording, best.camera) == (new.id, "yard")
    assert best.start == min(part.start for part in parts)
    assert best.end == max(part.end for part in parts), "parts that follow each other ring once"
    assert (best.wall_start, best.wall_end) == (new.clock.at(best.start), new.clock.at(best.end))
    assert best.score == max(part.score for part in parts)
    assert archive.catalog.hits.newest() == hits
    assert {hit.delivery for hit in hits} == {Delivery.NONE}, "there is nobody to be told"


def test_nothing_rings_twice_and_what_a_dead_worker_left_rings(
    archive: Archive, clips: dict[str, Path]
) -> None:
    save_search(archive, "red", RED)
    new = take(archive, clips["first"])
    hits = ring_missed(archive)
    assert hits
    assert ring(archive, new) == ring_missed(archive) == []
    assert len(archive.catalog.hits.newest()) == len(hits)


def test_what_comes_back_after_it_was_let_go_of_rings_no_second_time(
    archive: Archive, clips: dict[str, Path]
) -> None:
    save_search(archive, "red", RED)
    new = take(archive, clips["first"])
    hits = ring(archive, new)
    assert hits
    let_go(archive, [new.id])
    assert ring(archive, take(archive, clips["first"])) == []
    assert archive.catalog.hits.newest() == hits


def test_what_could_not_be_rung_for_rings_with_the_next_chores(
    tmp_path: Path, clips: dict[str, Path]
) -> None:
    with ModelServer() as server:
        port, settings = server.port, settings_of(tmp_path / "data", server.url)
        archive = Archive(settings)
        save_search(archive, "red", RED)
        ringing = Ringing(archive)
        ringing.make_up()
        new = take(archive, clips["first"])
    with archive:
        ringing.ring(new)
        ringing.make_up()
        assert archive.catalog.hits.newest() == [], "the model is away, and nothing is raised"
        with ModelServer(port=port):
            Chores(archive, ringing).carry_out({})
            assert archive.catalog.hits.newest() != []


@pytest.mark.slow
def test_two_processes_that_ring_at_a_time_make_one_entry(
    settings: Settings, clips: dict[str, Path]
) -> None:
    context = multiprocessing.get_context("spawn")
    with Archive(settings) as archive:
        save_search(archive, "red", RED)
        new = take(archive, clips["first"])
        given = (context.Barrier(2), settings, new.id, context.Queue())
        both = [context.Process(target=ring_elsewhere, args=given) for _ in range(2)]
        for process in both:
            process.start()
        counts = [given[-1].get(timeout=120) for _ in both]
        for process in both:
            process.join()
        found = archive.catalog.hits.newest()
    assert sorted(map(bool, counts)) == [False, True]
    assert len(found) == sum(counts)


def ring_elsewhere(
    together: Barrier, settings: Settings, recording: str, counts: "Queue[int]"
) -> None:
    """Look for itself, then note what it found in the same moment as the other."""
    with Archive(settings) as archive:
        found = archive.catalog.recording(recording)
        assert found is not None
        note = archive.catalog.saved.note

        def note_together(*told: Any) -> list[Hit]:
            together.wait(timeout=120)
            return note(*told)

        archive.catalog.saved.note = note_together  # type: ignore[method-assign]
        counts.put(len(ring(archive, found)))


def test_only_the_cameras_of_the_filter_ring(archive: Archive, clips: dict[str, Path]) -> None:
    save_search(archive, "elsewhere", RED, ["gate"])
    here = save_search(archive, "here", RED, ["yard", "gate"])
    hits = ring(archive, take(archive, clips["first"]))
    assert {hit.search for hit in hits} == {here.id}


def test_what_stands_out_for_nothing_does_not_ring_but_is_history(
    archive: Archive, clips: dict[str, Path]
) -> None:
    saved = save_search(archive, "horse", "a blue wall")
    new = take(archive, clips["first"])
    assert ring(archive, new) == []
    assert archive.catalog.saved.has_heard(saved, new.id)


@pytest.mark.parametrize("order", [("first", "next"), ("next", "first")])
def test_a_moment_that_runs_on_into_the_next_recording_is_told_once(
    archive: Archive, clips: dict[str, Path], order: tuple[str, str]
) -> None:
    save_search(archive, "red", RED, target=Target("https://example.org/", SECRET))
    [first], [second] = (ring(archive, take(archive, clips[name])) for name in order)
    later = ring(archive, take(archive, clips["later"]))
    assert (first.continues, first.delivery) == (None, Delivery.PENDING)
    assert (second.continues, second.delivery) == (first.id, Delivery.NONE)
    assert {hit.delivery for hit in later} == {Delivery.PENDING}, "an hour later it is another"


def with_history(archive: Archive, saved: SavedSearch, new: Recording, scores: list[float]) -> None:
    """Recordings that were there before, and how the search had scored in them."""
    identity = archive.active_identity
    assert identity is not None
    for number, score in enumerate(scores):
        old = replace(new, id=f"{number:064x}")
        archive.catalog.saved.note(saved, old, identity.fingerprint, score, [], timedelta(0))


@pytest.mark.parametrize(
    ("scores", "rings"),
    [
        ([0.0] * 30, True),
        ([0.0] * 29 + [1.0], True),
        ([1.0] * (FEWEST - 1), True),
        ([0.0] * 28 + [1.0] * 2, False),
    ],
    ids=["never before", "once before", "too little history", "often"],
)
def test_the_history_of_the_camera_sets_the_threshold(
    archive: Archive, clips: dict[str, Path], scores: list[float], rings: bool
) -> None:
    new = take(archive, clips["first"])
    saved = archive.catalog.saved.add("red", RED, [], Target(), known=[])
    with_history(archive, saved, new, scores)
    found: list[Hit] = ring(archive, new)
    assert bool(found) is rings


def test_what_was_there_before_is_searched_for_its_history(
    archive: Archive, clips: dict[str, Path]
) -> None:
    take(archive, clips["first"])
    saved = save_search(archive, "red", RED)
    ring(archive, take(archive, clips["later"]))
    identity = archive.active_identity
    assert identity is not None
    new, old = archive.catalog.saved.history(saved, "yard", identity.fingerprint, 10)
    assert old > 0 and new > 0
    assert archive.catalog.saved.history(saved, "yard", "another index", 10) == []


def test_hits_are_forgotten_when_they_are_too_old_and_nobody_waits_for_them(
    archive: Archive, clips: dict[str, Path]
) -> None:
    save_search(archive, "red", RED)
    save_search(archive, "told", RED, target=Target("https://example.org/", SECRET))
    hits = {hit.delivery: hit for hit in ring(archive, take(archive, clips["first"]))}
    assert set(hits) == {Delivery.NONE, Delivery.PENDING}
    happened(archive, datetime.now(UTC) - timedelta(days=364))
    Chores(archive, Ringing(archive)).carry_out({})
    assert len(archive.catalog.hits.newest()) == 2
    happened(archive, datetime.now(UTC) - timedelta(days=366))
    Chores(archive, Ringing(archive)).carry_out({})
    assert [hit.id for hit in archive.catalog.hits.newest()] == [hits[Delivery.PENDING].id]


def happened(archive: Archive, moment: datetime) -> None:
    """Let all hits be found at another time."""
    with archive.catalog.database.writing() as session:
        session.execute(update(HitRow).values(found=moment))


def test_a_long_history_is_looked_up_and_neither_read_through_nor_sorted(
    archive: Archive, clips: dict[str, Path]
) -> None:
    save_search(archive, "red", RED)
    asked: list[tuple[str, Any]] = []

    def listen(_c: object, _u: object, statement: str, parameters: Any, *_: object) -> None:
        if statement.startswith("SELECT") and "saved_score" in statement:
            asked.append((statement, parameters))

    new = take(archive, clips["first"])
    event.listen(Engine, "before_cursor_execute", listen)
    try:
        assert ring(archive, new)
    finally:
        event.remove(Engine, "before_cursor_execute", listen)
    assert len(asked) >= 5
    with closing(sqlite3.connect(archive.catalog.file)) as catalog:
        plans = [
            step[-1]
            for statement, parameters in asked
            for step in catalog.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    assert [plan for plan in plans if "TEMP B-TREE" in plan or "SCAN saved_score" in plan] == []


def ringing(scores: list[float]) -> Iterator[bool]:
    """Whether each recording of a camera rings, if its score is confident."""
    rang: list[bool] = []
    for number, score in enumerate(scores):
        needed = threshold(scores[max(0, number - 200) : number], rang_lately=any(rang[-19:]))
        rang.append(needed.lets_through(score))
        yield rang[-1]


def test_a_street_where_it_always_happens_rings_once_in_twenty_recordings() -> None:
    assert sum(list(ringing([1.0] * 410))[10:]) == 20


@given(st.randoms(use_true_random=False))
def test_a_street_where_it_happens_more_or_less_rings_seldom(chance: Random) -> None:
    scores = [chance.random() for _ in range(400)]
    assert sum(list(ringing(scores))[200:]) <= 30, "11 are expected"


@given(
    st.lists(st.floats(0, 1), min_size=FEWEST, max_size=200),
    st.floats(0, 1),
    st.booleans(),
)
def test_at_most_one_in_twenty_had_more_than_what_rings(
    history: list[float], score: float, lately: bool
) -> None:
    if threshold(history, rang_lately=lately).lets_through(score):
        assert sum(one > score for one in history) <= max(1, len(history) // 20)


def test_what_never_happened_before_rings_whatever_the_history() -> None:
    assert threshold([0.3] * 200, rang_lately=True).lets_through(0.31)


@pytest.mark.parametrize(
    ("name", "text", "target", "sentence"),
    [
        ("", RED, Target(), "needs a name"),
        ("a\nb", RED, Target(), "needs a name"),
        ("red", "  ", Target(), "Say what to look for"),
        ("red", "x" * 501, Target(), "at most 500"),
        ("red", RED, Target("ftp://example.org/", SECRET), "not an address such as"),
        ("red", RED, Target("http://[/", SECRET), "not an address such as"),
        ("red", RED, Target("https://example.org/", "short"), "at least 16 characters"),
        ("red", RED, Target("https://example.org/", SECRET, ("true",)), "not both"),
        ("red", RED, Target(secret=SECRET), "no use without a webhook"),
    ],
)
def test_what_cannot_be_saved_is_refused_in_one_sentence(
    archive: Archive, name: str, text: str, target: Target, sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence):
        save_search(archive, name, text, target=target)
    assert archive.catalog.saved.all() == []


def test_a_name_is_given_once_until_it_is_removed(archive: Archive) -> None:
    saved = save_search(archive, "red", RED)
    with pytest.raises(UsageError, match="already"):
        save_search(archive, "red", "a car")
    archive.catalog.saved.remove(saved)
    save_search(archive, "red", "a car")


def test_a_secret_is_read_by_nobody_else_and_shown_to_nobody(archive: Archive) -> None:
    archive.catalog.file.chmod(0o644)
    saved = save_search(archive, "red", RED, target=Target("https://example.org/x", SECRET))
    assert SECRET not in repr(saved)
    files = list(archive.catalog.file.parent.glob("catalog.sqlite*"))
    assert files and all(file.stat().st_mode & 0o007 == 0 for file in files)
