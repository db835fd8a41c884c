"""The frame store, on a real server: nothing lost, nothing double, nothing found by mistake."""

import hashlib
import random
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import psutil
import pytest
from pymilvus import MilvusClient

from mmrag_video.errors import IndexMismatchError, ModelError, StoreError
from mmrag_video.index.frames import FrameFilter, StoredFrame
from mmrag_video.index.identity import IndexIdentity
from mmrag_video.index.rows import collection_schema, identity_text
from mmrag_video.index.server import lease_server
from mmrag_video.index.store import FrameStore
from mmrag_video.models.base import Vector
from mmrag_video.video.sampled import KeepReason
from mmrag_video.video.wall_clock import UNKNOWN_CLOCK, Clock, ClockOrigin

DIMENSIONS = 8
RECORDING = hashlib.sha256(b"a recording").hexdigest()
OTHER = hashlib.sha256(b"another").hexdigest()
START = datetime(2024, 10, 27, 2, 30, tzinfo=ZoneInfo("Europe/Lisbon"))


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with lease_server(tmp_path_factory.mktemp("store"), linger=0) as lease:
        yield lease.uri


@pytest.fixture
def identity(request: pytest.FixtureRequest) -> IndexIdentity:
    """An index of each test's own."""
    return IndexIdentity("test", DIMENSIONS, {"revision": request.node.name}, sampler="abc")


@pytest.fixture
def store(uri: str, identity: IndexIdentity) -> Iterator[FrameStore]:
    store = FrameStore(uri, None, identity)
    yield store
    store.drop_index(identity)
    store.close()


def unit(*values: float) -> Vector:
    vector = np.zeros(DIMENSIONS, dtype=np.float32)
    vector[: len(values)] = values
    return vector / np.linalg.norm(vector)


def random_unit(seed: int) -> Vector:
    return unit(*np.random.default_rng(seed).normal(size=DIMENSIONS))


def frame(time: Fraction | int = 0, recording: str = RECORDING, run: int = 1) -> StoredFrame:
    return StoredFrame(
        recording=recording,
        camera="Gate 3",
        time=Fraction(time),
        valid_until=Fraction(time) + 1,
        reason=KeepReason.MOVEMENT_PEAK,
        wall_start=None,
        wall_end=None,
        run=run,
        facts={},
    )


def test_a_frame_comes_back_as_it_was(store: FrameStore) -> None:
    wall = START.replace(fold=1, microsecond=123_457)
    one = replace(
        frame(Fraction(1001, 30_000)),
        valid_until=Fraction(2**40 + 1, 90_000),
        wall_start=wall,
        wall_end=wall + timedelta(microseconds=1),
        facts={"objects": [{"label": "狗", "box": [0.1, 0.25], "moving": None}], "count": 2},
    )
    store.insert([(one, unit(1))])
    (found,) = store.search(unit(1), limit=5)
    assert found.frame == one
    assert found.frame.facts["objects"] == one.facts["objects"]
    assert found.similarity == pytest.approx(1)


def test_the_nearest_comes_first_with_its_cosine(store: FrameStore) -> None:
    vectors = [unit(1), unit(1, 1), unit(0, 1), unit(-1)]
    store.insert([(frame(second), vector) for second, vector in enumerate(vectors)])
    found = store.search(unit(1), limit=3)
    assert [one.frame.time for one in found] == [0, 1, 2]
    assert [one.similarity for one in found] == pytest.approx([1, 0.5**0.5, 0], abs=1e-6)


def test_it_agrees_with_a_plain_scan_before_and_after_a_flush(store: FrameStore) -> None:
    vectors = [random_unit(seed) for seed in range(500)]
    store.insert([(frame(second), vector) for second, vector in enumerate(vectors)])
    query = random_unit(999)
    expected = np.argsort(-np.array(vectors) @ query)[:50]
    for _ in range(2):
        found = store.search(query, limit=50)
        assert [one.frame.time for one in found] == expected.tolist()
        store.flush()


def test_a_run_that_writes_a_frame_again_replaces_it(store: FrameStore) -> None:
    store.insert([(frame(), unit(1))])
    store.flush()
    store.insert([(replace(frame(), camera="moved"), unit(0, 1))])
    (found,) = store.search(unit(1), limit=5)
    assert found.frame.camera == "moved"
    assert found.similarity == pytest.approx(0)
    assert store.count() == 1


@pytest.mark.parametrize(
    ("vector", "complaint"),
    [
        (unit(1) * np.float32(np.nan), "length nan"),
        (np.zeros(DIMENSIONS, np.float32), "length 0"),
        (unit(1) * 2, "length 2"),
        (np.ones(3, np.float32), r"shape \(3,\)"),
    ],
    ids=["nan", "zero", "long", "short"],
)
def test_a_bad_vector_is_refused_and_nothing_is_written(
    store: FrameStore, vector: Vector, complaint: str
) -> None:
    with pytest.raises(ModelError, match=complaint):
        store.insert([(frame(0), unit(1)), (frame(1), vector)])
    assert store.count() == 0


@pytest.mark.parametrize("camera", ["caf\udce9", "长" * 400], ids=["stray bytes", "too long"])
def test_a_camera_name_that_cannot_be_stored_is_refused(store: FrameStore, camera: str) -> None:
    with pytest.raises(StoreError, match="camera name"):
        store.insert([(replace(frame(), camera=camera), unit(1))])


def test_frames_between_are_those_that_stand_for_a_part_of_the_span(store: FrameStore) -> None:
    third = Fraction(1, 3)
    frames = [replace(frame(n * third), valid_until=(n + 1) * third) for n in range(9)]
    random.Random(0).shuffle(frames)
    store.insert([(one, unit(1)) for one in [*frames, frame(1, OTHER)]])
    between = store.frames_between(RECORDING, third, Fraction(1))
    assert [one.time for one in between] == [third, 2 * third]
    assert [one.time for one in store.frames_between(RECORDING, Fraction(1, 2), third * 2)] == [
        third
    ]


def test_a_sample_is_random_and_always_the_same(store: FrameStore) -> None:
    store.insert([(frame(n), random_unit(n)) for n in range(400)])
    small, large = store.sample(20), store.sample(150)
    assert [one.time for one, _ in small] == [one.time for one, _ in large[:20]]
    assert len(large) == len({one.key for one, _ in large}) == 150
    # The mean of 150 of 400 equally likely seconds: 199.5, give or take 7.5; 5 of those allowed.
    assert abs(float(np.mean([float(one.time) for one, _ in large])) - 199.5) < 38
    for one, vector in small:
        assert vector == pytest.approx(random_unit(int(one.time)), abs=1e-6)


def test_a_sample_larger_than_the_collection_is_all_of_it(store: FrameStore) -> None:
    assert store.sample(10) == []
    store.insert([(frame(n, run=n), unit(1)) for n in range(5)])
    assert len(store.sample(10)) == 5
    assert {one.run for one, _ in store.sample(10, without_runs=[3])} == {0, 1, 2, 4}


def test_a_run_is_deleted_whole(store: FrameStore) -> None:
    store.insert([(frame(n, run=n % 2), unit(1)) for n in range(6)])
    store.flush()
    store.delete_run(0)
    assert {one.frame.run for one in store.search(unit(1), limit=10)} == {1}
    store.delete_run(77)  # nothing there is not an error


def test_a_corrected_clock_moves_the_frames_in_time(store: FrameStore) -> None:
    store.insert([(frame(n), random_unit(n)) for n in range(5)])
    store.insert([(frame(n, OTHER), unit(1)) for n in range(5)])
    clock = Clock(START, ClockOrigin.NAME, zone="Europe/Lisbon")
    store.set_clock(RECORDING, clock)
    window = FrameFilter(start=START + timedelta(seconds=1), end=START + timedelta(seconds=3))
    found = store.search(random_unit(1), window, limit=10)
    assert {one.frame.time for one in found} == {1, 2}
    assert found[0].frame.time == 1
    assert found[0].similarity == pytest.approx(1)
    assert found[0].frame.wall_start == clock.at(Fraction(1))

    store.set_clock(RECORDING, UNKNOWN_CLOCK)
    assert store.search(random_unit(1), window, limit=10) == []
    assert store.count() == 10


def test_more_rows_than_one_answer_holds_are_walked_over(
    store: FrameStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server gives at most 16384 rows to one request; 50 here, to be quick."""
    monkeypatch.setattr("mmrag_video.index.store._LARGEST_ANSWER", 50)
    monkeypatch.setattr("mmrag_video.index.store._BATCH", 40)
    store.insert([(frame(n), unit(1)) for n in range(130)])
    frames = store.frames_between(RECORDING, Fraction(0), Fraction(130))
    assert [one.time for one in frames] == list(range(130))
    store.set_clock(RECORDING, Clock(START, ClockOrigin.NAME))
    assert store.count() == 130
    assert len(store.search(unit(1), limit=99)) == 50


def test_indexes_of_other_models_do_not_mix(store: FrameStore, uri: str) -> None:
    other_identity = replace(store.identity, model="another", dimensions=3)
    other = FrameStore(uri, None, other_identity)
    other.insert([(frame(), np.array([0, 0, 1], np.float32))])
    assert (store.count(), other.count()) == (0, 1)
    store.drop_index(other_identity)
    store.drop_index(other_identity)  # gone already
    assert other_identity.collection not in MilvusClient(uri).list_collections()
    other.close()


def test_clients_that_open_a_new_index_at_one_time_share_it(
    uri: str, identity: IndexIdentity
) -> None:
    with ThreadPoolExecutor(6) as pool:
        stores = list(pool.map(lambda _: FrameStore(uri, None, identity), range(6)))
    stores[0].insert([(frame(), unit(1))])
    assert [store.count() for store in stores] == [1] * 6
    stores[0].drop_index(identity)
    for store in stores:
        store.close()


def test_an_index_whose_making_was_broken_off_is_completed(
    uri: str, identity: IndexIdentity
) -> None:
    client = MilvusClient(uri)
    client.create_collection(
        identity.collection,
        schema=collection_schema(identity),
        properties={"mmrag.identity": identity_text(identity)},
    )
    store = FrameStore(uri, None, identity)
    assert client.list_indexes(identity.collection) == ["vector"]
    assert store.search(unit(1), limit=5) == []
    store.drop_index(identity)
    store.close()


def test_a_collection_made_otherwise_is_refused(uri: str, identity: IndexIdentity) -> None:
    client = MilvusClient(uri)
    made = replace(identity, model="another")
    client.create_collection(identity.collection, schema=collection_schema(made))
    with pytest.raises(IndexMismatchError, match="--reindex"):
        FrameStore(uri, None, identity)
    client.drop_collection(identity.collection)


def test_what_was_written_outlives_a_server_that_is_killed(
    tmp_path: Path, identity: IndexIdentity
) -> None:
    with lease_server(tmp_path, linger=0) as lease:
        store = FrameStore(lease.uri, None, identity)
        store.insert([(frame(0), unit(1))])
        store.flush()
        store.insert([(frame(1), unit(1))])  # acknowledged, not flushed
        (keeper,) = (
            process
            for process in psutil.process_iter(["cmdline"])
            if str(tmp_path) in (process.info["cmdline"] or [])
        )
        keeper.kill()
        psutil.wait_procs([keeper], timeout=10)
        with pytest.raises(StoreError, match="cannot be reached"):
            store.search(unit(1), limit=5)
        with lease_server(tmp_path, linger=0) as new:
            again = FrameStore(new.uri, None, identity)
            assert {one.frame.time for one in again.search(unit(1), limit=5)} == {0, 1}
            again.close()
        store.close()


def test_a_server_that_is_not_there_costs_one_sentence_and_no_noise() -> None:
    code = """
from mmrag_video.errors import StoreError
from mmrag_video.index.identity import IndexIdentity
from mmrag_video.index.store import FrameStore
try:
    FrameStore("http://127.0.0.1:9", None, IndexIdentity("test", 8, {}, ""))
except StoreError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout == (
        "The frame store at http://127.0.0.1:9 cannot be reached; "
        "start it again, or check store.uri.\n"
    )
    assert done.stderr == ""


def test_the_lots_are_drawn_from_the_keys_alone(uri: str, identity: IndexIdentity) -> None:
    """The same footage gives the same sample on every machine and in every order."""
    frames = [(frame(n), unit(1)) for n in range(60)]
    samples = []
    for revision, order in (("forth", frames), ("back", frames[::-1])):
        made = replace(identity, details={"revision": revision})
        store = FrameStore(uri, None, made)
        store.insert(order)
        samples.append([one.time for one, _ in store.sample(10)])
        store.drop_index(made)
        store.close()
    assert samples[0] == samples[1]
    assert samples[0] != sorted(samples[0])


def test_unknown_and_known_times_are_kept_apart(store: FrameStore) -> None:
    known = replace(frame(1), wall_start=datetime.now(UTC), wall_end=datetime.now(UTC))
    store.insert([(frame(0), unit(1)), (known, unit(1))])
    by_time = {one.time: one for one in store.frames_between(RECORDING, Fraction(0), Fraction(9))}
    assert (by_time[Fraction(0)].wall_start, by_time[Fraction(0)].wall_end) == (None, None)
    assert by_time[Fraction(1)].wall_start == known.wall_start


# Recall by prefixes


LONG = 64


def long_unit(seed: int) -> Vector:
    vector = np.random.default_rng(seed).normal(size=LONG).astype(np.float32)
    return vector / np.linalg.norm(vector)


@pytest.fixture
def with_prefixes(uri: str, request: pytest.FixtureRequest) -> Iterator[FrameStore]:
    details = {"revision": request.node.name, "recall_dimensions": "8"}
    store = FrameStore(uri, None, IndexIdentity("test", LONG, details, sampler="abc"))
    yield store
    store.close()


def test_prefixes_recall_and_whole_vectors_order(with_prefixes: FrameStore) -> None:
    vectors = [long_unit(seed) for seed in range(300)]
    with_prefixes.insert([(frame(n), vector) for n, vector in enumerate(vectors)])
    asked = long_unit(12345)
    found = with_prefixes.search(asked, limit=20)
    exact = sorted(range(300), key=lambda n: -float(vectors[n] @ asked))[:20]
    assert [int(one.frame.time) for one in found] == exact, "400 are recalled, so all are ordered"
    for one in found:
        assert one.similarity == pytest.approx(vectors[int(one.frame.time)] @ asked, abs=1e-5)


def test_what_only_its_prefix_resembles_does_not_come_first(with_prefixes: FrameStore) -> None:
    asked = np.zeros(LONG, np.float32)
    asked[[0, 40]] = 0.1, 1
    asked /= np.linalg.norm(asked)
    decoy = np.zeros(LONG, np.float32)
    decoy[[0, 41]] = 1, 1
    with_prefixes.insert([(frame(0), decoy / np.linalg.norm(decoy)), (frame(1), asked)])
    assert [one.frame.time for one in with_prefixes.search(asked, limit=2)] == [1, 0]


def test_an_alias_leads_other_programs_to_the_index_in_use(uri: str) -> None:
    client = MilvusClient(uri)
    for number, revision in enumerate(("old", "new")):
        identity = IndexIdentity("alias", DIMENSIONS, {"revision": revision}, sampler="abc")
        store = FrameStore(uri, None, identity, owner="0a1b2c")
        store.answer_by_alias()
        store.insert([(frame(0, run=number), unit(1))])
        [row] = client.query("mmrag_video_0a1b2c", "run >= 0", ["run"])
        assert row["run"] == number
        store.close()
    client.close()
