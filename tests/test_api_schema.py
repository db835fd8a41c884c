"""schemathesis asks the running server what its own description allows, and much that it forbids.

No answer may be one that the description does not know, and none a 500.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import httpx
import pytest

from mmrag_video.cases import finding_by_eye
from mmrag_video.catalog.saved_searches import Target
from mmrag_video.catalog.users import Role
from mmrag_video.moments import Span
from tests.hits import hit_of
from tests.page_archive import PageArchive, page_archive
from tests.people import ADMIN, with_users
from tests.queued import fail_next, wait_in_line
from tests.some_exports import write_some_exports
from tests.test_page_server import listening

_EXAMPLES = 5
"""Of each operation, beside those that cover the limits of each field."""


_NEVER_DONE = {
    "GET /answer",  # no model that writes is set
    "POST /pictures",  # nobody guesses a picture
    "GET /pictures/{picture}",
}
_SEARCHING = ("/answer", "/timeline")
"""Their arguments are those of /search, read by the same type: there all of them are tried."""
_TRIED_ONCE = {"like", "box", "after", "before", "weekday", "off", "any", "has", "limit"}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageArchive]:
    """An archive that may be changed, with something of everything in it."""
    with page_archive(tmp_path_factory.mktemp("api")) as opened:
        catalog = opened.archive.catalog
        hit_of(catalog, catalog.saved.add("red", "red car", (), Target(), ()))
        for number in range(1, 4):
            case = catalog.cases.make(f"case {number}", "ana")
            for second in range(3):
                span = Span(opened.yard, Fraction(second), Fraction(second + 1))
                catalog.cases.add(case.id, [finding_by_eye(opened.archive, span)], "ana")
        write_some_exports(opened.archive)
        wait_in_line(catalog, Path("/nvr/a.mp4"), Path("/nvr/b.mp4"))
        fail_next(catalog, "It is no video.")
        with with_users(opened.archive, bob=(Role.VIEWER, ())):
            yield opened


def test_every_answer_is_one_that_the_description_knows(own: PageArchive, tmp_path: Path) -> None:
    _, token = own.archive.catalog.tokens.make(ADMIN)
    authorization = f"Bearer {token}"
    with listening(own.archive) as server:
        address = f"{server.address}api/v1"
        document = httpx.get(
            f"{address}/openapi.json", headers={"Authorization": authorization}
        ).json()
        _name_what_there_is(document, own)
        (tmp_path / "openapi.json").write_text(json.dumps(document))
        asked = _ask(tmp_path, address, authorization)
    assert asked.returncode == 0, asked.stdout + asked.stderr
    # Where nothing is ever done, nothing was looked at but refusals.
    assert _operations(document) - _done(tmp_path / "asked.har", document) <= _NEVER_DONE


def _ask(folder: Path, address: str, authorization: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", "openapi.json"),
            *("--url", address, "--header", f"Authorization: {authorization}"),
            *("--phases", "examples,coverage,fuzzing", "--max-examples", str(_EXAMPLES)),
            *("--generation-deterministic", "--no-shrink", "--suppress-health-check", "all"),
            # A name may be taken and a recording gone: what is well-formed may be refused.
            *("--exclude-checks", "positive_data_acceptance"),
            *("--report", "har", "--report-har-path", "asked.har"),
            *("--warnings", "off", "--no-color"),
        ],
        cwd=folder,  # it keeps what it has found beside itself
        capture_output=True,
        text=True,
        check=False,
    )


def _name_what_there_is(document: dict[str, Any], own: PageArchive) -> None:
    """Nobody guesses a SHA-256: most requests would end at the first look for the recording."""
    ids = {
        "recording_id": [own.yard.id, own.gate.id, own.hostile.id, "0" * 64],
        "number": [1, 2, 10**17],
        "moment": [1, 4, 10**17],
    }
    deleted = {"number": [1, 3, 10**17], "moment": [2, 10**17]}
    examples: dict[str, list[object]] = {
        "q": ["a red car", "a box, then a red box", "at night"],
        "start": ["0", "1.5"],
        "end": ["2", "3.25"],
    }
    collect = document["paths"]["/cases/{number}/moments"]["post"]["requestBody"]["content"]
    part = {"recording": own.yard.id, "start": "4", "end": "00:00:05.500"}
    collect["application/json"]["example"] = part
    selected = document["paths"]["/export"]["post"]["requestBody"]["content"]
    selected["application/json"]["example"] = {**part, "format": "csv"}
    order = document["paths"]["/exports"]["post"]["requestBody"]["content"]
    order["application/json"]["example"] = {"kind": "clip", "case": 2, "moment": 5}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            chosen = {**ids, **deleted} if method == "delete" else ids
            if path == "/cases/{number}/moments/{moment}":
                chosen = {**chosen, "number": [1]}
            elif path == "/exports/{number}/file":
                chosen = {"number": [1, 2, 10**17]}
            elif path == "/cameras/{camera}":
                chosen = {"camera": ["Yard", "Gate", "a/b"]}
            elif path in ("/exports/{number}", "/cases/{number}") and method == "delete":
                chosen = {"number": [3, 10**17]}
            if path in _SEARCHING:
                operation["parameters"] = [
                    one for one in operation["parameters"] if one["name"] not in _TRIED_ONCE
                ]
            for parameter in operation["parameters"]:
                name = parameter["name"]
                if name in chosen:
                    parameter["schema"] = {"enum": chosen[name]}
                elif name in examples:
                    parameter["examples"] = {
                        str(number): {"value": value} for number, value in enumerate(examples[name])
                    }


def _operations(document: dict[str, Any]) -> set[str]:
    return {
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method in methods
    }


def _done(report: Path, document: dict[str, Any]) -> set[str]:
    """The operations that were done at least once."""
    patterns = {
        path: re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)) + r"(\?.*)?")
        for path in document["paths"]
    }
    return {
        f"{entry['request']['method']} {path}"
        for entry in json.loads(report.read_text(encoding="utf-8"))["log"]["entries"]
        if 200 <= entry["response"]["status"] < 300
        for path, pattern in patterns.items()
        if pattern.fullmatch(entry["request"]["url"].partition("/api/v1")[2])
    }
