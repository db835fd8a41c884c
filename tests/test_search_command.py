"""What the search command understands of its words, and the options beside them."""

import json

import pytest
from click.testing import CliRunner, Result

from mmrag_video.archive import Archive
from mmrag_video.catalog.audit import Action
from mmrag_video.cli import cli
from mmrag_video.errors import ExitCode
from tests.conftest import variables_of


@pytest.fixture(scope="module")
def yard(yard_archive: Archive) -> dict[str, str]:
    """Variables that point a command to the archive with the yard's recording of 1 March 2026."""
    return variables_of(yard_archive.settings)


def search(yard: dict[str, str], *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["search", *arguments], env=yard)


def export(yard: dict[str, str], *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["export", *arguments], env=yard)


def test_what_was_understood_is_said_in_one_line(yard: dict[str, str]) -> None:
    told = search(yard, "something red on camera yard on 1 March 2026 after 11:00 -bus", "--json")
    assert told.stderr == ("Understood: camera yard; Sun 1 Mar 2026; 11:00–24:00; without bus.\n")
    assert json.loads(told.stdout)["moments"]


def test_a_time_in_words_that_has_no_footage_finds_nothing(yard: dict[str, str]) -> None:
    told = search(yard, "something red on 2 March 2026", "--json")
    assert json.loads(told.stdout)["moments"] == []
    assert told.exit_code == ExitCode.NO_CONFIDENT_MATCH


def test_literally_nothing_is_read_into_the_words(yard: dict[str, str]) -> None:
    told = search(yard, "something red on 2 March 2026", "--literally", "--json")
    assert "Understood" not in told.stderr
    assert json.loads(told.stdout)["moments"]


def test_a_search_is_noted_as_on_the_page(yard: dict[str, str], yard_archive: Archive) -> None:
    search(
        yard, "something red", "--from", "2026-03-01", "--camera", "yard", "--hours", "8:00-18:00"
    )
    [entry] = yard_archive.catalog.audit.entries(limit=1)
    assert (entry.user, entry.action, entry.address) == ("local", Action.SEARCH, "")
    assert entry.about == {
        "query": "something red",
        "cameras": ["yard"],
        "from": "2026-03-01T00:00:00+00:00",
        "times_of_day": "8:00-18:00",
    }
    found = export(yard, "a red block", "--weak", "--format", "json")
    assert found.exit_code == ExitCode.OK
    exported, searched = yard_archive.catalog.audit.entries(limit=2)
    assert (exported.action, searched.action) == (Action.EXPORT, Action.SEARCH)
    assert searched.about == {"query": "a red block"}, "the words that the moments are found by"


def test_an_option_counts_instead_of_the_words(yard: dict[str, str]) -> None:
    told = search(yard, "something red on 2 March 2026", "--from", "2026-03-01", "--json")
    assert json.loads(told.stdout)["moments"]


@pytest.mark.parametrize(
    ("options", "is_found"),
    [
        (["--hours", "11:30-12:30"], True),
        (["--hours", "22:00-6:00"], False),
        (["--weekday", "sun"], True),
        (["--weekday", "sun", "--weekday", "mon", "--hours", "12:00-13:00"], True),
        (["--weekday", "mon"], False),
        (["--hours", "12:00-13:00", "--to", "2026-02-28"], False),
    ],
)
def test_hours_and_weekdays_restrict_a_search(
    yard: dict[str, str], options: list[str], is_found: bool
) -> None:
    told = search(yard, "something red", "--json", *options)
    assert bool(json.loads(told.stdout)["moments"]) == is_found


def test_what_follows_makes_pairs(yard: dict[str, str]) -> None:
    answer = json.loads(
        search(yard, "nothing moves", "--then", "something red", "--within", "1", "--json").stdout
    )
    assert set(answer) == {"confident", "pairs"}
    best = answer["pairs"][0]
    assert 0 <= best["gap_s"] <= 60
    first, second = best["first"]["spans"][-1], best["second"]["spans"][0]
    assert first["end_s"] <= second["start_s"]
    told = search(yard, "nothing moves, then something red")
    assert "Understood: then." in told.stderr
    assert "then, " in told.stdout


def test_what_must_not_be_there_lowers_the_score(yard: dict[str, str]) -> None:
    def score(*options: str) -> float:
        told = search(yard, "nothing moves", "--json", *options)
        return float(json.loads(told.stdout)["moments"][0]["score"])

    assert score("--without", "an empty yard") < 0.7 * score()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["yesterday"], "Say also what to look for: all of it was understood as"),
        (["x", "--hours", "25:00-26:00"], "is not a time of day such as 22:00-06:00"),
        (["x", "--hours", "night"], "is not a time of day such as 22:00-06:00"),
        (["x", "--hours", "10:00-10:00"], "is not a time of day such as 22:00-06:00"),
        (["x", "--then", " "], "--then needs words before it and after it"),
        (["--then", "x"], "--then needs words before it and after it"),
        (["x", "--hours", "1:00-2:00", "--from", "1990-01-01"], "give a shorter time range"),
    ],
)
def test_what_cannot_be_searched_for_is_said_in_one_sentence(
    yard: dict[str, str], arguments: list[str], sentence: str
) -> None:
    told = search(yard, *arguments)
    assert told.exit_code != 0
    assert sentence in " ".join((told.stderr + str(told.exception)).split())
