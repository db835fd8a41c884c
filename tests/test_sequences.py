"""Two things in a row, and what must not be there: on real recordings."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from mmrag_video.archive import Archive
from mmrag_video.example_searches import USUAL, example_searches
from mmrag_video.facets import facets, narrowed
from mmrag_video.index.frames import FrameFilter, TimesOfDay
from mmrag_video.models.base import Facts, Model, NamedThing, Query
from mmrag_video.moments import Confidence
from mmrag_video.search import search
from mmrag_video.sequences import Pair, Step, find_pairs
from mmrag_video.settings import Settings
from mmrag_video.unwanted import AWAY, query_vector
from mmrag_video.video.frames import Image
from tests.conftest import ingest_all
from tests.footage import write_pictures
from tests.shared_servers import shared_store

DARK, LIGHT = "in the dark", "in daylight"
EVERYWHERE = FrameFilter()
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
"""When the yard is dark; twenty seconds later it is light."""


@pytest.fixture(scope="module")
def passing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    folder = tmp_path_factory.mktemp("passing")
    for name, level in (
        ("yard/yard_2026-03-01_12-00-00.mp4", 12),
        ("yard/yard_2026-03-01_12-00-20.mp4", 200),
        ("road/road_2026-03-01_12-00-40.mp4", 201),
        ("shed/shed.mp4", 13),
    ):
        write_light(folder / "recordings" / name, level)
    settings = Settings(data_dir=folder / "data", store=shared_store())
    with Archive(settings) as archive:
        ingest_all(archive, folder / "recordings")
        yield archive


def write_light(path: Path, level: int) -> None:
    """Three seconds of one brightness."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_pictures(path, [(frame * 100, noise(level)) for frame in range(30)])


def noise(level: int) -> Image:
    random = np.random.default_rng(level)
    return random.integers(level - 8, level + 8, (240, 320, 3), dtype=np.uint8)


def pairs(
    archive: Archive, first: str, second: str, minutes: float = 10, *, one_camera: bool = True
) -> tuple[Pair, ...]:
    return find_pairs(
        archive,
        Step(Query(first), EVERYWHERE),
        Step(Query(second), EVERYWHERE),
        timedelta(minutes=minutes),
        one_camera=one_camera,
    )


def confident(found: tuple[Pair, ...]) -> list[tuple[str, str]]:
    return [
        (pair.first.camera, pair.second.camera)
        for pair in found
        if pair.confidence is not Confidence.WEAK
    ]


def test_a_moment_that_another_follows_on_its_camera_is_a_pair(passing: Archive) -> None:
    best = pairs(passing, DARK, LIGHT)[0]
    assert best.first.camera == best.second.camera == "yard"
    assert best.first.wall_start is not None and best.second.wall_start is not None
    assert best.first.wall_start < NOON + timedelta(seconds=10) < best.second.wall_start
    assert timedelta(0) <= best.gap <= timedelta(seconds=25)
    assert min(best.first.score, best.second.score) <= best.score
    assert best.confidence is not Confidence.WEAK


def test_the_other_way_round_is_no_pair(passing: Archive) -> None:
    assert confident(pairs(passing, LIGHT, DARK)) == []


def test_what_follows_too_late_is_no_pair(passing: Archive) -> None:
    assert confident(pairs(passing, DARK, LIGHT, minutes=0.1)) == []


def test_on_any_camera_the_second_may_be_on_another(passing: Archive) -> None:
    only = FrameFilter(cameras=("road",))
    dark, light = Step(Query(DARK), EVERYWHERE), Step(Query(LIGHT), only)
    assert confident(find_pairs(passing, dark, light)) == []
    found = find_pairs(passing, dark, light, one_camera=False)
    assert ("yard", "road") in confident(found)


def test_pairs_come_best_first_and_a_moment_is_in_one_of_them(passing: Archive) -> None:
    found = pairs(passing, DARK, LIGHT, one_camera=False)
    assert [pair.score for pair in found] == sorted((pair.score for pair in found), reverse=True)
    firsts = [(pair.first.best.recording.id, pair.first.start) for pair in found]
    assert len(set(firsts)) == len(firsts)


def test_an_unknown_clock_makes_no_pair_across_recordings(passing: Archive) -> None:
    cameras = {pair.first.camera for pair in pairs(passing, DARK, LIGHT, one_camera=False)}
    assert "shed" not in cameras or all(
        pair.first.best.recording.id == pair.second.best.recording.id
        for pair in pairs(passing, DARK, LIGHT, one_camera=False)
        if pair.first.camera == "shed"
    )


def test_what_must_not_be_there_takes_a_moment_its_score(passing: Archive) -> None:
    def score(without: str | None) -> float:
        yard = FrameFilter(cameras=("yard",))
        return search(passing, Query(DARK, without=without), yard).moments[0].score

    assert score(LIGHT) > 0.7 * score(None)
    assert score(DARK) < 0.5 * score(None)


def test_a_model_of_vectors_alone_looks_away_from_what_must_not_be_there(passing: Archive) -> None:
    model = Model(passing.model.embedder, reranker=None)
    car, truck = (model.embedder.embed_query(Query(word)) for word in ("a car", "a truck"))
    away = query_vector(model, Query("a car", without="a truck"))
    assert np.linalg.norm(away) == pytest.approx(1, abs=1e-6)
    assert away @ truck < car @ truck
    assert away @ (car - AWAY * truck) == pytest.approx(np.linalg.norm(car - AWAY * truck), 1e-4)
    same = query_vector(model, Query("a car", without="a car"))
    assert same @ car == pytest.approx(1, abs=1e-5)


def test_words_and_a_picture_are_searched_for_together(passing: Archive) -> None:
    picture = noise(12)
    found = search(passing, Query(DARK, picture)).moments[0]
    assert found.wall_start is None or found.wall_start < NOON + timedelta(seconds=10)


def test_a_time_of_day_is_searched_over_all_the_footage_there_is(passing: Archive) -> None:
    def cameras(start: int, end: int, *weekdays: int) -> set[str]:
        where = FrameFilter(daily=TimesOfDay("UTC", start, end, frozenset(weekdays)))
        return {moment.camera for moment in search(passing, Query(DARK), where).moments}

    assert cameras(11 * 60, 13 * 60) == {"yard", "road"}
    assert cameras(22 * 60, 6 * 60) == set()
    assert cameras(0, 24 * 60, 6) == {"yard", "road"}, "the first of March 2026 is a Sunday"
    assert cameras(0, 24 * 60, 0) == set()


class Namer:
    """A reranker that reads the names that a test wrote down."""

    looks_at_pictures = False

    def things(self, facts: Facts) -> list[NamedThing]:
        return [NamedThing(*name) for name in facts.get("names", ())]  # type: ignore[attr-defined]


def test_facets_are_counted_and_narrow_to_the_moments_that_have_them(passing: Archive) -> None:
    moment = search(passing, Query(DARK)).moments[0]
    model = Model(passing.model.embedder, Namer())  # type: ignore[arg-type]
    seen = [
        [("car", "red"), ("car", "blue"), ("person", "")],
        [("car", "red")],
        [("person", "")],
    ]
    moments = [replace(moment, facts={"names": names}) for names in seen]
    found = {one.facet.key: one.moments for one in facets(model, moments)}
    assert found == {
        "thing:car": 2,
        "thing:person": 2,
        "count:car:2": 1,
        "colour:car:red": 2,
        "colour:car:blue": 1,
    }
    assert narrowed(model, moments, ["thing:car", "thing:person"]) == moments[:1]
    assert narrowed(model, moments, []) == moments
    assert narrowed(model, moments, ["thing:horse"]) == []


def test_a_model_that_names_nothing_has_no_facets(passing: Archive) -> None:
    model = Model(passing.model.embedder, reranker=None)
    assert facets(model, search(passing, Query(DARK)).moments) == []


def test_examples_come_from_the_collection_or_are_the_usual_ones(
    passing: Archive, archive: Archive
) -> None:
    assert example_searches(archive, ["yard"]) == USUAL
    assert example_searches(passing, []) == USUAL
    for example in example_searches(passing, passing.catalog.camera_names()):
        assert search(passing, Query(example)).moments
