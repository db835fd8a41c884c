"""Logging in and out, as a browser asks it: cookies, form tokens, limits, where one is sent."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import quote, urljoin, urlsplit

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from mmrag_video.archive import Archive
from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.users import Role
from mmrag_video.settings import LoginSettings
from tests.page_archive import PageArchive
from tests.page_client import LOCAL, get, send_picture, words_of
from tests.people import PASSWORD, form_token, log_in, logged_in, send, with_users
from web.app import create_app
from web.attempts import FROM_ADDRESS
from web.form_tokens import token_for
from web.own_paths import own_path
from web.services import services_of

PAGE = {"Accept": "text/html"}


@pytest.fixture
def staffed(archive: Archive) -> Iterator[Archive]:
    with with_users(archive, bob=(Role.VIEWER, ())):
        yield archive


@pytest.fixture
def stranger(staffed: Archive) -> FlaskClient:
    return create_app(staffed).test_client()


def actions(archive: Archive) -> list[tuple[str, Action]]:
    return [(entry.user, entry.action) for entry in archive.catalog.audit.entries()]


def cookie_of(answer: TestResponse) -> str:
    [cookie] = answer.headers.getlist("Set-Cookie")
    return cookie


# Whether a login is needed


def test_a_page_for_this_machine_without_users_asks_for_none(archive: Archive) -> None:
    client = create_app(archive).test_client()
    assert get(client, "/users").status_code == 200
    assert get(client, "/login", headers=PAGE).headers["Location"] == "/"
    assert log_in(client).headers["Location"] == "/"
    assert get(client, "/account").status_code == 404


def test_with_a_user_everybody_is_sent_to_the_login_and_back(stranger: FlaskClient) -> None:
    answer = get(stranger, "/work?x=1&y=a%20b", headers=PAGE)
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/login?next=/work?x%3D1%26y%3Da%2520b"
    form = words_of(get(stranger, answer.headers["Location"]))
    assert 'name="next" value="/work?x=1&y=a%20b"' in form
    fields = {"name": "ana", "password": PASSWORD, "next": "/work?x=1&y=a%20b"}
    back = stranger.post("/login", data=fields, base_url=LOCAL)
    assert back.headers["Location"] == "/work?x=1&y=a%20b"


def test_scripts_and_pictures_get_a_status_and_a_sentence(stranger: FlaskClient) -> None:
    for answer in (get(stranger, "/work"), stranger.post("/queue/pause", base_url=LOCAL)):
        assert answer.status_code == 401
        assert "data-problem>Please log in" in words_of(answer)


def test_a_page_that_others_reach_needs_a_login_before_there_is_a_user(archive: Archive) -> None:
    client = create_app(archive, loopback_only=False).test_client()
    assert get(client, "/").status_code == 401
    assert "mmrag-video users add NAME --role admin" in words_of(get(client, "/login"))
    assert log_in(client).status_code == 401


def test_only_the_login_itself_static_files_and_health_are_there_for_strangers(
    staffed: Archive,
) -> None:
    app = create_app(staffed, loopback_only=False)
    client = app.test_client()
    answered = set()
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<[^>]*sha256:[^>]*>", "0" * 64, rule.rule)
        path = re.sub(r"<path:[^>]*>", "page.css", path)
        path = re.sub(r"<[^>]*>", "1", path)
        for method in (rule.methods or set()) - {"OPTIONS"}:
            answer = client.open(
                path,
                method=method,
                base_url=LOCAL,
                environ_base={"REMOTE_ADDR": "192.0.2.7"},
            )
            if answer.status_code != 401:
                answered.add((method, rule.rule, answer.status_code))
    assert {one for one in answered if one[0] == "GET"} == {
        ("GET", "/login", 200),
        ("GET", "/healthz", 200),
        ("GET", "/static/<path:filename>", 200),
        ("GET", "/metrics", 403),
    }
    assert {one for one in answered if one[0] not in ("GET", "HEAD")} == set(), (
        "a login without a name and a password is refused too"
    )
    assert get(client, "/nowhere").status_code == 401


def test_metrics_are_for_admins_and_this_machine(staffed: Archive) -> None:
    elsewhere = {"environ_base": {"REMOTE_ADDR": "192.0.2.7"}}
    stranger = create_app(staffed, loopback_only=False).test_client()
    assert get(stranger, "/metrics").status_code == 200
    assert get(stranger, "/metrics", **elsewhere).status_code == 403
    assert get(logged_in(staffed), "/metrics", **elsewhere).status_code == 200
    assert get(logged_in(staffed, "bob"), "/metrics", **elsewhere).status_code == 403


# Logging in


def test_whoever_is_right_is_let_in_and_known_from_then_on(
    stranger: FlaskClient, staffed: Archive
) -> None:
    assert log_in(stranger, "Ana").status_code == 303
    assert ">ana<" in words_of(get(stranger, "/"))
    assert actions(staffed) == [("ana", Action.LOGIN)]
    assert get(stranger, "/login?next=/work").headers["Location"] == "/work"


def test_what_is_wrong_is_not_told(stranger: FlaskClient, staffed: Archive) -> None:
    staffed.catalog.users.add("eve", PASSWORD)
    staffed.catalog.users.disable("eve")
    answers = [
        log_in(stranger, "ana", "wrong wrong wrong"),
        log_in(stranger, "nobody", "wrong wrong wrong"),
        log_in(stranger, "eve", PASSWORD),
        log_in(stranger, "", ""),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert all("Name or password is wrong." in words_of(answer) for answer in answers)
    assert not any(answer.headers.getlist("Set-Cookie") for answer in answers)
    refused = Action.LOGIN_REFUSED
    assert actions(staffed) == [("", refused), ("eve", refused), ("", refused), ("ana", refused)]


def test_the_cookie_is_for_this_page_and_no_script(stranger: FlaskClient) -> None:
    cookie = cookie_of(log_in(stranger))
    assert "; HttpOnly" in cookie and "; SameSite=Lax" in cookie and "; Path=/" in cookie
    assert "Max-Age=604800" in cookie and "Secure" not in cookie and "Domain" not in cookie


def test_the_cookie_of_an_encrypted_page_is_never_sent_unencrypted(staffed: Archive) -> None:
    client = create_app(staffed, loopback_only=False).test_client()
    fields = {"name": "ana", "password": PASSWORD}
    answer = client.post("/login", data=fields, base_url="https://cameras.example")
    assert "; Secure" in cookie_of(answer)


def test_each_login_has_a_token_of_its_own_and_ends_the_one_before(staffed: Archive) -> None:
    client = logged_in(staffed)
    before = client.get_cookie("mmrag_login", "127.0.0.1")
    form = {"name": "ana", "password": PASSWORD, "form_token": form_token(client)}
    client.post("/login", data=form, base_url=LOCAL)
    after = client.get_cookie("mmrag_login", "127.0.0.1")
    assert before is not None and after is not None and before.value != after.value
    assert staffed.catalog.logins.count("ana", LoginSettings()) == 1


@settings(deadline=None, max_examples=15)
@given(
    st.dictionaries(
        st.sampled_from(["mmrag_login", "remember_token", "session"]),
        st.text(st.characters(codec="latin-1", exclude_characters=';, "\\', min_codepoint=33)),
    )
)
def test_no_cookie_that_was_made_up_lets_anybody_in_or_makes_the_page_fail(
    collection: PageArchive, cookies: dict[str, str]
) -> None:
    client = create_app(collection.archive, loopback_only=False).test_client(use_cookies=False)
    sent = "; ".join(f"{name}={value}" for name, value in cookies.items())
    assert get(client, "/", headers={"Cookie": sent}).status_code == 401


@settings(deadline=None, max_examples=6)
@given(st.text(st.characters(codec="latin-1", exclude_characters="\r\n\x00")))
def test_no_header_makes_the_login_page_fail(collection: PageArchive, junk: str) -> None:
    client = create_app(collection.archive).test_client()
    for name in ("Accept", "Origin", "Sec-Fetch-Site", "X-Form-Token", "User-Agent", "Referer"):
        assert get(client, "/", headers={name: junk}).status_code in (200, 403)
        answer = client.post("/queue/none", base_url=LOCAL, headers={name: junk})
        assert answer.status_code in (403, 404)


# Where one is sent


@given(st.text() | st.from_regex(r"[/\\]{1,3}[\w:@./\\?#\t\n]*", fullmatch=True))
def test_an_own_path_never_leads_to_another_host(text: str) -> None:
    path = own_path(text)
    if path is not None:
        assert path == text
        # As browsers read it: backslashes are slashes, control characters are left out.
        read = re.sub(r"[\x00-\x20\x7f]", "", path).replace("\\", "/")
        assert not read.startswith("//")
        assert urlsplit(urljoin(LOCAL, read)).netloc == urlsplit(LOCAL).netloc


@given(st.lists(st.text(min_size=1), min_size=1, max_size=4), st.text())
def test_every_address_of_the_page_is_an_own_path(parts: list[str], argument: str) -> None:
    path = "/x" + "/".join(quote(part, errors="replace") for part in parts)
    address = f"{path}?q={quote(argument, errors='replace')}"
    assert (own_path(address) == address) == (len(address) <= 2000)


@pytest.mark.parametrize(
    "wanted",
    ["//evil.example", "/\\evil.example", "https://evil.example/", "evil", "/\t/evil.example", ""],
)
def test_nobody_is_sent_to_another_web_site(stranger: FlaskClient, wanted: str) -> None:
    fields = {"name": "ana", "password": PASSWORD, "next": wanted}
    answer = stranger.post("/login", data=fields, base_url=LOCAL)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


# Limits


def test_who_is_wrong_too_often_is_told_how_long_to_wait(
    stranger: FlaskClient, staffed: Archive
) -> None:
    for _ in range(FROM_ADDRESS):
        assert log_in(stranger, password="wrong wrong wrong").status_code == 401
    answer = log_in(stranger)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 900
    assert "too many wrong passwords; please try again in" in words_of(answer)
    assert len(actions(staffed)) == FROM_ADDRESS, "what is not looked at is not noted"
    elsewhere = log_in(stranger, environ_base={"REMOTE_ADDR": "192.0.2.7"})
    assert elsewhere.status_code == 429, "the name was tried too often for a stranger"
    assert int(elsewhere.headers["Retry-After"]) <= 30


def test_strangers_cannot_lock_out_who_has_logged_in_from_there_before(
    stranger: FlaskClient,
) -> None:
    home = {"environ_base": {"REMOTE_ADDR": "203.0.113.5"}}
    assert log_in(stranger, **home).status_code == 303
    stranger.delete_cookie("mmrag_login", domain="127.0.0.1")
    for number in range(FROM_ADDRESS):
        log_in(stranger, "ana", "wrong", environ_base={"REMOTE_ADDR": f"192.0.2.{number}"})
    assert log_in(stranger, environ_base={"REMOTE_ADDR": "198.51.100.1"}).status_code == 429
    assert log_in(stranger, **home).status_code == 303


def test_who_found_no_place_has_not_tried_a_password(stranger: FlaskClient) -> None:
    hashing = services_of(stranger.application).hashing
    with ExitStack() as others:
        for _ in range(hashing.places):
            others.enter_context(hashing.turn())
        for _ in range(FROM_ADDRESS + 1):
            answer = log_in(stranger)
            assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0
    assert log_in(stranger).status_code == 303


# Form tokens


def test_no_form_is_taken_without_the_token_of_its_login(staffed: Archive) -> None:
    client, other = logged_in(staffed), logged_in(staffed, "bob")
    for token in ("", "x", form_token(other), "\xe9"):
        answer = client.post("/queue/pause", data={"form_token": token}, base_url=LOCAL)
        assert answer.status_code == 403 and "not of your login" in words_of(answer)
    assert not staffed.catalog.worker.read().paused
    assert send(client, "/queue/pause").status_code == 303
    header = {"X-Form-Token": form_token(client)}
    assert client.post("/queue/resume", base_url=LOCAL, headers=header).status_code == 303


def test_a_picture_is_not_taken_without_the_token_either(staffed: Archive) -> None:
    client = logged_in(staffed)
    assert send_picture(client, b"").status_code == 403
    assert send_picture(client, b"x", form_token=form_token(client)).status_code == 400
    assert f'<button name="form_token" value="{form_token(client)}"' in words_of(get(client, "/"))


def test_the_token_does_not_tell_the_login(staffed: Archive) -> None:
    client = logged_in(staffed)
    cookie = client.get_cookie("mmrag_login", "127.0.0.1")
    assert cookie is not None and form_token(client) == token_for(cookie.value)
    assert cookie.value not in words_of(get(client, "/"))


def test_what_a_browser_says_comes_from_elsewhere_is_refused(archive: Archive) -> None:
    client = create_app(archive).test_client()
    for site, status in {"cross-site": 403, "same-site": 403, "same-origin": 303}.items():
        headers = {"Sec-Fetch-Site": site}
        assert client.post("/queue/pause", base_url=LOCAL, headers=headers).status_code == status


# The end


def test_a_logout_ends_the_login_and_takes_the_cookie(staffed: Archive) -> None:
    client = logged_in(staffed)
    held = client.get_cookie("mmrag_login", "127.0.0.1")
    assert get(client, "/logout").status_code == 405
    answer = send(client, "/logout")
    assert answer.headers["Location"] == "/login" and "Max-Age=0" in cookie_of(answer)
    assert held is not None
    client.set_cookie("mmrag_login", held.value, domain="127.0.0.1")
    assert get(client, "/").status_code == 401, "a copy of the cookie is worth nothing"
    assert actions(staffed)[0] == ("ana", Action.LOGOUT)


def test_one_logs_out_everywhere(staffed: Archive) -> None:
    here, there, other = logged_in(staffed), logged_in(staffed), logged_in(staffed, "bob")
    assert "logged in from 2 browsers" in words_of(get(here, "/account"))
    send(here, "/logout", everywhere="yes")
    assert [get(one, "/").status_code for one in (here, there, other)] == [401, 401, 200]


def test_a_login_ends_by_itself(archive: Archive) -> None:
    short = LoginSettings(unused_hours=1e-6)
    archive.settings = archive.settings.model_copy(update={"login": short})
    with with_users(archive):
        assert get(logged_in(archive), "/").status_code == 401


def test_a_new_password_ends_every_other_login(staffed: Archive) -> None:
    here, there = logged_in(staffed, "bob"), logged_in(staffed, "bob")
    new = PASSWORD + "!"
    assert send(here, "/account/password", old="wrong", new=new).status_code == 400
    short = send(here, "/account/password", old=PASSWORD, new="short")
    assert short.status_code == 400 and "at least 12" in words_of(short)
    assert get(there, "/").status_code == 200
    assert send(here, "/account/password", old=PASSWORD, new=new).status_code == 303
    assert [get(one, "/").status_code for one in (here, there)] == [200, 401]
    assert log_in(there, "bob").status_code == 401
    assert log_in(there, "bob", new).status_code == 303


def test_every_answer_about_logins_carries_the_security_headers(stranger: FlaskClient) -> None:
    for answer in (
        get(stranger, "/", headers=PAGE),
        get(stranger, "/work"),
        get(stranger, "/login"),
        log_in(stranger, password="wrong"),
        log_in(stranger),
    ):
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Cache-Control"] == "private, no-cache"
