"""A user of one camera gets nothing of any other, whatever they ask for."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from mmrag_video.archive import Archive
from mmrag_video.catalog.hits import FoundMoment
from mmrag_video.catalog.records import Recording
from mmrag_video.catalog.saved_searches import Target
from mmrag_video.catalog.users import Role
from mmrag_video.moments import Confidence
from mmrag_video.video.wall_clock import ClockOrigin
from tests.page_archive import PageArchive
from tests.page_client import UNKNOWN_ID, get, words_of
from tests.people import logged_in, send, with_users
from web.access import is_open_to_all

FORBIDDEN = ("Yard", "<img src=x")
"""Beginnings of the other cameras' names, and of their files."""


@pytest.fixture(scope="module")
def staffed(collection: PageArchive) -> Iterator[PageArchive]:
    catalog = collection.archive.catalog
    everywhere = catalog.saved.add("any box", "a box", [], Target(), [])
    there = catalog.saved.add("box there", "a box", ["Yard"], Target(), [])
    for search in (everywhere, there):
        for recording in (collection.yard, collection.gate):
            if search.watches(recording.camera):
                moments = [hit_in(recording)]
                catalog.saved.note(search, recording, "index", 1.0, moments, timedelta(0))
    gate = ("Gate",)
    with with_users(collection.archive, gil=(Role.OPERATOR, gate), vera=(Role.VIEWER, gate)):
        yield collection
    for search in (everywhere, there):
        catalog.saved.remove(search)


@pytest.fixture(scope="module")
def gil(staffed: PageArchive) -> FlaskClient:
    return logged_in(staffed.archive, "gil")


def hit_in(recording: Recording) -> FoundMoment:
    return FoundMoment(
        recording=recording.id,
        camera=recording.camera,
        start=Fraction(1),
        end=Fraction(2),
        best=Fraction(1),
        wall_start=datetime.now(UTC),
        wall_end=datetime.now(UTC),
        zone="UTC",
        clock_origin=ClockOrigin.UNKNOWN,
        score=1.0,
        confidence=Confidence.STRONG,
        threshold=0.0,
        why="a box",
    )


def addresses(rule: Rule, recording: Recording, frame: Fraction) -> Iterator[str]:
    """Addresses of a route, about this recording where they are about one."""
    times = {"numerator": str(frame.numerator), "denominator": str(frame.denominator)}
    values = {"recording_id": recording.id, "identity": "1", "picture": UNKNOWN_ID, **times}
    path = rule.rule
    for argument in rule.arguments:
        converter = next(part for part in path.split("<") if part.split(">")[0].endswith(argument))
        path = path.replace(f"<{converter.split('>')[0]}>", values.get(argument, "1"))
    yield path
    for query in ("q=a+box", "q=a+red+box", "q=a+box&camera=Yard", "start=0&end=2", "t=0,2"):
        yield f"{path}?{query}"


def test_no_route_shows_anything_of_another_camera(staffed: PageArchive, gil: FlaskClient) -> None:
    archive = staffed.archive
    app = gil.application
    frame = Fraction(0)
    asked = 0
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if rule.endpoint == "static" or is_open_to_all(view) or "GET" not in (rule.methods or ()):
            continue
        for recording in (staffed.yard, staffed.hostile):
            assert archive.thumbnail(recording.id, frame).is_file(), "else nothing is asked for"
            for address in addresses(rule, recording, frame):
                answer = get(gil, address)
                text = words_of(answer)
                asked += 1
                assert answer.status_code < 500 or answer.status_code == 503, address
                assert recording.id not in text.replace(address, ""), address
                if "camera=Yard" not in address:
                    assert not any(name in text for name in FORBIDDEN), address
                if "recording_id" in rule.arguments:
                    # The API looks at what is asked before it looks at the recording.
                    incomplete = answer.status_code == 400 and rule.rule.startswith("/api/")
                    assert answer.status_code == 404 or incomplete, address
    assert asked > 50


def test_the_own_camera_is_shown_everywhere(staffed: PageArchive, gil: FlaskClient) -> None:
    gate = staffed.gate.id
    for address in ("/", "/?q=a+box", "/saved", f"/recordings/{gate}/play?t=0,2"):
        answer = get(gil, address)
        assert answer.status_code == 200 and "Gate" in words_of(answer), address
    assert get(gil, f"/frames/{gate}/0-1.jpg").mimetype == "image/jpeg"
    assert get(gil, f"/recordings/{gate}/video").status_code == 200


def test_another_camera_is_as_unknown_as_one_that_there_is_not(gil: FlaskClient) -> None:
    answers = [get(gil, f"/?q=a+box&camera={name}") for name in ("Yard", "Nowhere")]
    said = [words_of(answer).replace("Yard", "Nowhere") for answer in answers]
    assert [answer.status_code for answer in answers] == [400, 400] and said[0] == said[1]


def test_saved_searches_are_shown_without_their_other_cameras(
    staffed: PageArchive, gil: FlaskClient
) -> None:
    page = words_of(get(gil, "/saved"))
    assert "any box" in page and "box there" not in page and "Yard" not in page
    assert 'aria-label="Remove any box"' not in page, "it is about other cameras too"
    for search in staffed.archive.catalog.saved.all():
        send(gil, f"/saved/{search.id}/remove")
    assert len(staffed.archive.catalog.saved.all()) == 2


def test_a_search_that_is_saved_for_all_is_for_the_own_cameras(
    staffed: PageArchive, gil: FlaskClient
) -> None:
    refused = send(gil, "/saved", name="mine", q="a box", camera="Yard")
    assert refused.status_code == 400 and "no camera named 'Yard'" in words_of(refused)
    assert send(gil, "/saved", name="mine", q="a box").status_code == 303
    saved = staffed.archive.catalog.saved.named("mine")
    assert saved.cameras == ("Gate",)
    assert send(gil, f"/saved/{saved.id}/remove").status_code == 303
    assert len(staffed.archive.catalog.saved.all()) == 2


def test_what_is_about_all_cameras_is_refused_and_not_offered(gil: FlaskClient) -> None:
    for path in ("/work", "/queue/failed", "/models", "/health", "/queue/pause"):
        answer = send(gil, path) if path == "/queue/pause" else get(gil, path)
        assert answer.status_code == 403
        assert "about all cameras, and you see only some" in words_of(answer)
    assert not re.search("/(work|models|health)", words_of(get(gil, "/")))


# Roles


CHANGES = {
    "/sources": Role.ADMIN,
    "/sources/remove": Role.ADMIN,
    "/cameras": Role.ADMIN,
    "/cameras/rename": Role.ADMIN,
    "/queue/pause": Role.OPERATOR,
    "/queue/resume": Role.OPERATOR,
    "/queue/retry": Role.OPERATOR,
    "/queue/failed/retry": Role.OPERATOR,
    "/models/reindex": Role.ADMIN,
    "/models/reindex/cancel": Role.ADMIN,
    "/models/drop": Role.ADMIN,
    "/saved": Role.OPERATOR,
    "/saved/1/remove": Role.OPERATOR,
    "/collect": Role.OPERATOR,
    "/cases": Role.OPERATOR,
    "/cases/1": Role.OPERATOR,
    "/cases/1/remove": Role.OPERATOR,
    "/cases/1/export": Role.OPERATOR,
    "/cases/1/evidence": Role.OPERATOR,
    "/export": Role.OPERATOR,
    "/export/selected": Role.OPERATOR,
    "/exports/1/cancel": Role.OPERATOR,
    "/exports/1/resume": Role.OPERATOR,
    "/exports/1/remove": Role.OPERATOR,
    "/cases/1/moments/1/move": Role.OPERATOR,
    "/cases/1/moments/1/trim": Role.OPERATOR,
    "/cases/1/moments/1/describe": Role.OPERATOR,
    "/cases/1/moments/1/remove": Role.OPERATOR,
    "/cases/1/moments/put-back": Role.OPERATOR,
    "/users": Role.ADMIN,
    "/users/change": Role.ADMIN,
    "/users/password": Role.ADMIN,
    "/users/disable": Role.ADMIN,
    "/users/enable": Role.ADMIN,
    "/users/remove": Role.ADMIN,
}
FOR_EVERYBODY = {"/login", "/logout", "/account/password", "/pictures"}


def test_every_change_asks_for_a_role(archive: Archive) -> None:
    with with_users(archive, oli=(Role.OPERATOR, ()), vera=(Role.VIEWER, ())):
        clients = {
            Role.VIEWER: logged_in(archive, "vera"),
            Role.OPERATOR: logged_in(archive, "oli"),
        }
        for role, client in clients.items():
            for path, needed in CHANGES.items():
                status = send(client, path).status_code
                assert (status == 403) == (not role.may(needed)), f"{role} {path}: {status}"
            for path in ("/users", "/audit", "/audit.jsonl", "/models/drop", "/models/give-up"):
                assert get(client, path).status_code == 403
        rules = clients[Role.VIEWER].application.url_map.iter_rules()
        changing = {
            re.sub(r"<(int|number):\w+>", "1", rule.rule)
            for rule in rules
            if "POST" in (rule.methods or ()) and not rule.rule.startswith("/api/")
        }
        assert changing - FOR_EVERYBODY == set(CHANGES), "a new change has to be in this list"


def test_what_a_role_cannot_do_is_not_offered(archive: Archive) -> None:
    with with_users(archive, oli=(Role.OPERATOR, ()), vera=(Role.VIEWER, ())):
        viewer, operator = logged_in(archive, "vera"), logged_in(archive, "oli")
        admin = logged_in(archive)
        offered = {
            path: [words in words_of(get(client, path)) for client in (viewer, operator, admin)]
            for path, words in {
                "/work": ">Pause<",
                "/work?": "Add the source",
                "/saved": 'class="save"',
                "/": 'href="/users"',
                "/account": 'href="/audit"',
            }.items()
        }
    assert offered == {
        "/work": [False, True, True],
        "/work?": [False, False, True],
        "/saved": [False, True, True],
        "/": [False, False, True],
        "/account": [False, False, True],
    }
