"""`mmrag-video users` and `mmrag-video audit`, and a page that needs users, as processes."""

import json
import sqlite3
import subprocess
from pathlib import Path

import pytest

from mmrag_video.archive import Archive
from mmrag_video.settings import Settings
from tests.conftest import COMMAND, Command, environment

PASSWORD = "correct horse battery"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def with_password(
    data: Path, *arguments: str, password: str = PASSWORD
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "users", *arguments],
        env=environment(data),
        input=f"{password}\n",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_users_are_added_changed_and_removed(data: Path, run: Command) -> None:
    assert "must be an admin" in with_password(data, "add", "bob").stderr
    assert with_password(data, "add", "Ana", "--role", "admin").stderr == "Added: ana.\n"
    assert with_password(data, "add", "bob", "--camera", "gate").returncode == 0
    short = with_password(data, "change", "bob", "--password", password="short")
    assert short.returncode == 2 and "at least 12" in short.stderr
    changed = run("users", "change", "bob", "--role", "operator", "--all-cameras", "--disable")
    assert changed.stderr == "Changed: bob.\n"
    listed = json.loads(run("users", "list", "--json").stdout)["users"]
    shown = [(one["name"], one["role"], one["cameras"], one["disabled"]) for one in listed]
    assert shown == [("ana", "admin", [], False), ("bob", "operator", [], True)]
    refused = run("users", "remove", "ana")
    assert refused.returncode == 2 and "would leave no admin" in refused.stderr
    assert run("users", "remove", "bob").returncode == 0
    with Archive(Settings(data_dir=data)) as archive:
        assert archive.catalog.users.who_has("ana", PASSWORD) is not None
    assert json.loads(run("audit", "show", "--json").stdout)["entries"][0]["about"] == {
        "what": "user removed",
        "user": "bob",
        "role": "operator",
        "cameras": [],
    }


def test_a_log_that_was_changed_or_cut_off_is_told_by_the_exit_code(
    data: Path, tmp_path: Path, run: Command
) -> None:
    with_password(data, "add", "ana", "--role", "admin")
    with_password(data, "add", "bob")
    copy = tmp_path / "audit.jsonl"
    told = run("audit", "export", copy).stderr.split()[-1].rstrip(".")
    assert len(told) == 64 and run("audit", "export", copy).returncode == 2
    assert run("audit", "verify", "--last", told).returncode == 0
    assert run("audit", "verify", "--file", copy, "--last", told).returncode == 0
    copy.write_text(copy.read_text().replace('"bob"', '"eve"'))
    spoilt = run("audit", "verify", "--file", copy)
    assert spoilt.returncode == 1 and "Entry 2 is not what was written" in spoilt.stderr
    with sqlite3.connect(data / "catalog.sqlite") as connection:
        connection.execute("DELETE FROM audit WHERE id >= 3")
    assert run("audit", "verify").returncode == 0, "a chain without its end is one"
    cut = run("audit", "verify", "--last", told)
    assert cut.returncode == 1 and "its end was cut off" in cut.stderr


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [(["--host", "0.0.0.0"], {}), ([], {"MMRAG_WEB__PROXY": "127.0.0.1"})],
)
def test_a_page_that_others_would_reach_does_not_start_without_users(
    run: Command, arguments: list[str], variables: dict[str, str]
) -> None:
    refused = run("page", "--port", "0", *arguments, **variables)
    assert refused.returncode == 2
    assert "`mmrag-video users add NAME --role admin`" in " ".join(refused.stderr.split())
