"""`mmrag-video users` and `mmrag-video audit`, and a page that needs users, as processes."""

import json
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mmrag_video.archive import Archive
from mmrag_video.cli import cli
from mmrag_video.settings import Settings
from tests.conftest import COMMAND, Command, environment, quick_settings

pytestmark = pytest.mark.toy_model

PASSWORD = "correct horse battery"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def call(data: Path) -> Callable[..., Result]:
    """Calls the program in this process, with a password on its standard input."""

    def called(*arguments: object, password: str = PASSWORD) -> Result:
        words = ["--data-dir", str(data), *map(str, arguments)]
        return CliRunner().invoke(cli, words, input=f"{password}\n")

    return called


def test_users_are_added_changed_and_removed(data: Path, call: Callable[..., Result]) -> None:
    assert "must be an admin" in call("users", "add", "bob").stderr
    assert call("users", "add", "Ana", "--role", "admin").stderr == "Added: ana.\n"
    assert call("users", "add", "bob", "--camera", "gate").exit_code == 0
    short = call("users", "change", "bob", "--password", password="short")
    assert short.exit_code == 2 and "at least 12" in short.stderr
    changed = call("users", "change", "bob", "--role", "operator", "--all-cameras", "--disable")
    assert changed.stderr == "Changed: bob.\n"
    listed = json.loads(call("users", "list", "--json").stdout)["users"]
    shown = [(one["name"], one["role"], one["cameras"], one["disabled"]) for one in listed]
    assert shown == [("ana", "admin", [], False), ("bob", "operator", [], True)]
    refused = call("users", "remove", "ana")
    assert refused.exit_code == 2 and "would leave no admin" in refused.stderr
    assert call("users", "remove", "bob").exit_code == 0
    with Archive(Settings(data_dir=data)) as archive:
        assert archive.catalog.users.who_has("ana", PASSWORD) is not None
    assert json.loads(call("audit", "show", "--json").stdout)["entries"][0]["about"] == {
        "what": "user removed",
        "user": "bob",
        "role": "operator",
        "cameras": [],
    }


def test_a_log_that_was_changed_or_cut_off_is_told_by_the_exit_code(
    data: Path, tmp_path: Path, call: Callable[..., Result]
) -> None:
    call("users", "add", "ana", "--role", "admin")
    call("users", "add", "bob")
    copy = tmp_path / "audit.jsonl"
    told = call("audit", "export", copy).stderr.split()[-1].rstrip(".")
    assert len(told) == 64 and call("audit", "export", copy).exit_code == 2
    assert call("audit", "verify", "--last", told).exit_code == 0
    assert call("audit", "verify", "--file", copy, "--last", told).exit_code == 0
    copy.write_text(copy.read_text().replace('"bob"', '"eve"'))
    spoilt = call("audit", "verify", "--file", copy)
    assert spoilt.exit_code == 1 and "Entry 2 is not what was written" in spoilt.stderr
    with sqlite3.connect(data / "catalog.sqlite") as connection:
        connection.execute("DELETE FROM audit WHERE id >= 3")
    assert call("audit", "verify").exit_code == 0, "a chain without its end is one"
    cut = call("audit", "verify", "--last", told)
    assert cut.exit_code == 1 and "its end was cut off" in cut.stderr


def test_a_password_comes_from_standard_input_and_not_from_the_arguments(data: Path) -> None:
    added = subprocess.run(
        [*COMMAND, "users", "add", "ana", "--role", "admin"],
        env=environment(quick_settings(data)),
        input=f"{PASSWORD}\n",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (added.returncode, added.stderr) == (0, "Added: ana.\n")


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
