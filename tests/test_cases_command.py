"""`mmrag-video cases`: made, filled, shown and removed by a command."""

import json
from collections.abc import Callable
from fractions import Fraction

import pytest
from click.testing import CliRunner, Result

from mmrag_video.archive import Archive
from mmrag_video.cli import cli
from mmrag_video.errors import ExitCode

pytestmark = pytest.mark.toy_model

Ask = Callable[..., Result]


@pytest.fixture
def ask(yard_archive: Archive) -> Ask:
    """The command over the yard's archive, without cases."""
    for case in yard_archive.catalog.cases.all():
        yard_archive.catalog.cases.remove(case.id)

    def run(*arguments: str) -> Result:
        root = str(yard_archive.directory.root)
        return CliRunner().invoke(cli, ["--data-dir", root, "cases", *arguments])

    return run


@pytest.fixture
def yard(yard_archive: Archive) -> str:
    [recording] = yard_archive.catalog.recordings()
    return recording.id


def test_a_part_of_a_recording_is_put_into_a_case_and_shown(
    ask: Ask, yard: str, yard_archive: Archive
) -> None:
    assert ask("make", "theft").exit_code == ExitCode.OK
    about = ("--note", "he unlocks it", "--tag", "bicycle", "--tag", "bag")
    added = ask("add", "theft", yard[:10], "00:00:01.5", "3.25", *about)
    assert (added.exit_code, added.stderr.startswith("Added moment ")) == (ExitCode.OK, True)
    shown = json.loads(ask("show", "theft", "--json").stdout)
    [moment] = shown["moments"]
    assert (shown["name"], moment["camera"], moment["query"], moment["score"]) == (
        "theft",
        "yard",
        "",
        None,
    )
    assert (moment["note"], moment["tags"]) == ("he unlocks it", ["bicycle", "bag"])
    [span] = moment["spans"]
    assert (span["start_exact"], span["end_exact"]) == ("3/2", "13/4")
    assert moment["wall_start"] == "2026-03-01T12:00:01.500+00:00"
    assert Fraction("3/2") <= Fraction(moment["best"]["start_exact"]) < Fraction("13/4")
    table = ask("show", "theft").stdout
    assert "00:00:01.500" in table and "bicycle, bag" in table
    again = ask("add", "theft", yard, "1.5", "3.25", "--note", "x")
    assert again.stderr == f"It is in there already, as moment {moment['id']}.\n"
    assert json.loads(ask("show", "theft", "--json").stdout)["moments"] == [moment]
    entries = [entry.about["what"] for entry in yard_archive.catalog.audit.entries(limit=2)]
    assert entries == ["collected", "made the case"]


def test_cases_are_listed_and_removed(ask: Ask, yard: str) -> None:
    assert "No cases yet" in ask("list").stderr
    ask("make", "theft")
    ask("make", "fire")
    for end in ("1", "2"):
        ask("add", "fire", yard, "0", end)
    listed = json.loads(ask("list", "--json").stdout)["cases"]
    assert [(one["name"], one["moments"]) for one in listed] == [("fire", 2), ("theft", 0)]
    assert "Nothing is in theft yet." in ask("show", "theft").stderr
    first = json.loads(ask("show", "fire", "--json").stdout)["moments"][0]["id"]
    assert ask("remove", "theft", "--moment", str(first)).exit_code == ExitCode.USAGE
    assert ask("remove", "fire", "--moment", str(first)).exit_code == ExitCode.OK
    assert ask("remove", "fire").stderr == "Removed fire with 1 moment.\n"
    assert "theft" in ask("list").stdout and "fire" not in ask("list").stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("make", "theft"), "There is a case named 'theft' already"),
        (("make", " "), "A case needs a name"),
        (("show", "fire"), "There is no case named 'fire'"),
        (("remove", "fire"), "There is no case named 'fire'"),
        (("add", "fire", "YARD", "1", "2"), "There is no case named 'fire'"),
        (("add", "theft", "zz", "1", "2"), "No recording has an id"),
        (("add", "theft", "YARD", "2", "1"), "cannot end at 00:00:01.000"),
        (("add", "theft", "YARD", "1", "99"), "past the end of its recording"),
        (("add", "theft", "YARD", "soon", "2"), "'soon' is not a time"),
        (("add", "theft", "YARD", "1", "2", "--tag", "x" * 41), "A tag has at most 40 characters"),
        (("add", "theft", "YARD", "1", "2", "--note", "x" * 4001), "at most 4000 characters"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_changed(
    ask: Ask, yard: str, arguments: tuple[str, ...], sentence: str
) -> None:
    ask("make", "theft")
    before = ask("list", "--json").stdout
    refused = ask(*(yard if one == "YARD" else one for one in arguments))
    assert refused.exit_code == ExitCode.USAGE
    assert sentence in refused.stderr
    assert ask("list", "--json").stdout == before
