"""Who may ask the page, and what a browser may do with its answers."""

import io

import pytest
from flask import abort
from flask.testing import FlaskClient

from tests.page_archive import PageArchive
from tests.page_client import LOCAL, get, picture, send_picture, words_of
from web.app import create_app
from web.query_pictures import LARGEST_UPLOAD

NONSENSE = [
    "[",
    "[::1",
    "::1]",
    "[::1]]",
    "[v1.x]",
    "[::1%",
    "localhost:x",
    "a:b:c",
    "/",
    "?",
    "\xbd",
]
"""No host, though some begin like one."""


def test_every_answer_carries_the_security_headers(
    client: FlaskClient, collection: PageArchive
) -> None:
    address = f"/recordings/{collection.yard.id}/video"
    mark = get(client, address).headers["ETag"]
    answers = [
        get(client, "/"),
        get(client, "/?q=x&camera=unknown"),
        get(client, "/nowhere"),
        get(client, "/static/page.css"),
        get(client, address, headers={"If-None-Match": mark}),
        get(client, address, headers={"Range": "bytes=99999999-"}),
        client.delete("/", base_url=LOCAL),
    ]
    assert [a.status_code for a in answers] == [200, 400, 404, 200, 304, 416, 405]
    for answer in answers:
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"


def test_what_the_page_does_not_have_is_said_in_its_own_words(
    client: FlaskClient, collection: PageArchive
) -> None:
    beyond = {"Range": "bytes=99999999-"}
    too_large = bytes(LARGEST_UPLOAD + 100_000)
    refused = {
        404: get(client, "/nowhere"),
        405: client.delete("/", base_url=LOCAL),
        413: send_picture(client, too_large),
        416: get(client, f"/recordings/{collection.yard.id}/video", headers=beyond),
    }
    for status, answer in refused.items():
        page = words_of(answer)
        assert answer.status_code == status
        assert 'class="brand"' in page and "<h1>This did not work</h1>" in page
        assert "URL" not in page and "server" not in page and "method" not in page
    assert "There is no page at this address." in words_of(refused[404])


def test_a_failure_of_the_program_is_a_page_too(collection: PageArchive) -> None:
    app = create_app(collection.archive)
    app.add_url_rule("/fails", "fails", view_func=lambda: 1 / 0)
    app.add_url_rule("/gives-up", "gives-up", view_func=lambda: abort(500))
    app.add_url_rule("/teapot", "teapot", view_func=lambda: abort(418))
    for path in ("/fails", "/gives-up"):
        answer = get(app.test_client(), path)
        assert answer.status_code == 500
        assert "Something went wrong in the program itself" in words_of(answer)
    assert "This cannot be answered (status 418)." in words_of(get(app.test_client(), "/teapot"))


@pytest.mark.parametrize("host", ["127.0.0.1:8642", "localhost", "LOCALHOST:1", "[::1]:8642"])
def test_loopback_names_are_answered(client: FlaskClient, host: str) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "attacker.example",
        "127.0.0.1.attacker.example",
        "192.168.1.7:8642",
        "",
        "a@b",
        "[::2]",
        *NONSENSE,
    ],
)
def test_other_names_for_this_machine_are_refused(client: FlaskClient, host: str) -> None:
    answer = client.get("/?q=a+box", headers={"Host": host})
    assert answer.status_code in (400, 421) and "Yard" not in words_of(answer)


def test_on_another_address_every_name_is_answered(collection: PageArchive) -> None:
    client = create_app(collection.archive, loopback_only=False).test_client()
    assert client.get("/login", headers={"Host": "cameras.example"}).status_code == 200


@pytest.mark.parametrize("host", NONSENSE)
def test_no_host_or_origin_makes_the_program_fail(collection: PageArchive, host: str) -> None:
    anywhere = create_app(collection.archive, loopback_only=False).test_client()
    assert anywhere.get("/login", headers={"Host": host}).status_code in (200, 400)
    headers = {"Host": "cameras.example", "Origin": f"http://{host}"}
    assert anywhere.post("/pictures", headers=headers).status_code == 403


def test_another_web_site_cannot_post_here(client: FlaskClient) -> None:
    upload = {"upload": (io.BytesIO(picture()), "picture")}
    for origin in ("https://attacker.example", "null", "http://127.0.0.1:1"):
        refused = client.post("/pictures", data={}, base_url=LOCAL, headers={"Origin": origin})
        assert refused.status_code == 403
    own = client.post("/pictures", data=upload, base_url=LOCAL, headers={"Origin": LOCAL})
    assert own.status_code == 303


LINK = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
"""How a browser asks where somebody follows a link."""


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize(
    "how",
    [
        {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
        {**LINK, "Sec-Purpose": "prefetch"},
        {},
    ],
    ids=["picture", "script", "frame", "ahead", "unsaid"],
)
def test_another_web_site_has_nothing_searched_played_or_saved(
    client: FlaskClient, collection: PageArchive, site: str, how: dict[str, str]
) -> None:
    log = collection.archive.catalog.audit
    before = log.count()
    for path in (
        "/?q=forged",
        "/timeline?q=forged",
        f"/recordings/{collection.yard.id}/play",
        f"/recordings/{collection.yard.id}/still?time=1",
        f"/recordings/{collection.yard.id}/frame?time=1",
        f"/api/v1/recordings/{collection.yard.id}/video",
    ):
        answer = get(client, path, headers={"Sec-Fetch-Site": site, **how})
        assert answer.status_code == 403, path
        assert "another web site" in answer.get_data(as_text=True)
    assert log.count() == before


@pytest.mark.parametrize("site", ["cross-site", "same-site", "same-origin", "none"])
def test_a_link_from_elsewhere_leads_to_a_page_and_gives_nothing_away(
    client: FlaskClient, collection: PageArchive, site: str
) -> None:
    headers = {"Sec-Fetch-Site": site, **LINK}
    for path in ("/", "/cases", f"/recordings/{collection.yard.id}/play?t=1"):
        assert get(client, path, headers=headers).status_code == 200, path
    for path in (
        f"/recordings/{collection.yard.id}/still?time=1",
        "/exports/1/file",
        "/audit.jsonl",
        "/api/v1/export?q=a+red+box&format=csv&weak=1",
    ):
        refused = get(client, path, headers=headers).status_code == 403
        assert refused == (site in ("cross-site", "same-site")), path
    assert get(client, "/export?q=a+red+box&format=csv", headers=headers).status_code == 405
