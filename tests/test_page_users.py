"""The pages of users and of the audit log, as a browser asks them."""

import json
import sqlite3
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from mmrag_video.archive import Archive
from mmrag_video.as_json import audit_entry_from_json
from mmrag_video.catalog.audit import Action, broken_at
from mmrag_video.catalog.users import Role, User
from tests.markdown import ROOT
from tests.page_archive import PageArchive
from tests.page_client import LOCAL, get, words_of
from tests.people import PASSWORD, log_in, logged_in, send, with_users
from web.app import create_app


@pytest.fixture
def staffed(archive: Archive) -> Iterator[Archive]:
    with with_users(archive):
        yield archive


@pytest.fixture
def admin(staffed: Archive) -> FlaskClient:
    return logged_in(staffed)


def noted(archive: Archive) -> list[tuple[str, Action, dict[str, object]]]:
    entries = archive.catalog.audit.entries()
    return [(entry.user, entry.action, dict(entry.about)) for entry in entries]


# Users


def test_whoever_sits_at_the_machine_adds_the_first_user_an_admin(archive: Archive) -> None:
    client = create_app(archive).test_client()
    first = {"name": "ana", "password": PASSWORD}
    refused = send(client, "/users", role="viewer", **first)
    assert refused.status_code == 400 and "must be an admin" in words_of(refused)
    assert send(client, "/users", role="admin", **first).status_code == 303
    assert get(client, "/users").status_code == 401, "from now on everybody has to log in"
    assert log_in(client).status_code == 303
    assert noted(archive)[-1][:2] == ("local", Action.CHANGE)


def test_an_admin_adds_changes_and_removes_users(admin: FlaskClient, staffed: Archive) -> None:
    users = staffed.catalog.users
    bob = {"name": "Bob", "password": PASSWORD}
    assert send(admin, "/users", role="viewer", camera=["gate", "yard"], **bob).status_code == 303
    assert users.named("bob").user == User("bob", Role.VIEWER, ("gate", "yard"))
    page = words_of(get(admin, "/users"))
    assert "gate, yard" in page and 'value="yard" checked' in page
    send(admin, "/users/change", name="bob", role="operator", camera="gate")
    assert users.named("bob").user == User("bob", Role.OPERATOR, ("gate",))
    client = logged_in(staffed, "bob")
    send(admin, "/users/password", name="bob", password=PASSWORD + "!")
    assert get(client, "/").status_code == 401 and log_in(client, "bob").status_code == 401
    assert log_in(client, "bob", PASSWORD + "!").status_code == 303
    send(admin, "/users/disable", name="bob")
    assert get(client, "/").status_code == 401 and users.named("bob").disabled
    send(admin, "/users/enable", name="bob")
    assert not users.named("bob").disabled
    send(admin, "/users/remove", name="bob")
    assert [account.user.name for account in users.all()] == ["ana"]
    changes = [about["what"] for _, action, about in noted(staffed) if action is Action.CHANGE]
    assert changes == [
        "user removed",
        "user enabled",
        "user disabled",
        "password changed",
        "user changed",
        "user added",
    ]
    assert PASSWORD not in str(noted(staffed))


@pytest.mark.parametrize(
    ("path", "fields", "sentence"),
    [
        ("/users", {"name": "bob", "role": "viewer", "password": "short"}, "at least 12"),
        ("/users", {"name": "ana", "role": "viewer", "password": PASSWORD}, "already"),
        ("/users", {"name": "<b>", "role": "viewer", "password": PASSWORD}, "cannot be a user's"),
        ("/users", {"name": "bob", "role": "king", "password": PASSWORD}, "one of the roles"),
        ("/users/change", {"name": "ana", "role": "viewer"}, "would leave no admin"),
        ("/users/disable", {"name": "ana"}, "would leave no admin"),
        ("/users/remove", {"name": "ana"}, "would leave no admin"),
        ("/users/remove", {"name": "nobody"}, "no user named 'nobody'"),
    ],
)
def test_what_cannot_be_is_said_on_the_page(
    admin: FlaskClient, staffed: Archive, path: str, fields: dict[str, str], sentence: str
) -> None:
    before = staffed.catalog.users.all()
    answer = send(admin, path, **fields)
    assert answer.status_code == 400 and sentence in words_of(answer)
    assert "<b>" not in answer.get_data(as_text=True).replace('<b class="name">', "")
    assert staffed.catalog.users.all() == before


# The audit log


def test_searches_views_and_changes_are_noted_with_who_and_from_where(
    collection: PageArchive,
) -> None:
    archive = collection.archive
    before = archive.catalog.audit.count()
    with with_users(archive, vera=(Role.VIEWER, ())):
        client = logged_in(archive, "vera")
        get(client, "/?q=a+box&camera=Yard&from=2025-03-04T14:00")
        get(client, "/?q=a+box&camera=Nowhere")
        get(client, f"/recordings/{collection.gate.id}/play?t=1,2")
        send(client, "/logout")
    entries = list(archive.catalog.audit.entries(limit=archive.catalog.audit.count() - before))
    asked = {"query": "a box", "cameras": ["Yard"], "from": "2025-03-04T14:00"}
    looked = {
        "recording": collection.gate.id,
        "camera": "Gate",
        "start": "1.000",
        "end": "2.000",
    }
    assert [(entry.action, dict(entry.about)) for entry in reversed(entries)] == [
        (Action.LOGIN, {}),
        (Action.SEARCH, asked),
        (Action.VIEW, looked),
        (Action.LOGOUT, {}),
    ]
    assert {(entry.user, entry.address) for entry in entries} == {("vera", "127.0.0.1")}


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("&has=" + "x" * 601, "has: at most 600 characters"),
        ("&off=" + "x" * 601, "off: at most 600 characters"),
        ("&camera=" + "x" * 501, "camera: at most 500 characters"),
        ("".join(f"&has={number}" for number in range(51)), "has: at most 50"),
        ("".join(f"&off={number}" for number in range(51)), "off: at most 50"),
        ("".join(f"&camera={number}" for number in range(501)), "camera: at most 500"),
        ("&box=" + "1" * 121, "box: at most 120 characters"),
        ("&from=2025-03-04T14:00:00." + "1" * 121, "from: at most 120 characters"),
        ("&after=22:00" + "1" * 121, "after: at most 120 characters"),
        ("&q=" + "x" * 501, "at most 500"),
    ],
)
def test_no_search_makes_an_entry_of_any_length(
    collection: PageArchive, more: str, told: str
) -> None:
    client, log = create_app(collection.archive).test_client(), collection.archive.catalog.audit
    before = log.count()
    for path in ("/", "/timeline", "/answer", "/export"):
        method = "POST" if path == "/export" else "GET"
        asked = f"{path}?{more}" if "&q=" in more else f"{path}?q=red{more}"
        answer = client.open(asked, method=method, base_url=LOCAL)
        assert (answer.status_code, told in words_of(answer)) == (400, True), path
    assert get(client, f"/api/v1/search?{more}&q=red").status_code == 400
    assert log.count() == before


def test_what_is_noted_of_a_form_is_what_was_kept(admin: FlaskClient, staffed: Archive) -> None:
    wide = "x" + " " * 10_000 + "y"
    case = send(admin, "/cases", name="first").headers["Location"]
    send(admin, case, name=wide, note=" " * 10_000)
    assert noted(staffed)[0][2] == {
        "case": "first",
        "case_id": int(case.rpartition("/")[2]),
        "what": "changed the case",
        "name": "x y",
        "note": "",
    }
    before = staffed.catalog.audit.count()
    assert send(admin, "/queue/failed/retry", source="x" * 10_000).status_code == 400
    many = {"name": "bob", "password": PASSWORD, "role": "viewer"}
    refused = send(admin, "/users", camera=["x" * 10_000], **many)
    assert refused.status_code == 400 and "at most 500 cameras" in words_of(refused)
    assert staffed.catalog.audit.count() == before


def test_the_page_lists_entries_page_by_page_and_by_user_and_action(
    admin: FlaskClient, staffed: Archive
) -> None:
    for number in range(150):
        user, action = ("bob", Action.SEARCH) if number % 2 else ("eve", Action.VIEW)
        staffed.catalog.audit.note(user, action, {"query": f"number {number}", "cameras": ["a"]})
    first = words_of(get(admin, "/audit"))
    assert first.count("</tr>") == 101 and "number 149" in first and "number 49" not in first
    assert "The chain holds" in first
    assert 'href="/audit?before=52"' in first
    assert words_of(get(admin, "/audit?before=52")).count("</tr>") == 52
    filtered = words_of(get(admin, "/audit?user=bob&action=search"))
    assert filtered.count("</tr>") == 76 and "eve" not in filtered
    assert "No such entry" in words_of(get(admin, "/audit?user=nobody"))


@pytest.mark.parametrize("query", ["action=x", "before=x", "before=-1", "before=" + "9" * 40])
def test_what_is_no_filter_is_refused(admin: FlaskClient, query: str) -> None:
    assert get(admin, f"/audit?{query}").status_code == 400


@pytest.mark.parametrize("value", ["user = 'eve'", "about = 'no json'", "action = 'x'", "at = 'x'"])
def test_the_page_says_where_somebody_changed_the_log(
    admin: FlaskClient, staffed: Archive, value: str
) -> None:
    for _ in range(3):
        staffed.catalog.audit.note("bob", Action.SEARCH, {})
    with sqlite3.connect(staffed.catalog.file) as connection:
        connection.execute(f"UPDATE audit SET {value} WHERE id = 3")
    page = get(admin, "/audit")
    assert page.status_code == 200
    assert "tampered with: entry 3" in words_of(page) and "chain holds" not in words_of(page)


def test_the_export_is_the_whole_log_with_the_last_hash_told(
    admin: FlaskClient, staffed: Archive
) -> None:
    for number in range(1200):
        staffed.catalog.audit.note("bob", Action.SEARCH, {"query": f"é {number}"})
    answer = get(admin, "/audit.jsonl")
    assert answer.is_streamed
    lines = answer.get_data(as_text=True).splitlines()
    entries = [audit_entry_from_json(json.loads(line)) for line in lines]
    assert len(entries) == 1202
    assert broken_at(iter(entries)) is None
    assert entries[-1].action is Action.EXPORT and entries[-1].user == "ana"
    assert answer.headers["X-Audit-Last-Hash"] == entries[-1].hash
    assert answer.headers["X-Audit-Last-Number"] == "1202"
    assert entries[-1].hash[:12] in answer.headers["Content-Disposition"]


def test_what_is_in_the_log_is_shown_as_text_only(admin: FlaskClient, staffed: Archive) -> None:
    staffed.catalog.audit.note("<b>x", Action.SEARCH, {"query": "<script>", "n": {"<i>": 1}})
    page = get(admin, "/audit").get_data(as_text=True)
    assert "<script>" not in page and "<b>x" not in page and "&lt;script&gt;" in page


def test_every_form_that_is_posted_has_the_token() -> None:
    strays = []
    for path in sorted((ROOT / "web" / "templates").glob("*.html")):
        text = path.read_text(encoding="utf-8")
        for form in text.split("<form")[1:]:
            inside = form.partition("</form>")[0]
            is_posted = 'method="post"' in inside.partition(">")[0] or 'formmethod="post"' in inside
            if is_posted and "form_token" not in inside:
                strays.append(path.name)
    assert strays == []
