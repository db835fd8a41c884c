"""What the player asks the page for, over HTTP: exact answers, and one sentence for nonsense."""

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from fractions import Fraction
from urllib.parse import quote

import numpy as np
import pytest
from flask import g
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.users import Role, User
from mmrag_video.models.base import PointsOut, Query
from mmrag_video.video.exact import frame_at
from tests.page_archive import PageArchive
from tests.page_client import UNKNOWN_ID, get, words_of
from web.app import create_app
from web.player_marks import merged, thinned
from web.recording_views import _start_in_browser
from web.services import services_of

ADDRESSES = ("times?start=0&end=1", "marks", "boxes?start=0&end=1", "same-time?time=0",
             "glimpse.jpg?time=0", "still?time=0")  # fmt: skip


def test_times_are_those_of_the_frames(client: FlaskClient, collection: PageArchive) -> None:
    answer = get(client, f"/recordings/{collection.yard.id}/times?start=1&end=2").get_json()
    base = Fraction(*answer["time_base"])
    times = [tick * base for tick in answer["ticks"]]
    assert times == [Fraction(number, 10) for number in range(9, 21)]


def test_a_still_is_the_exact_frame_with_a_name_and_a_note(
    client: FlaskClient, collection: PageArchive
) -> None:
    yard = collection.yard
    answer = get(client, f"/recordings/{yard.id}/still?time=33/10")
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    name = "Yard_2025-03-04_14-03-25.300_00-00-03.300.png"
    assert name in answer.headers["Content-Disposition"]
    shown = np.asarray(Pillow.open(io.BytesIO(answer.data)))
    assert (shown == frame_at(yard.path, Fraction(33, 10))).all()
    [last] = collection.archive.catalog.audit.entries(limit=1)
    assert last.action is Action.EXPORT
    assert last.about["camera"] == "Yard" and last.about["time"] == "33/10"
    # Between two frames the earlier one is on screen; its own time is what the name says.
    between = get(client, f"/recordings/{yard.id}/still?time=3.399&as=jpg")
    assert between.mimetype == "image/jpeg"
    assert "00-00-03.300.jpg" in between.headers["Content-Disposition"]


def test_a_camera_of_any_name_gives_a_plain_file_name(
    client: FlaskClient, collection: PageArchive
) -> None:
    answer = get(client, f"/recordings/{collection.hostile.id}/still?time=1")
    assert "filename=img_src_x_onerror_alert_1_00-00-01.000.png" in (
        answer.headers["Content-Disposition"].replace('"', "")
    )


def test_marks_are_movement_and_kept_frames_with_pictures(
    client: FlaskClient, collection: PageArchive
) -> None:
    moving = collection.hostile
    marks = get(client, f"/recordings/{moving.id}/marks").get_json()
    assert marks["movement"] == [[0.2, 2.94]]
    assert len(marks["frames"]) > 3
    for numerator, denominator in marks["frames"]:
        picture = get(client, f"/frames/{moving.id}/{numerator}-{denominator}.jpg")
        assert picture.status_code == 200
    glimpse = get(client, f"/recordings/{moving.id}/glimpse.jpg?time=2.05")
    assert Pillow.open(io.BytesIO(glimpse.data)).format == "JPEG"


def test_boxes_are_what_the_model_points_out_in_the_kept_frames(
    client: FlaskClient, collection: PageArchive
) -> None:
    archive, moving = collection.archive, collection.hostile
    answer = get(client, f"/recordings/{moving.id}/boxes?start=0&end=12&q=a+person").get_json()
    identity, reranker = archive.active_identity, archive.model.reranker
    assert identity is not None and isinstance(reranker, PointsOut)
    frames = archive.store(identity).frames_between(moving.id, Fraction(0), Fraction(12))
    expected = {
        float(frame.time): [
            {"label": thing.label, "box": list(thing.box)}
            for thing in reranker.point_out(Query("a person"), frame.facts)
        ]
        for frame in frames
    }
    found = {frame["start"]: frame["things"] for frame in answer["frames"]}
    assert found and found == {time: things for time, things in expected.items() if things}


def test_what_moves_and_cameras_of_others_are_seen_by_nobody_else(
    collection: PageArchive,
) -> None:
    app = create_app(collection.archive)
    user = User("guard", Role.VIEWER, cameras=("Gate",))
    app.before_request(lambda: setattr(g, "user", user))
    client = app.test_client()
    for address in ADDRESSES:
        status = get(client, f"/recordings/{collection.yard.id}/{address}").status_code
        assert status == (403 if address.startswith("still") else 404), address
    assert get(client, f"/recordings/{collection.gate.id}/still?time=0").status_code == 403
    page = words_of(get(client, f"/recordings/{collection.gate.id}/play"))
    assert "Save frame" not in page


def test_a_look_is_noted(client: FlaskClient, collection: PageArchive) -> None:
    get(client, f"/recordings/{collection.yard.id}/play?t=3")
    [last] = collection.archive.catalog.audit.entries(limit=1)
    assert last.action is Action.VIEW
    assert last.about["recording"] == collection.yard.id and last.about["start"] == "3.000"


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("still?time=", "time: '' is not a number of seconds"),
        ("still?time=1/0", "time: '1/0' is a fraction over zero"),
        ("still?time=-1", "time: '-1' is not a number"),
        ("still?time=nan", "time: 'nan' is not a number"),
        ("still?time=1e5", "time: '1e5' is not a number"),
        ("still?time=1/2/3", "time: '1/2/3' is not a number"),
        ("still?time=%D9%A3", "is not a number"),
        (f"still?time={10**20 - 1}/1", "lies behind the end"),
        (f"still?time={'9' * 5000}/1", "is not a number"),
        (f"still?time=1/{'9' * 5000}", "is not a number"),
        ("still?time=99999999", "lies behind the end of the recording"),
        ("still?time=1&as=exe", "as: 'exe' is neither png nor jpg"),
        ("glimpse.jpg?time=1/0", "is a fraction over zero"),
        ("same-time?time=x", "is not a number"),
        ("same-time", "is not a number"),
        ("times?start=0&end=500", None),
        ("times?start=2&end=1", "lies not before the end"),
        ("times?start=1/3&end=2", "start: '1/3' is not a number"),
        ("boxes?start=0", "end: '' is not a number"),
        (f"boxes?start=0&end={'9' * 300}", "is not a number"),
    ],
)
def test_impossible_times_get_one_sentence(
    client: FlaskClient, collection: PageArchive, asked: str, sentence: str | None
) -> None:
    answer = get(client, f"/recordings/{collection.yard.id}/{asked}")
    if sentence is None:
        assert answer.status_code == 200, "the end is cut to the recording's"
    else:
        assert answer.status_code == 400 and sentence in words_of(answer)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(time=st.text(max_size=30) | st.from_regex(r"\d{0,25}/?\d{0,25}", fullmatch=True))
def test_no_time_makes_the_program_fail(
    client: FlaskClient, collection: PageArchive, time: str
) -> None:
    for address in ("glimpse.jpg", "same-time"):
        answer = get(client, f"/recordings/{collection.yard.id}/{address}?time={quote(time)}")
        assert answer.status_code in (200, 400, 404)


@pytest.mark.parametrize("identifier", [UNKNOWN_ID, "..", "%00", "F" * 64])
def test_no_other_id_is_known(client: FlaskClient, identifier: str) -> None:
    for address in ADDRESSES:
        assert get(client, f"/recordings/{identifier}/{address}").status_code == 404


@pytest.fixture
def copied_clock(collection: PageArchive) -> Iterator[PageArchive]:
    """The hostile recording's clock set to the yard's, a second later; the catalog alone knows."""
    catalog, hostile, yard = collection.archive.catalog, collection.hostile, collection.yard
    assert yard.clock.start is not None
    start = yard.clock.at(Fraction(1))
    catalog.set_clock(hostile.id, replace(yard.clock, start=start))
    yield collection
    catalog.set_clock(hostile.id, hostile.clock)


def test_other_cameras_are_found_by_the_clock_on_the_wall(copied_clock: PageArchive) -> None:
    client = create_app(copied_clock.archive).test_client()
    yard, hostile = copied_clock.yard, copied_clock.hostile

    def others(time: str) -> str:
        return words_of(get(client, f"/recordings/{yard.id}/same-time?time={time}"))

    assert f"/recordings/{hostile.id}/play?t=1.500" in others("5/2")
    assert "No other camera has footage" in others("0.999")
    assert f"/recordings/{hostile.id}/play?t=0.000" in others("1")
    assert "No other camera has footage" in others("4")  # it ends there
    assert "<img src=x" not in get(client, f"/recordings/{yard.id}/same-time?time=2").text
    unknown = get(client, f"/recordings/{copied_clock.gate.id}/same-time?time=2")
    assert "Not known" in words_of(unknown)


def test_few_requests_wait_for_a_look_into_a_recording(
    client: FlaskClient, collection: PageArchive
) -> None:
    app, yard = client.application, collection.yard
    looking = services_of(app).short_work
    _start_in_browser.cache_clear()

    def status(address: str) -> int:
        return get(app.test_client(), address).status_code

    times = f"/recordings/{yard.id}/times?start=0&end=1"
    with ThreadPoolExecutor(12) as people:
        with looking.turn(), looking.turn():
            asked = as_completed([people.submit(status, times) for _ in range(12)])
            waiting = looking.places - 2
            assert [next(asked).result() for _ in range(12 - waiting)] == [503] * (12 - waiting)
            for address in (
                f"/recordings/{yard.id}/still?time=0",
                f"/recordings/{yard.id}/play?t=1",
                f"/like.jpg?like={yard.id},1",
                f"/?like={yard.id},1",
            ):
                assert status(address) == 503, "as many wait as may"
        assert {answer.result() for answer in asked} == {200}
    unplayable = f"/recordings/{collection.gate.id}/play?t=1"
    with looking.turn(), looking.turn():
        assert status(unplayable) == 200, "its name says enough"


def test_stretches_are_put_together_and_times_thinned() -> None:
    stretches = [(Fraction(a), Fraction(b)) for a, b in ((0, 1), (1, 2), (3, 4), (9, 10))]
    assert merged(stretches, Fraction(1)) == [(0, 4), (9, 10)]
    assert merged([], Fraction(1)) == []
    times = [Fraction(number) for number in range(10)]
    assert thinned(times, 5) == [0, 2, 4, 6, 8] and thinned(times, 10) == times
