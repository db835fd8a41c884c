"""docs/api.md is true: its table names the operations there are, and its examples are answered."""

import shlex
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_plus

import pytest
from werkzeug.test import TestResponse

from tests.api_client import api_of
from tests.markdown import blocks, code, document, table
from tests.page_archive import PageArchive
from tests.page_client import LOCAL, picture
from tests.people import ADMIN, with_users
from web.api.operation import operation_of
from web.app import create_app
from web.services import services_of

TEXT = document("api.md")


@pytest.fixture(scope="module")
def described(collection: PageArchive) -> dict[str, Any]:
    value: dict[str, Any] = api_of(collection.archive).value("/openapi.json")
    return value


def operations(described: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_the_table_names_every_operation_and_for_whom_it_is(described: dict[str, Any]) -> None:
    documented = {code(cells[0])[0]: tuple(cells[1:]) for cells in table(TEXT, "Operation")}
    assert documented == {
        name: (operation["description"].split()[1].rstrip("."), operation["summary"])
        for name, operation in operations(described)
    }


def test_every_address_below_the_prefix_is_described(collection: PageArchive) -> None:
    app = create_app(collection.archive)
    strays = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api") and operation_of(app.view_functions[rule.endpoint]) is None
    ]
    assert strays == []


def test_every_status_of_an_error_is_explained_and_is_a_problem(described: dict[str, Any]) -> None:
    told = {
        status: answer
        for _, operation in operations(described)
        for status, answer in operation["responses"].items()
        if int(status) >= 400
    }
    assert {code(cells[0])[0] for cells in table(TEXT, "Status")} == {*told, "405"}
    assert all(one == {"$ref": "#/components/responses/Problem"} for one in told.values())


def test_every_name_in_the_description_means_one_operation(described: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, operation in operations(described)]
    assert len(set(names)) == len(names)
    assert all(operation["summary"].endswith(".") for _, operation in operations(described))


def test_every_example_is_answered(collection: PageArchive) -> None:
    calls = [
        shlex.split(line)
        for block in blocks(TEXT, "sh")
        for line in block.replace("\\\n", " ").splitlines()
    ]
    with with_users(collection.archive):
        api = api_of(collection.archive, ADMIN)
        sent = api.post("/pictures", data=picture("JPEG"), content_type="image/jpeg")
        case = api.post("/cases", json={"name": "The first"}).get_json()["id"]
        known = {
            "$TOKEN": api.headers["Authorization"].removeprefix("Bearer "),
            "$PICTURE": sent.get_json()["picture"],
            "$RECORDING": collection.yard.id,
            "$FINDING": api.value("/search", q="a red box")["moments"][0]["finding"],
        }
        files: dict[str, bytes] = {}
        moment = export = 0
        exports = services_of(api.client.application).exports
        for number, call in enumerate(calls):
            words = [_filled(word, known) for word in call]
            words = [one.replace("/cases/1", f"/cases/{case}") for one in words]
            words = [one.replace("/moments/1", f"/moments/{moment}") for one in words]
            words = [one.replace('"case": 1', f'"case": {case}') for one in words]
            words = [one.replace("/exports/1", f"/exports/{export}") for one in words]
            # The first example is for a page without users.
            headers = api.headers if number == 0 else {}
            response = _curl(api.client, words, headers, files)
            assert response.status_code < 300, (call, response.text)
            if words[1:] and response.is_json and "moments" in response.get_json():
                moment = max((one.get("id", 0) for one in _moments(response)), default=moment)
            if response.status_code == 202:
                export = response.get_json()["number"]
                exports.wait_for(export, 60)
        exports.shelf.remove(export)
    for one in collection.archive.catalog.cases.all():
        collection.archive.catalog.cases.remove(one.id)


def _moments(response: TestResponse) -> list[dict[str, int]]:
    moments = response.get_json()["moments"]
    return moments if isinstance(moments, list) else []


def _filled(word: str, known: dict[str, str]) -> str:
    for name, value in known.items():
        word = word.replace(name, value)
    return word


def _curl(
    client: Any, words: list[str], headers: dict[str, str], files: dict[str, bytes]
) -> TestResponse:
    """Asks as curl would; what the examples do not use is refused. `files`: what was written."""
    assert words[0] == "curl"
    rest, address, method, body, as_query = iter(words[1:]), "", "", b"", False
    headers, fields, output = dict(headers), [], ""
    for word in rest:
        match word:
            case "--get":
                as_query = True
            case "--request":
                method = next(rest)
            case "--output":
                output = next(rest)
            case "--continue-at":
                next(rest)
            case "--header":
                name, _, value = next(rest).partition(": ")
                headers[name] = value
            case "--data":
                fields.append(next(rest))
            case "--data-urlencode":
                name, _, value = next(rest).partition("=")
                fields.append(f"{name}={quote_plus(value)}")
            case "--data-binary":
                assert next(rest).startswith("@")
                body = picture("JPEG")
            case "--json":
                sent = next(rest)
                body = files[sent[1:]] if sent.startswith("@") else sent.encode()
                headers["Content-Type"] = "application/json"
            case _:
                assert word.startswith("http://127.0.0.1:8642/"), word
                address = word.removeprefix(LOCAL)
    assert as_query or not fields
    address, _, asked = address.partition("?")
    fields += [asked] if asked else []
    method = method or ("POST" if body else "GET")
    response: TestResponse = client.open(
        address,
        method=method,
        base_url=LOCAL,
        headers=headers,
        data=body or None,
        query_string="&".join(fields),
    )
    if output:
        files[output] = response.data
    return response
