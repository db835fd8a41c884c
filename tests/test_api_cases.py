"""The API's cases, saved searches and hits."""

from collections.abc import Iterator
from fractions import Fraction

import pytest

from mmrag_video.archive import Archive
from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.saved_searches import Target
from mmrag_video.catalog.users import Role
from tests.api_client import ApiClient, api_of, problem
from tests.hits import hit_of
from tests.page_archive import PageArchive
from tests.people import with_users


@pytest.fixture
def archive(collection: PageArchive) -> Iterator[Archive]:
    """The page's archive, without the cases that a test has made."""
    yield collection.archive
    for case in collection.archive.catalog.cases.all():
        collection.archive.catalog.cases.remove(case.id)


@pytest.fixture
def api(archive: Archive) -> ApiClient:
    return api_of(archive)


def made(api: ApiClient, name: str = "Theft") -> str:
    """The path of a new case."""
    response = api.post("/cases", json={"name": name})
    assert response.status_code == 201, response.text
    return f"/cases/{response.get_json()['id']}"


def collected(api: ApiClient, case: str, collection: PageArchive, start: str, end: str) -> str:
    """The path of a new moment."""
    part = {"recording": collection.yard.id, "start": start, "end": end}
    response = api.post(f"{case}/moments", json=part)
    assert response.status_code == 201, response.text
    return f"{case}/moments/{max(one['id'] for one in response.get_json()['moments'])}"


def test_a_finding_is_collected_with_its_score_and_words(api: ApiClient) -> None:
    case = made(api)
    finding = api.value("/search", q="a red box", camera="Yard")["moments"][0]
    told = api.post(f"{case}/moments", json={"finding": finding["finding"]}).get_json()
    [moment] = told["moments"]
    assert (moment["query"], moment["score"]) == ("a red box", finding["score"])
    assert moment["spans"] == finding["spans"]
    again = api.post(f"{case}/moments", json={"finding": finding["finding"]})
    assert again.get_json()["case"]["moments"] == 1


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"finding": "made up"},
        {"recording": "0" * 63},
        {"finding": "x", "recording": "0" * 64, "start": "0", "end": "1"},
        {"removed": "made up"},
        {"removed": "x", "finding": "x"},
        {"finding": None},
    ],
)
def test_what_is_no_finding_and_no_part_is_not_collected(
    api: ApiClient, sent: dict[str, str]
) -> None:
    problem(api.post(f"{made(api)}/moments", json=sent), 400)


def test_a_moment_is_moved_trimmed_described_and_removed(
    api: ApiClient, collection: PageArchive
) -> None:
    case = made(api)
    first = collected(api, case, collection, "1", "2")
    second = collected(api, case, collection, "00:00:03.000", "4.5")
    change = {"position": 0, "start": "313/100", "note": "He waits.", "tags": ["gate"]}
    response = api.patch(second, json=change)
    assert response.status_code == 200, response.text
    moment, other = response.get_json()["moments"]
    assert moment["spans"][0]["start_exact"] == "313/100"
    assert moment["spans"][0]["end_exact"] == str(Fraction(9, 2))
    assert (moment["note"], moment["tags"], moment["trimmed"]) == ("He waits.", ["gate"], True)
    assert other["spans"][0]["start_s"] == 1
    backwards = {"start": "11", "end": "10", "note": "Never written.", "position": 1}
    assert "cannot end at 00:00:10.000" in problem(api.patch(second, json=backwards), 400)
    assert api.value(case)["moments"] == [moment, other]
    assert api.delete(first).status_code == 200
    assert problem(api.delete(first), 404) == "There is no such moment in this case."


def test_what_was_taken_out_is_put_back_as_it_was(
    api: ApiClient, archive: Archive, collection: PageArchive
) -> None:
    case, other = made(api), made(api, "Fire")
    first = collected(api, case, collection, "1", "2")
    collected(api, case, collection, "3", "4")
    api.patch(first, json={"note": "He waits.", "tags": ["gate"]})
    before = api.value(case)["moments"]
    removed = api.delete(first).get_json()
    problem(api.post(f"{other}/moments", json=removed), 404)
    other_program = api_of(archive).post(f"{case}/moments", json=removed)
    assert "started anew, or by another one" in problem(other_program, 400)
    back = api.post(f"{case}/moments", json=removed)
    assert (back.status_code, back.get_json()["moments"]) == (201, before)
    done = [entry.about["what"] for entry in archive.catalog.audit.entries(limit=5)]
    assert done[0] == "put back a moment" and "removed a moment" in done


def test_a_case_is_renamed_noted_and_removed_and_all_of_it_is_in_the_log(
    api: ApiClient, archive: Archive
) -> None:
    case = made(api)
    changed = api.patch(case, json={"note": "Camera 3 was off."}).get_json()
    assert (changed["case"]["name"], changed["case"]["note"]) == ("Theft", "Camera 3 was off.")
    assert api.patch(case, json={"name": "Fire"}).get_json()["case"]["note"] == "Camera 3 was off."
    assert "There is a case named" in problem(api.post("/cases", json={"name": "Fire"}), 400)
    assert api.delete(case).status_code == 204
    problem(api.get(case), 404)
    done = [entry.about["what"] for entry in archive.catalog.audit.entries(limit=4)]
    assert done == ["removed the case", "changed the case", "changed the case", "made the case"]


def test_a_case_is_exported_and_marked(
    api: ApiClient, archive: Archive, collection: PageArchive
) -> None:
    case = made(api)
    nothing = api.post(f"{case}/export", query_string={"format": "csv"})
    assert "holds no moments" in problem(nothing, 400)
    collected(api, case, collection, "1", "2")
    exported = api.post(f"{case}/export", query_string={"format": "csv"})
    assert exported.content_type.startswith("text/csv")
    [moment] = api.value(case)["moments"]
    assert moment["exported"] is not None
    [entry] = archive.catalog.audit.entries(limit=1)
    assert (entry.action, entry.about["title"]) == (Action.EXPORT, "Theft")


def test_who_does_not_see_a_camera_gets_its_moments_as_a_number(
    api: ApiClient, archive: Archive, collection: PageArchive
) -> None:
    case = made(api)
    moment = collected(api, case, collection, "1", "2")
    others = {"oli": (Role.OPERATOR, ("Gate",)), "vera": (Role.VIEWER, ())}
    with with_users(archive, **others):
        oli, vera = api_of(archive, "oli"), api_of(archive, "vera")
        assert (oli.value(case)["moments"], oli.value(case)["hidden"]) == ([], 1)
        problem(oli.delete(moment), 404)
        for refused in (oli.delete(case), oli.patch(case, json={"name": "Mine", "note": ""})):
            assert "cameras that are not yours" in problem(refused, 403)
        problem(oli.post(f"{case}/export", query_string={"format": "csv"}), 400)
        assert vera.value(case)["hidden"] == 0
        assert "Only operators may do this" in problem(vera.delete(case), 403)


def test_searches_are_saved_and_removed_and_hits_are_told(api: ApiClient, archive: Archive) -> None:
    saved = api.post("/saved-searches", json={"name": "van", "text": "a van", "cameras": ["Yard"]})
    assert saved.status_code == 201, saved.text
    identity = saved.get_json()["id"]
    search = archive.catalog.saved.named("van")
    hit = hit_of(archive.catalog, search)
    [told] = [one for one in api.value("/hits")["hits"] if one["search"] == "van"]
    assert (told["recording"], told["score"]) == (hit.moment.recording, 0.9)
    assert identity in [one["id"] for one in api.value("/saved-searches")["saved"]]
    assert api.delete(f"/saved-searches/{identity}").status_code == 204
    problem(api.delete(f"/saved-searches/{identity}"), 404)
    nowhere = {"name": "roof", "text": "a man", "cameras": ["Roof"]}
    assert "no camera named 'Roof'" in problem(api.post("/saved-searches", json=nowhere), 400)


def test_a_saved_search_of_others_cameras_is_not_found(archive: Archive) -> None:
    saved = archive.catalog.saved.add("all", "a man", (), Target(), ())
    with with_users(archive, oli=(Role.OPERATOR, ("Gate",))):
        oli = api_of(archive, "oli", loopback_only=False)
        [told] = oli.value("/saved-searches")["saved"]
        assert told["cameras"] == ["Gate"]
        problem(oli.delete(f"/saved-searches/{saved.id}"), 404)
        hooked = {"name": "x", "text": "a man", "webhook": "http://127.0.0.1:1/"}
        assert "takes no webhooks" in problem(oli.post("/saved-searches", json=hooked), 403)
    archive.catalog.saved.remove(saved)
