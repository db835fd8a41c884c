"""`mmrag-video ask` as a person and as a script use it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mmrag_video.cli import cli
from mmrag_video.errors import ExitCode
from tests.chat_server import ChatServer
from tests.conftest import Command, variables_of
from tests.page_archive import ZONE, PageArchive

QUESTION = "nobody to be seen"
ABSENT = "a horse jumping over a fence"


@pytest.fixture
def chat(writing_server: ChatServer) -> ChatServer:
    writing_server.asked.clear()
    writing_server.says("The yard is quiet [2]. A box goes by [1][2]. A horse jumps [9].")
    return writing_server


@pytest.fixture
def place(collection: PageArchive, chat: ChatServer) -> dict[str, str]:
    """Variables that point a command to the page's recordings and to the generator."""
    return {
        **variables_of(collection.archive.settings),
        "MMRAG_CLOCK__ZONE": ZONE,
        "MMRAG_GENERATOR__URL": chat.url,
    }


def asked(place: dict[str, str], *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["ask", *arguments], env={**place, "COLUMNS": "400"})


def test_the_answer_is_printed_with_the_moments_it_cites(run: Command, place: dict[str, str]):
    told = run("ask", QUESTION, **place)
    assert told.returncode == ExitCode.OK, told.stderr
    words, _heading, *table, first, second = told.stdout.splitlines()
    assert words == "The yard is quiet. [2] A box goes by. [1][2]"
    assert [line.split()[0] for line in table] == ["[1]", "[2]"]
    for number, line in ((1, first), (2, second)):
        mark, _, thumbnail = line.partition(" ")
        assert mark == f"[{number}]" and Path(thumbnail).is_file()
    assert "Written by a machine from pictures of 3 moments." in told.stderr
    assert "1 sentence left out: no moment was cited." in told.stderr
    assert "1 citation left out: nothing of that number was shown." in told.stderr


def test_a_cited_moment_has_its_camera_and_times(place: dict[str, str]):
    told = asked(place, QUESTION, "--camera", "Yard").stdout
    heading, row = told.splitlines()[1:3]
    assert heading.split() == ["Camera", "Start", "End", "Clock", "File"]
    assert "Yard" in row and "00:00:00.000" in row
    assert "2025-03-04 14:03:22 +00:00 (name)" in row


def test_the_answer_as_json(place: dict[str, str]):
    answer = json.loads(asked(place, QUESTION, "--json").stdout)
    assert answer["state"] == "answered"
    assert answer["text"] == "The yard is quiet. [2] A box goes by. [1][2]"
    assert answer["machine_written"] is True
    assert answer["sentences"] == [
        {"text": "The yard is quiet.", "citations": [2]},
        {"text": "A box goes by.", "citations": [1, 2]},
    ]
    assert (answer["dropped_sentences"], answer["dropped_citations"]) == (1, 1)
    shown = answer["moments"]
    assert [(one["number"], one["cited"]) for one in shown] == [(1, True), (2, True), (3, False)]
    assert all(one["thumbnail"].endswith(".jpg") and one["spans"] for one in shown)


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_not_seen_has_an_exit_code_of_its_own(
    place: dict[str, str], chat: ChatServer, options: list[str]
):
    told = asked(place, ABSENT, *options)
    assert told.exit_code == ExitCode.NO_CONFIDENT_MATCH
    assert "Not seen in the recordings that were searched." in told.stdout
    assert chat.asked == []
    chat.says("NOT SEEN")
    told = asked(place, QUESTION, *options)
    assert told.exit_code == ExitCode.NO_CONFIDENT_MATCH
    assert "Not seen in the recordings that were searched." in told.stdout
    assert len(chat.asked) == 1


def test_only_the_named_cameras_and_times_are_looked_at(place: dict[str, str], chat: ChatServer):
    asked(place, QUESTION, "--camera", "Gate", "--camera", "Yard")
    assert chat.words().count("Moment [") == 2
    asked(place, QUESTION, "--from", "2025-03-04", "--to", "2025-03-04")
    assert chat.words().count("Moment [") == 1 and "Camera: Yard" in chat.words()
    assert asked(place, QUESTION, "--to", "2025-03-03").exit_code == ExitCode.NO_CONFIDENT_MATCH


@pytest.mark.parametrize(
    ("arguments", "variables", "code", "words"),
    [
        (["x"], {"MMRAG_GENERATOR__URL": ""}, 2, "set generator.url to an OpenAI-compatible"),
        (["x"], {"MMRAG_GENERATOR__URL": ""}, 2, "generator.path to a Qwen3-VL instruct model"),
        (["x"], {"MMRAG_GENERATOR__PATH": "y"}, 2, "path and url are two places for one model"),
        ([" "], {}, 2, "Say what to look for"),
        (["x" * 501], {}, 2, "in at most 500 characters"),
        (["x", "--camera", "nowhere"], {}, 2, "no camera named 'nowhere'"),
        (["x", "--from", "soon"], {}, 2, "is not a time such as"),
        ([QUESTION], {"MMRAG_GENERATOR__URL": "http://127.0.0.1:1/v1"}, 1, "cannot be reached"),
        (
            [QUESTION],
            {"MMRAG_GENERATOR__URL": "", "MMRAG_GENERATOR__PATH": "/nowhere/model"},
            1,
            "There is no model folder /nowhere/model: set generator.path",
        ),
    ],
)
def test_a_mistake_is_answered_with_one_sentence(
    place: dict[str, str], arguments: list[str], variables: dict[str, str], code: int, words: str
):
    told = asked({**place, **variables}, *arguments)
    assert told.exit_code == code
    assert words in told.stderr
    assert told.stdout == ""


def test_stray_bytes_in_a_question_and_escape_codes_in_an_answer_do_no_harm(
    run: Command, place: dict[str, str], chat: ChatServer
):
    assert run("ask", "a horse \udcff", **place).returncode == ExitCode.USAGE
    chat.says("A box \x1b[31m goes by [1] \ud800.")
    told = run("ask", QUESTION, **place)
    assert told.returncode == ExitCode.OK
    assert "\x1b" not in told.stdout and "\\x1b" in told.stdout


def test_doctor_says_which_model_writes_or_what_is_wrong_with_its_server(
    run: Command, place: dict[str, str], chat: ChatServer
):
    assert "written by tiny-instruct" in run("doctor", **place).stdout
    told = run("doctor", **{**place, "MMRAG_GENERATOR__URL": "http://127.0.0.1:1"})
    assert told.returncode == ExitCode.FAILED
    assert "correct generator.url" in told.stdout


def test_before_the_first_ingest_it_says_what_to_do(run: Command, chat: ChatServer):
    told = run("ask", QUESTION, MMRAG_GENERATOR__URL=chat.url)
    assert told.returncode == ExitCode.NO_CONFIDENT_MATCH
    assert "mmrag-video ingest PATH" in told.stderr
