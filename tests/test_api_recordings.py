"""The API's recordings: what there is of them, and who may have it."""

from datetime import datetime, timedelta
from fractions import Fraction
from io import BytesIO

import numpy as np
import pytest
from PIL import Image as Pillow

from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.users import Role
from mmrag_video.timeline import CELLS
from mmrag_video.video.exact import frame_at
from tests.api_client import ApiClient, api_of, problem
from tests.page_archive import HOSTILE_CAMERA, PageArchive
from tests.page_client import LOCAL, UNKNOWN_ID
from tests.people import with_users


@pytest.fixture
def api(collection: PageArchive) -> ApiClient:
    return api_of(collection.archive)


def test_cameras_and_recordings_are_listed(api: ApiClient, collection: PageArchive) -> None:
    names = [camera["name"] for camera in api.value("/cameras")["cameras"]]
    assert names == sorted(["Gate", "Yard", HOSTILE_CAMERA])
    listed = api.value("/recordings")
    assert listed["all"] == 3
    assert {one["id"] for one in listed["recordings"]} == {
        collection.yard.id,
        collection.gate.id,
        collection.hostile.id,
    }
    [second] = api.value("/recordings", limit=1, offset=1)["recordings"]
    assert second == listed["recordings"][1]
    [yard] = api.value("/recordings", camera="Yard")["recordings"]
    assert api.value(f"/recordings/{yard['id']}") == yard
    assert (yard["codec"], yard["zone"], yard["file"]) == ("h264", "Europe/Lisbon", "present")


def test_kept_frames_have_pictures(api: ApiClient, collection: PageArchive) -> None:
    marks = api.value(f"/recordings/{collection.yard.id}/frames")
    assert marks["frames"][0]["time_exact"] == "0"
    address = marks["frames"][-1]["picture"].removeprefix("/api/v1")
    assert api.get(address).content_type == "image/jpeg"
    nowhere = f"/recordings/{collection.yard.id}/frames/1-0.jpg"
    assert problem(api.get(nowhere), 404) == "There is no such frame."


def test_a_video_comes_in_ranges(api: ApiClient, collection: PageArchive) -> None:
    address = f"/api/v1/recordings/{collection.yard.id}/video"
    first = api.client.get(address, base_url="http://127.0.0.1:1", headers={"Range": "bytes=0-99"})
    assert (first.status_code, len(first.data)) == (206, 100)
    behind = api.client.get(
        address, base_url="http://127.0.0.1:1", headers={"Range": "bytes=999999999-"}
    )
    assert problem(behind, 416) == "The video has no such part."
    assert behind.headers["Content-Range"].startswith("bytes */")


@pytest.mark.parametrize(
    ("start", "end", "told"),
    [
        ("3", "2", "lies not before the end"),
        ("x", "2", "start: String should match pattern"),
        ("1000000", "1000001", "lies not before the end"),
    ],
)
def test_a_clip_that_cannot_be_is_refused(
    api: ApiClient, collection: PageArchive, start: str, end: str, told: str
) -> None:
    asked = {"start": start, "end": end}
    clip = api.get(f"/recordings/{collection.yard.id}/clip", query_string=asked)
    assert told in problem(clip, 400)


def test_a_video_that_is_read_in_ranges_is_one_view(
    api: ApiClient, collection: PageArchive
) -> None:
    log = collection.archive.catalog.audit
    before = log.count()
    for first in range(0, 4000, 1000):
        part = {"Range": f"bytes={first}-{first + 999}"}
        address = f"/api/v1/recordings/{collection.yard.id}/video"
        answer = api.client.get(address, base_url=LOCAL, headers=part)
        assert answer.status_code == 206
    assert log.count() == before + 1
    [entry] = log.entries(limit=1)
    assert (entry.action, entry.about) == (
        Action.VIEW,
        {"recording": collection.yard.id, "camera": "Yard"},
    )


def test_frames_have_exact_times_and_a_picture_at_full_size(
    api: ApiClient, collection: PageArchive
) -> None:
    yard = f"/recordings/{collection.yard.id}"
    told = api.value(f"{yard}/times", start="1", end="2")
    times = [tick * Fraction(told["time_base"]) for tick in told["ticks"]]
    assert times == [Fraction(number, 10) for number in range(9, 21)]
    still = api.get(f"{yard}/still", query_string={"time": "33/10"})
    shown = np.asarray(Pillow.open(BytesIO(still.data)))
    assert (shown == frame_at(collection.yard.path, Fraction(33, 10))).all()
    [noted] = collection.archive.catalog.audit.entries(limit=1)
    assert (noted.action, noted.about["time"]) == (Action.EXPORT, "33/10")
    small = api.get(f"{yard}/still", query_string={"time": "3.3", "as": "jpg"})
    assert small.content_type == "image/jpeg"
    for wrong in ({"time": "99"}, {"time": "1", "as": "exe"}, {}):
        problem(api.get(f"{yard}/still", query_string=wrong), 400)
    problem(api.get(f"{yard}/times", query_string={"start": "2", "end": "1"}), 400)


def test_boxes_are_those_that_the_player_draws(api: ApiClient, collection: PageArchive) -> None:
    moving = f"recordings/{collection.hostile.id}/boxes"
    told = api.value(f"/{moving}", start="0", end="3", q="a person")["frames"]
    page = api.client.get(f"/{moving}?start=0&end=3&q=a+person", base_url=LOCAL).get_json()
    drawn = [
        {"start_s": frame["start"], "end_s": frame["end"], "things": frame["things"]}
        for frame in page["frames"]
    ]
    assert drawn and told == drawn


def test_what_other_cameras_saw_is_known_where_the_clock_is(
    api: ApiClient, collection: PageArchive
) -> None:
    beside = api.value(f"/recordings/{collection.yard.id}/beside", time="99999999999/7")
    assert beside == {"clock_known": True, "beside": []}
    assert not api.value(f"/recordings/{collection.gate.id}/beside", time="1.5")["clock_known"]


@pytest.mark.parametrize(
    "part",
    [
        "",
        "/video",
        "/frames",
        "/clip?start=0&end=1",
        "/beside?time=0",
        "/times?start=0&end=1",
        "/boxes?start=0&end=1",
        "/still?time=0",
    ],
)
def test_a_recording_of_another_camera_is_as_unknown_as_one_that_is_not(
    collection: PageArchive, part: str
) -> None:
    with with_users(collection.archive, vera=(Role.OPERATOR, ("Gate",))):
        vera = api_of(collection.archive, "vera")
        hidden = problem(vera.get(f"/recordings/{collection.yard.id}{part}"), 404)
        assert hidden == problem(vera.get(f"/recordings/{UNKNOWN_ID}{part}"), 404)
        assert vera.get(f"/recordings/{collection.gate.id}").status_code == 200


def test_everything_is_as_if_there_were_no_other_cameras(collection: PageArchive) -> None:
    with with_users(collection.archive, vera=(Role.VIEWER, ("Gate",))):
        vera = api_of(collection.archive, "vera")
        assert [one["name"] for one in vera.value("/cameras")["cameras"]] == ["Gate"]
        assert vera.value("/recordings")["all"] == 1
        assert {one["camera"] for one in vera.value("/search", q="a box")["moments"]} == {"Gate"}
        for path in ("/queue", "/sources"):
            assert "only some of them" in problem(vera.get(path), 403)


def test_the_timeline_tells_of_footage_and_movement(
    api: ApiClient, collection: PageArchive
) -> None:
    asked = {"from": "2025-03-04T14:03", "to": "2025-03-04T14:04", "camera": "Yard"}
    told = api.value("/timeline", **asked)
    assert told["end"] == "2025-03-04T14:04:00+00:00" and told["exact"]
    [yard] = told["cameras"]
    [stretch] = yard["recorded"]
    clock = collection.yard.clock.start
    assert clock is not None
    assert abs(datetime.fromisoformat(stretch["start"]) - clock) < timedelta(milliseconds=1)
    assert yard["recorded_s"] == pytest.approx(float(collection.yard.duration), abs=0.001)
    assert len(yard["movement"]) == CELLS, "as the page's timeline has them"
    assert told["matches"] == []
    searched = api.value("/timeline", q="a red box", **asked)
    assert searched["cameras"] == told["cameras"]
    found = api.value("/search", q="a red box", **asked)["moments"]
    assert [one["spans"] for one in searched["matches"]] == [one["spans"] for one in found] != []
    [noted] = collection.archive.catalog.audit.entries(limit=1)
    assert noted.action is Action.SEARCH
    elsewhere = {**asked, "from": "2025-03-05", "to": "2025-03-06"}
    assert api.value("/timeline", q="a red box", **elsewhere)["matches"] == []
    whole = api.value("/timeline")
    assert [one["camera"] for one in whole["cameras"]] == sorted(["Gate", "Yard", HOSTILE_CAMERA])
    unknown = api.get("/timeline", query_string={"camera": "Nowhere", "from": "2025-03-04"})
    assert problem(unknown, 400) == "There is no camera named 'Nowhere' in this collection."
