"""The documentation is whole and true: what it names exists, and what exists it names.

Names are compared exactly, as whole cells of tables: an undocumented `--to` is not hidden by a
documented `--token`, and a setting that was taken away may not stay in the documents.
"""

import json
import re
import shlex
import tomllib
from collections.abc import Iterable, Iterator
from datetime import timedelta
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import Any, get_args

import click
import numpy as np
import pytest
from click.testing import CliRunner
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from mmrag_video.ask import AnswerState
from mmrag_video.catalog.hits import Delivery
from mmrag_video.catalog.records import RunState
from mmrag_video.check import Kind
from mmrag_video.cli import cli
from mmrag_video.doctor import Health
from mmrag_video.errors import ExitCode
from mmrag_video.evaluate import (
    LabelledInterval,
    LabelledQueries,
    LabelledQuery,
    LabelledVideo,
)
from mmrag_video.export.naming import FIELDS
from mmrag_video.export.sheet import FormatName
from mmrag_video.ingest import OutcomeState
from mmrag_video.model_overview import Weights
from mmrag_video.models.base import Embedder, Query
from mmrag_video.models.basic.lexicon import languages
from mmrag_video.models.cards import EMBEDDERS, RERANKERS, ModelCard
from mmrag_video.models.matching import Verdict
from mmrag_video.recording_file import FileState
from mmrag_video.settings import ModelSettings, Settings
from mmrag_video.settings.loading import load_settings
from mmrag_video.video.discover import VIDEO_SUFFIXES
from mmrag_video.video.recorder_names import RECORDER_PATTERNS
from mmrag_video.video.sampled import KeepReason, Movement, SampledFrame
from mmrag_video.video.source_timecode import TimecodeOrigin
from mmrag_video.video.wall_clock import ClockOrigin
from tests.markdown import (
    DOCUMENTS,
    ROOT,
    blocks,
    code,
    document,
    first_column,
    headings,
    named,
    section,
    slug,
    table,
    without_code,
)

LANGUAGES = {
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "it": "Italian",
    "ja": "Japanese",
    "nl": "Dutch",
    "pl": "Polish",
    "pt": "Portuguese",
    "ru": "Russian",
    "tr": "Turkish",
    "zh": "Chinese",
}
CONFIGS = sorted((ROOT / "configs").glob("*.toml"))

# Commands


def commands(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """The command, and those below it."""
    yield name, command
    if isinstance(command, click.Group):
        for part, below in command.commands.items():
            yield from commands(f"{name} {part}", below)


COMMANDS = dict(commands("mmrag-video", cli))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_shows_an_example_in_its_help(name: str) -> None:
    answer = CliRunner().invoke(cli, [*name.split()[1:], "--help"])
    assert answer.exit_code == 0
    _, _, example = answer.output.partition("Example:\n")
    assert example.lstrip().startswith(name)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_and_argument_is_documented_and_no_other(name: str) -> None:
    command = COMMANDS[name]
    about = section(document("commands.md"), name)
    head = "Argument or option" if has_arguments(command) else "Option"
    column = first_column(about, head) if f"| {head} |" in about else set()
    documented = {spelling.split()[0].rstrip(".") for spelling in column}
    assert documented == set(spellings(command))
    assert any(command_line.startswith(name) for command_line in command_lines(about))


def has_arguments(command: click.Command) -> bool:
    return any(isinstance(parameter, click.Argument) for parameter in command.params)


def spellings(command: click.Command) -> Iterator[str]:
    with click.Context(command, **command.context_settings) as context:
        # -h and --help are the same everywhere and documented once, with the program's options.
        parameters = command.get_params(context) if command is cli else command.params
    for parameter in parameters:
        if isinstance(parameter, click.Argument):
            yield parameter.human_readable_name
        else:
            yield from (*parameter.opts, *parameter.secondary_opts)


def command_lines(text: str) -> Iterator[str]:
    """Calls of the program in the shell examples, without what a shell does around them."""
    for block in blocks(text, "(?:sh|console)"):
        for line in block.replace("\\\n", " ").splitlines():
            call = re.search(r"(?:^|.*[\s/])(mmrag-video(?: .*)?)$", line.removeprefix("$ "))
            if call is not None and (line.startswith("$ ") or block in blocks(text, "sh")):
                yield re.split(r" [|>&]| 2>|;", call[1])[0]


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_every_call_shown_is_one_that_the_program_takes(path: Path) -> None:
    for call in command_lines(path.read_text(encoding="utf-8")):
        arguments = shlex.split(call, comments=True)[1:]
        with cli.make_context("mmrag-video", arguments) as context:
            take(context, call)


def take(context: click.Context, call: str) -> None:
    """Parse what is left of a call, as the command below would."""
    rest = [*context._protected_args, *context.args]
    if not isinstance(context.command, click.Group) or not rest:
        return
    _, command, rest = context.command.resolve_command(context, rest)
    assert command is not None, call
    with command.make_context(command.name, rest, parent=context) as below:
        take(below, call)


# Settings


def settings() -> Iterator[tuple[str, FieldInfo]]:
    """Dotted name and field of every setting; NAME stands for a key of one's own."""

    def walk(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, FieldInfo]]:
        for name, field in model.model_fields.items():
            arguments = get_args(field.annotation)
            own_keys = arguments[1] if arguments[:1] == (str,) and len(arguments) > 1 else None
            if isinstance(own_keys, type) and issubclass(own_keys, BaseModel):
                yield from walk(own_keys, f"{prefix}{name}.NAME.")
            elif isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
                yield from walk(field.annotation, f"{prefix}{name}.")
            else:
                yield prefix + name, field

    return walk(Settings, "")


def default_as_written(name: str, field: FieldInfo) -> str:
    default = field.default
    if field.is_required():
        return "required"
    if name == "data_dir":
        return "your user data folder"
    if default is None:
        return "unset"
    if isinstance(default, timedelta):
        default = default.total_seconds()
    return f"`{json.dumps(default)}`"


def test_every_setting_is_documented_as_the_code_has_it() -> None:
    expected = [
        [
            f"`{name}`",
            f"`MMRAG_{name.upper().replace('.', '__')}`",
            default_as_written(name, field),
            field.description,
        ]
        for name, field in settings()
    ]
    assert table(document("configuration.md"), "Setting") == expected


@pytest.mark.parametrize("path", CONFIGS, ids=named)
def test_every_file_in_configs_loads(path: Path) -> None:
    load_settings(path)


def test_every_settings_file_shown_loads(tmp_path: Path) -> None:
    shown = [
        block for path in DOCUMENTS for block in blocks(path.read_text(encoding="utf-8"), "toml")
    ]
    assert shown
    for block in shown:
        file = tmp_path / "shown.toml"
        file.write_text(block, encoding="utf-8")
        load_settings(file)


@pytest.mark.parametrize("path", CONFIGS, ids=named)
def test_every_configuration_names_a_model_that_there_is(path: Path) -> None:
    model = load_settings(path).model
    assert model.name in {card.name for card in EMBEDDERS}
    assert model.reranker is None or model.reranker in {card.name for card in RERANKERS}


# Everything else that has a name


def test_every_dependency_is_documented_with_its_bound() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)
    expected = {
        "To run": project["project"]["dependencies"],
        **{f"Extra {n}": d for n, d in project["project"]["optional-dependencies"].items()},
        "To build": project["build-system"]["requires"],
    }
    text = document("dependencies.md")
    for heading, requirements in expected.items():
        documented = {
            (code(cells[0])[0], code(cells[1])[0]): cells[2]
            for cells in table(section(text, heading), "Package")
        }
        assert set(documented) == {name_and_bound(one) for one in requirements}
        assert all(documented.values()), "a dependency without a reason"


def name_and_bound(requirement: str) -> tuple[str, str]:
    match = re.match(r"([\w.-]+)([^;]+)", requirement)
    assert match is not None
    return match[1], match[2]


@pytest.mark.parametrize(
    ("name", "heading", "head", "expected"),
    [
        ("commands.md", "Exit codes", "Code", [str(code.value) for code in ExitCode]),
        ("commands.md", "What an ingest says", "State", OutcomeState),
        ("commands.md", "What an answer says", "State", AnswerState),
        ("commands.md", "What may differ", "Kind", Kind),
        ("commands.md", "How a delivery stands", "Delivery", Delivery),
        ("commands.md", "What its words mean", "Health", Health),
        ("commands.md", "mmrag-video models", "Weights", Weights),
        ("commands.md", "mmrag-video models test", "Verdict", Verdict),
        ("commands.md", "What lies at a recording's path", "File", FileState),
        ("export.md", "Exports", "Format", FormatName),
        ("export.md", "Where a recording's timecode begins", "Origin", TimecodeOrigin),
        ("export.md", "Names of files", "Field", FIELDS),
        ("recordings.md", "Where a time comes from", "Origin", ClockOrigin),
        ("recordings.md", "Which files are looked at", "Ending", VIDEO_SUFFIXES),
        ("architecture.md", "Which frames are kept", "Reason", KeepReason),
        ("architecture.md", "The life of a recording's ingest", "State of a run", RunState),
        ("evaluation.md", "The file", "Key", LabelledQueries.model_fields),
        ("evaluation.md", "A video", "Key", LabelledVideo.model_fields),
        ("evaluation.md", "A query", "Key", LabelledQuery.model_fields),
        ("evaluation.md", "An interval", "Key", LabelledInterval.model_fields),
    ],
)
def test_every_name_of_a_list_is_documented(
    name: str, heading: str, head: str, expected: Iterable[str]
) -> None:
    assert first_column(section(document(name), heading), head) == set(expected)


def test_the_queries_file_shown_is_one() -> None:
    [shown] = blocks(document("evaluation.md"), "json")
    queries = LabelledQueries.model_validate_json(shown).queries
    assert {query.paraphrase_of for query in queries} <= {None, *(query.id for query in queries)}


def test_the_model_shown_is_one() -> None:
    shown, line = blocks(document("models.md"), "python")
    module: dict[str, Any] = {}
    exec(shown, module)
    embedder: Embedder = module["load"](ModelSettings(), EMBEDDERS[0]).embedder
    assert f'name="{embedder.name}"' in line
    assert f'module="mmrag_video.models.{embedder.name}"' in line
    white = np.full((4, 4, 3), 255, np.uint8)
    frame = SampledFrame(Fraction(0), Fraction(1), KeepReason.FIRST, white, Movement(0, None))
    [found] = embedder.embed_frames([frame])
    bright, dark = (embedder.embed_query(Query(text=word)) for word in ("bright", "dark"))
    assert found.vector @ bright > found.vector @ dark
    assert found.vector.shape == (embedder.dimensions,)


def test_the_languages_that_basic_reads_closely_are_named() -> None:
    [named_there] = re.findall(r"taken apart in ([^.]+)\.", document("models.md"))
    assert set(re.findall(r"[A-Z]\w+", named_there)) == {LANGUAGES[code] for code in languages()}


@pytest.mark.parametrize(
    ("head", "cards"), [("Model", EMBEDDERS), ("Reranker", RERANKERS)], ids=["models", "rerankers"]
)
def test_every_model_is_described(head: str, cards: Iterable[ModelCard]) -> None:
    assert first_column(document("models.md"), head) == {card.name for card in cards}
    assert all(find_spec(card.module) for card in cards)


def test_every_recorder_is_documented_in_the_order_in_which_names_are_tried() -> None:
    about = section(document("recordings.md"), "Recorders whose names are understood")
    documented = [[cells[0], code(cells[1])[0]] for cells in table(about, "Recorder")]
    assert documented == [[one.recorder, one.example] for one in RECORDER_PATTERNS]


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_every_link_leads_somewhere(path: Path) -> None:
    text = without_code(path.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?:|mailto:", target):
            continue
        file, _, anchor = target.partition("#")
        linked = (path.parent / file).resolve() if file else path
        assert linked.exists(), target
        if anchor:
            found = map(slug, headings(linked.read_text(encoding="utf-8")))
            assert anchor in found, target


def test_every_document_can_be_reached_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\]\(docs/([\w-]+\.md)[)#]", readme))
    assert linked == {path.name for path in DOCUMENTS if path.parent.name == "docs"}
