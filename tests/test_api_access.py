"""Who may use the API: logins, tokens, roles, and what else is refused."""

from collections.abc import Iterator

import pytest

from mmrag_video.archive import Archive
from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.users import Role
from tests.api_client import ApiClient, api_of, problem
from tests.conftest import Command
from tests.page_client import LOCAL
from tests.people import ADMIN, PASSWORD, logged_in, with_users
from web.api.operation import operation_of
from web.app import create_app


@pytest.fixture
def people(opened: Archive) -> Iterator[Archive]:
    """An archive with an admin, an operator and a viewer."""
    with with_users(opened, oli=(Role.OPERATOR, ()), vera=(Role.VIEWER, ())):
        yield opened


def test_whoever_sits_at_the_machine_is_local_without_users(opened: Archive) -> None:
    me = api_of(opened).value("/me")
    assert me == {"name": "local", "role": "admin", "cameras": [], "form_token": ""}


def test_without_login_and_token_nothing_is_told(people: Archive) -> None:
    stranger = ApiClient(create_app(people).test_client(), {"Accept": "text/html"})
    for path in ("/me", "/openapi.json", "/nothing"):
        refused = stranger.get(path)
        assert "Bearer" in problem(refused, 401)
        assert refused.headers["WWW-Authenticate"].lower() == "bearer"


@pytest.mark.parametrize("token", ["", "x", "é", "a b", "\x7f"])
def test_a_token_that_nobody_made_opens_nothing(people: Archive, token: str) -> None:
    api = ApiClient(create_app(people).test_client(), {"Authorization": f"Bearer {token}"})
    assert problem(api.get("/me"), 401) == "This token opens nothing, or nothing any more."


def test_a_token_stands_for_its_user_in_the_api_alone(people: Archive) -> None:
    vera = api_of(people, "vera")
    assert vera.value("/me")["name"] == "vera"
    page = vera.client.get("/cases", base_url=LOCAL, headers=vera.headers)
    assert page.status_code == 401


def test_a_token_ends_when_it_is_taken_back_or_its_user_goes(people: Archive) -> None:
    token, secret = people.catalog.tokens.make("oli", "a test")
    oli = ApiClient(create_app(people).test_client(), {"Authorization": f"bearer {secret}"})
    assert oli.get("/me").status_code == 200
    people.catalog.users.disable("oli")
    problem(oli.get("/me"), 401)
    people.catalog.users.disable("oli", False)
    assert oli.get("/me").status_code == 200
    people.catalog.tokens.take_back(token.id)
    problem(oli.get("/me"), 401)
    gone = api_of(people, "vera")
    people.catalog.users.remove("vera")
    problem(gone.get("/me"), 401)


def test_of_a_token_only_a_hash_is_kept(people: Archive) -> None:
    _, secret = people.catalog.tokens.make(ADMIN)
    assert secret.encode() not in people.directory.catalog.read_bytes()


def test_a_change_by_cookie_needs_the_form_token_and_one_by_token_does_not(
    people: Archive,
) -> None:
    browser = ApiClient(logged_in(people, "oli"), {"Origin": LOCAL})
    asked = {"json": {"name": "by cookie"}}
    assert "not of your login" in problem(browser.post("/cases", **asked), 403)
    token = browser.value("/me")["form_token"]
    with_token = ApiClient(browser.client, {**browser.headers, "X-Form-Token": token})
    assert with_token.post("/cases", **asked).status_code == 201
    assert api_of(people, "oli").post("/cases", json={"name": "by token"}).status_code == 201


def test_another_web_site_changes_nothing(opened: Archive) -> None:
    elsewhere = ApiClient(create_app(opened).test_client(), {"Origin": "http://attacker.example"})
    assert "another web site" in problem(elsewhere.post("/cases", json={"name": "x"}), 403)
    renamed = create_app(opened).test_client().get("/api/v1/me", base_url="http://attacker.example")
    problem(renamed, 421)


@pytest.mark.parametrize(
    ("method", "path", "role"),
    [
        ("post", "/cases", "operator"),
        ("patch", "/queue", "operator"),
        ("post", "/queue/retries", "operator"),
        ("get", "/export", "operator"),
        ("post", "/export", "operator"),
        ("get", f"/recordings/{'0' * 64}/still", "operator"),
        ("get", "/exports", "operator"),
        ("post", "/exports", "operator"),
        ("get", "/exports/1", "operator"),
        ("patch", "/exports/1", "operator"),
        ("delete", "/exports/1", "operator"),
        ("get", "/exports/1/file", "operator"),
        ("post", "/sources", "admin"),
        ("patch", "/cameras/yard", "admin"),
        ("post", "/reindexing", "admin"),
        ("delete", "/reindexing", "admin"),
        ("get", "/users", "admin"),
        ("get", "/audit", "admin"),
        ("get", "/audit.jsonl", "admin"),
    ],
)
def test_roles_hold_as_on_the_page(people: Archive, method: str, path: str, role: str) -> None:
    name = {"operator": "vera", "admin": "oli"}[role]
    response = getattr(api_of(people, name), method)(path)
    assert f"Only {role}s may do this" in problem(response, 403)


def test_every_error_is_a_problem(opened: Archive) -> None:
    api = api_of(opened)
    assert "openapi.json" in problem(api.get("/nothing"), 404)
    refused = api.delete("/cases")
    problem(refused, 405)
    assert "POST" in refused.headers["Allow"]
    problem(api.post("/cases", data="name=x"), 415)
    problem(api.post("/cases", data="{", content_type="application/json"), 400)
    problem(api.post("/cases", json={"name": "x" * 1_100_000}), 413)
    sent = api.post("/sources", json={"name": "nvr", "folder": "/nowhere", "every": 0})
    problem(sent, 400)
    assert set(sent.get_json()["fields"]) == {"every"}


def test_a_token_is_made_listed_and_taken_back_by_command(run: Command, archive: Archive) -> None:
    archive.catalog.users.add("ana", PASSWORD, Role.ADMIN)
    made = run("users", "token", "ana", "--for", "nightly export")
    assert made.returncode == 0, made.stderr
    assert len(made.stdout.strip()) == 43
    assert made.stdout.strip() not in made.stderr
    listed = run("users", "tokens").stdout
    assert "nightly export" in listed and "never" in listed
    assert run("users", "untoken", "1").returncode == 0
    assert "No tokens." in run("users", "tokens").stdout + run("users", "tokens").stderr
    assert "There is no token number 1" in run("users", "untoken", "1").stderr
    assert "token made" in run("audit", "show", "--action", Action.CHANGE.value).stdout


def test_whatever_changes_something_is_not_for_viewers(opened: Archive) -> None:
    app = create_app(opened)
    open_to_viewers = {
        (rule.rule, method)
        for rule in app.url_map.iter_rules()
        if (operation := operation_of(app.view_functions[rule.endpoint])) is not None
        for method in (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}
        if operation.role is Role.VIEWER
    }
    assert open_to_viewers == {("/api/v1/pictures", "POST")}, "a picture is only searched with"
