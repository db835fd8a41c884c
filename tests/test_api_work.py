"""The API's sources, queue, users, audit log and health."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmrag_video.archive import Archive
from mmrag_video.as_json import audit_entry_from_json
from mmrag_video.catalog.audit import Action, broken_at
from mmrag_video.catalog.users import Role
from mmrag_video.errors import ErrorKind
from tests.api_client import ApiClient, api_of, problem
from tests.people import ADMIN, PASSWORD, with_users
from tests.queued import fail_next, run_next, wait_in_line


@pytest.fixture
def api(archive: Archive) -> Iterator[ApiClient]:
    with with_users(archive, bob=(Role.VIEWER, ())):
        yield api_of(archive, ADMIN)


def test_a_source_is_added_listed_and_removed(
    api: ApiClient, archive: Archive, tmp_path: Path
) -> None:
    folder = tmp_path / "nvr"
    folder.mkdir()
    sent = {"name": "nvr", "folder": str(folder), "every": 5, "since": "2026-03-29T14:00:00"}
    added = api.post("/sources", json=sent)
    assert added.status_code == 201, added.text
    [source] = api.value("/sources")["sources"]
    assert source == added.get_json()
    assert (source["name"], source["origin"], source["every"]) == ("nvr", "page", 5)
    assert source["files"] == {"known": 0, "waiting": 0, "failed": 0}
    assert archive.catalog.sources.all()["nvr"].since is not None
    assert api.delete("/sources/nvr").status_code == 204
    problem(api.delete("/sources/nvr"), 404)
    done = [entry.about["what"] for entry in archive.catalog.audit.entries(limit=2)]
    assert done == ["source removed", "source added"]


def test_what_is_wrong_with_a_source_is_said_field_by_field(api: ApiClient) -> None:
    sent = api.post("/sources", json={"name": " ", "folder": "/no/such/folder"})
    problem(sent, 400)
    assert set(sent.get_json()["fields"]) == {"name", "folder"}
    unknown = api.post("/sources", json={"name": "nvr", "folder": "/", "colour": "red"})
    assert set(unknown.get_json()["fields"]) == {"colour"}


def test_the_queue_is_told_paused_and_tried_again(api: ApiClient, archive: Archive) -> None:
    wait_in_line(archive.catalog, Path("/nvr/a.mp4"), Path("/nvr/b.mp4"))
    failed = fail_next(archive.catalog, "It is no video.")
    queue = api.value("/queue")
    assert queue["failed"][0]["error"] == "It is no video."
    assert api.patch("/queue", json={"paused": True}).get_json()["worker"]["paused"] is True
    assert api.patch("/queue", json={"paused": False}).get_json()["worker"]["paused"] is False
    assert api.post("/queue/retries", json={"job": failed.id}).get_json() == {"jobs": 1}
    assert api.post("/queue/retries", json={}).get_json() == {"jobs": 0}
    assert api.value("/queue")["failures"] == 0


def test_failures_are_told_and_tried_again_by_kind_and_source(
    api: ApiClient, archive: Archive
) -> None:
    jobs = archive.catalog.jobs
    for name, source, kind in (
        ("a.mp4", "nvr", ErrorKind.RECORDING),
        ("b.mp4", "door", ErrorKind.RECORDING),
        ("c.mp4", "door", ErrorKind.DECODER),
        ("d.mp4", "nvr", ErrorKind.DECODER),
    ):
        wait_in_line(archive.catalog, Path("/nvr") / name, source=source)
        jobs.set_aside(run_next(archive.catalog), f"{name} is wrong.", kind)

    def failed(**which: object) -> list[str]:
        told = api.value("/queue/failures", **which)["failures"]
        return [f"{Path(one['path']).name} {one['kind']}" for one in told]

    every = ["d.mp4 decoder", "c.mp4 decoder", "b.mp4 recording", "a.mp4 recording"]
    assert failed() == every, "the newest failure first"
    assert failed(limit=2, offset=1) == every[1:3]
    assert failed(kind="decoder") == every[:2]
    told = api.value("/queue/failures", kind="decoder", source="door", limit=1)
    assert (told["all"], told["sources"]) == (1, ["door", "nvr"])
    assert told["failures"][0]["error"] == "c.mp4 is wrong."
    problem(api.get("/queue/failures", query_string={"kind": "weather"}), 400)
    both = {"kind": "decoder", "source": "door"}
    assert api.post("/queue/retries", json=both).get_json() == {"jobs": 1}
    assert failed() == [every[0], *every[2:]]
    assert api.post("/queue/retries", json={"source": "nvr"}).get_json() == {"jobs": 2}
    assert failed() == [every[2]]
    [newest] = [entry.about for entry in archive.catalog.audit.entries(limit=1)]
    assert newest == {"what": "tried again", "job": "all", "kind": "all", "source": "nvr"}


def test_an_index_is_asked_for_dropped_and_called_off(api: ApiClient, archive: Archive) -> None:
    assert api.value("/reindexing") == {"reindexing": None}
    told = api.value("/models")
    assert [one["name"] for one in told["models"] if one["chosen"]] == ["basic"]
    assert (told["standing"], told["indexes"]) == ("nothing-yet", [])
    asked = api.post("/reindexing", json={"wish": "forget missing"})
    assert asked.status_code == 201, asked.text
    assert asked.get_json()["wish"] == "forget missing"
    assert api.value("/reindexing")["reindexing"] == asked.get_json()
    assert "call that off first" in problem(api.post("/reindexing", json={}), 409)
    assert api.delete("/reindexing").status_code == 204
    assert api.value("/models")["reindexing"]["problem"] == f"Called off by {ADMIN}."
    problem(api.delete("/reindexing"), 404)
    dropped = api.post("/reindexing", json={"wish": "drop others"})
    assert (dropped.status_code, dropped.get_json()["wish"]) == (201, "drop others")
    problem(api.post("/reindexing", json={"wish": "drop all"}), 400)
    done = [entry.about["what"] for entry in archive.catalog.audit.entries(limit=3)]
    assert done == [
        "dropping old indexes asked for",
        "work on the index called off",
        "new index without missing recordings asked for",
    ]


def test_a_user_is_added_changed_and_removed(api: ApiClient, archive: Archive) -> None:
    sent = {"name": "Vera", "password": PASSWORD, "cameras": ["Gate"]}
    added = api.post("/users", json=sent)
    assert added.status_code == 201, added.text
    assert added.get_json()["name"] == "vera"
    changed = api.patch("/users/vera", json={"role": "operator", "disabled": True}).get_json()
    assert (changed["role"], changed["cameras"], changed["disabled"]) == (
        "operator",
        ["Gate"],
        True,
    )
    assert api.patch("/users/vera", json={"password": "another long password"}).status_code == 200
    assert api.patch("/users/vera", json={}).get_json() == changed
    assert [one["name"] for one in api.value("/users")["users"]] == ["ana", "bob", "vera"]
    assert api.delete("/users/vera").status_code == 204
    problem(api.delete("/users/vera"), 404)
    assert PASSWORD not in json.dumps([dict(e.about) for e in archive.catalog.audit.entries()])


def test_there_always_is_an_admin(api: ApiClient) -> None:
    for response in (
        api.delete(f"/users/{ADMIN}"),
        api.patch(f"/users/{ADMIN}", json={"role": "viewer"}),
        api.patch(f"/users/{ADMIN}", json={"disabled": True}),
    ):
        assert "leave no admin" in problem(response, 400)
    short = {"name": "x", "password": "short"}
    assert "at least 12 characters" in problem(api.post("/users", json=short), 400)


def test_the_audit_log_is_read_and_exported_whole(api: ApiClient) -> None:
    api.patch("/queue", json={"paused": True})
    [newest] = api.value("/audit", limit=1, action="change")["entries"]
    assert (newest["user"], newest["about"]) == (ADMIN, {"what": "worker paused"})
    older = api.value("/audit", before=newest["number"])["entries"]
    assert all(entry["number"] < newest["number"] for entry in older)
    lines = api.get("/audit.jsonl").text.splitlines()
    entries = [audit_entry_from_json(json.loads(line)) for line in lines]
    assert broken_at(entries) is None
    assert entries[-1].action is Action.EXPORT


def test_health_says_what_is_wrong_and_where_machines_ask(api: ApiClient, archive: Archive) -> None:
    health = api.value("/health")
    assert health["links"] == {"healthz": "/healthz", "metrics": "/metrics"}
    assert (health["status"] == "ok") is (health["problems"] == {})
