"""The API's searches: what is found, how it is told, where it is to be seen."""

from datetime import datetime
from fractions import Fraction
from io import BytesIO

import pytest
from PIL import Image as Pillow

from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.case_records import CaseSpan, Finding
from mmrag_video.moments import Confidence
from tests.api_client import ApiClient, api_of, problem
from tests.page_archive import ZONE, PageArchive
from tests.page_client import UNKNOWN_ID, picture
from web.collect_views import MOST_AT_ONCE
from web.search_form import MOST_CHARACTERS
from web.services import services_of


@pytest.fixture
def api(collection: PageArchive) -> ApiClient:
    return api_of(collection.archive)


def test_a_moment_says_where_when_how_sure_and_why(api: ApiClient, collection: PageArchive) -> None:
    found = api.value("/search", q="a red box", camera="Yard")
    [moment, *_] = found["moments"]
    [span] = moment["spans"]
    assert span["recording"] == collection.yard.id
    assert Fraction(span["start_exact"]) < Fraction(span["end_exact"]) <= collection.yard.duration
    assert float(Fraction(span["start_exact"])) == span["start_s"]
    assert span["start"].startswith("00:00:")
    assert datetime.fromisoformat(moment["wall_start"]).utcoffset() is not None
    assert (moment["zone"], moment["clock_origin"]) == (ZONE, "name")
    assert 0 <= moment["score"] <= 1
    assert moment["confidence"] in {"strong", "possible", "weak"}
    assert found["confident"] is any(one["confidence"] != "weak" for one in found["moments"])


def test_the_addresses_of_a_moment_lead_to_its_picture_clip_and_player(
    api: ApiClient, collection: PageArchive
) -> None:
    links = api.value("/search", q="a blue box", camera="Gate")["moments"][0]["links"]
    shown = api.client.get(links["picture"], base_url="http://127.0.0.1:1")
    assert Pillow.open(BytesIO(shown.data)).size == (320, 240)
    clip = api.client.get(links["clips"][0], base_url="http://127.0.0.1:1")
    assert clip.content_type == "video/mp4" and clip.data[4:8] == b"ftyp"
    player = api.client.get(links["player"], base_url="http://127.0.0.1:1")
    assert player.status_code == 200 and player.content_type.startswith("text/html")


def test_what_was_understood_is_told_and_can_be_taken_off(api: ApiClient) -> None:
    found = api.value("/search", q="a box at night")
    [chip] = found["understood"]
    assert chip["kind"] == "hours"
    assert api.value("/search", q="a box at night", off=chip["key"])["understood"] == []


def test_what_follows_something_is_answered_with_pairs(api: ApiClient) -> None:
    found = api.value("/search", q="a red box, then a box", limit=3)
    assert found["moments"] == []
    for pair in found["pairs"]:
        assert pair["gap_s"] >= 0
        assert pair["first"]["links"]["clips"] and pair["second"]["finding"]


def test_cameras_times_and_a_limit_narrow_a_search(api: ApiClient) -> None:
    asked = {"q": "a box", "from": "2025-03-04", "to": "2025-03-04"}
    found = api.value("/search", **asked, after="14:00", before="15:00", weekday="tue", limit=1)
    [moment] = found["moments"]
    assert moment["camera"] == "Yard"
    assert api.value("/search", **asked, after="03:00", before="04:00")["moments"] == []
    assert {one["camera"] for one in api.value("/search", q="a box", camera="Gate")["moments"]} == {
        "Gate"
    }


def test_a_picture_is_sent_and_searched_with(api: ApiClient) -> None:
    sent = api.post("/pictures", data=picture(), content_type="image/png")
    assert sent.status_code == 201
    identity = sent.get_json()["picture"]
    assert api.value("/search", picture=identity)["moments"]
    assert api.value("/search", picture=identity, q="a box, not a car")["moments"]
    assert api.get(f"/pictures/{identity}").content_type == "image/jpeg"
    assert "is not a picture" in problem(
        api.post("/pictures", data=b"no picture", content_type="image/png"), 400
    )
    assert "no longer here" in problem(
        api.get("/search", query_string={"picture": UNKNOWN_ID}), 400
    )


def test_a_frame_of_a_recording_is_searched_with(api: ApiClient, collection: PageArchive) -> None:
    asked = {"like": f"{collection.yard.id},1.5", "box": "0,0,50,100"}
    assert api.value("/search", **asked)["moments"]
    problem(api.get("/search", query_string={"like": f"{UNKNOWN_ID},1.5"}), 404)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, "Say what to look for"),
        ({"q": "x" * 501}, "q: String should have at most 500 characters."),
        ({"q": "box", "limit": "0"}, "limit: Input should be greater than or equal to 1."),
        ({"q": "box", "words": "box"}, "words: Extra inputs are not permitted."),
        ({"q": "box", "camera": "Roof"}, "There is no camera named 'Roof'"),
        ({"q": "box", "from": "yesterday"}, "from: String should match pattern"),
        ({"q": "box", "from": "2025-03-05", "to": "2025-03-04"}, "ends before it begins"),
        ({"q": ["box", "car"]}, "q: Input should be a valid string."),
    ],
)
def test_what_cannot_be_asked_is_said_in_a_sentence(
    api: ApiClient, asked: dict[str, object], told: str
) -> None:
    assert told in problem(api.get("/search", query_string=asked), 400)


def test_searches_and_views_are_noted(api: ApiClient, collection: PageArchive) -> None:
    log = collection.archive.catalog.audit
    moment = api.value("/search", q="a noted box", camera="Yard")["moments"][0]
    [entry] = log.entries(limit=1)
    assert entry.action is Action.SEARCH
    assert entry.about == {"query": "a noted box", "cameras": ["Yard"]}
    api.client.get(moment["links"]["clips"][0], base_url="http://127.0.0.1:1")
    [entry] = log.entries(limit=1)
    assert (entry.action, entry.about["recording"]) == (Action.VIEW, collection.yard.id)


def test_what_is_found_is_exported_and_noted(api: ApiClient, collection: PageArchive) -> None:
    asked = {"q": "a red box", "format": "json", "weak": "1", "handle_before": "0.5"}
    exported = api.get("/export", query_string=asked)
    assert exported.status_code == 200, exported.text
    assert exported.get_json(force=True)["moments"]
    [entry] = collection.archive.catalog.audit.entries(limit=1)
    assert (entry.action, entry.about["format"]) == (Action.EXPORT, "json")
    assert "format" in problem(api.get("/export", query_string={"q": "box"}), 400)


def test_what_is_selected_is_exported_without_searching_again(
    api: ApiClient, collection: PageArchive
) -> None:
    found = api.value("/search", q="a red box")["moments"]
    chosen = {"findings": [one["finding"] for one in found[:2]]}
    exported = api.post("/export", json={**chosen, "format": "json", "handle_before": "0.5"})
    assert exported.status_code == 200, exported.text
    moments = exported.get_json(force=True)["moments"]
    assert [one["score"] for one in moments] == [one["score"] for one in found[:2]]
    [noted] = collection.archive.catalog.audit.entries(limit=1)
    assert (noted.action, noted.about["format"]) == (Action.EXPORT, "json")
    part = {"recording": collection.yard.id, "start": "1", "end": "00:00:02.500"}
    table = api.post("/export", json={**part, "format": "csv"})
    assert table.content_type.startswith("text/csv") and "00:00:02.500" in table.text
    for wrong in ({}, {**chosen, **part}, {"findings": ["made up"]}, {"recording": UNKNOWN_ID}):
        problem(api.post("/export", json={**wrong, "format": "csv"}), 400)
    problem(api.post("/export", json={**part, "recording": UNKNOWN_ID, "format": "csv"}), 404)


def test_as_many_findings_as_can_be_selected_fit_into_a_request(
    api: ApiClient, collection: PageArchive
) -> None:
    spans = tuple(CaseSpan(f"{one:064x}", Fraction(one, 7), Fraction(99)) for one in range(5))
    query = "".join(map(chr, range(0x4E00, 0x4E00 + MOST_CHARACTERS)))
    finding = Finding(spans, spans[0], query, 0.7345, Confidence.STRONG, "a car, a person")
    signed = services_of(api.client.application).findings.sign(finding)
    sent = {"findings": [signed] * MOST_AT_ONCE, "format": "csv"}
    assert "no such recording" in problem(api.post("/export", json=sent), 404)
    problem(api.post("/export", json={**sent, "findings": [signed] * (MOST_AT_ONCE + 1)}), 400)


def test_without_a_model_that_writes_there_is_no_answer_in_words(api: ApiClient) -> None:
    assert "generator" in problem(api.get("/answer", query_string={"q": "Is there a box?"}), 400)
