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
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import get_args

import click
import pytest
from click.testing import CliRunner
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from mmrag_video import __version__
from mmrag_video.catalog.records import ClockOrigin, RunState
from mmrag_video.cli import cli
from mmrag_video.doctor import Health
from mmrag_video.errors import ExitCode, ModelError
from mmrag_video.evaluate import (
    LabelledInterval,
    LabelledQueries,
    LabelledQuery,
    LabelledVideo,
)
from mmrag_video.ingest import OutcomeState
from mmrag_video.models.registry import MODULES, load_model
from mmrag_video.settings import Settings, load_settings
from mmrag_video.video.discover import VIDEO_SUFFIXES
from mmrag_video.video.recorder_names import RECORDER_PATTERNS
from mmrag_video.video.sampled import KeepReason

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/*.md")])
CONFIGS = sorted((ROOT / "configs").glob("*.toml"))
_NOT_OURS = re.compile(r"\.|__pycache__$|build$|.*\.egg-info$")
_ELSEWHERE = re.compile(r"(?<![\w.-])(?:/work/|(?:\.\./)*" + "shared" + r"/)")


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


# Reading Markdown


def document(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def without_code(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)


def headings(text: str) -> list[str]:
    return re.findall(r"^#+ (.+)$", without_code(text), flags=re.MULTILINE)


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next of the same or a higher level."""
    match = re.search(rf"^(#+) {re.escape(heading)}$", text, flags=re.MULTILINE)
    assert match is not None, f"there is no heading {heading!r}"
    rest = text[match.end() :]
    end = re.search(rf"^#{{1,{len(match[1])}}} ", rest, flags=re.MULTILINE)
    return rest[: end.start()] if end else rest


def rows(text: str) -> Iterator[list[str]]:
    """The cells of every table row, without heads and rules."""
    lines = without_code(text).splitlines()
    for above, line in zip(["", *lines], lines, strict=False):
        is_head = line.startswith("|") and not above.startswith("|")
        if line.startswith("|") and not is_head and not line.startswith("|---"):
            yield [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))]


def code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def first_cells(text: str) -> set[str]:
    return {name for cells in rows(text) for name in code(cells[0])}


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


def slug(heading: str) -> str:
    """The anchor that GitHub makes of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


# Commands


def commands() -> Iterator[tuple[str, click.Command]]:
    yield "mmrag-video", cli
    for name, command in cli.commands.items():
        assert not isinstance(command, click.Group), "a group within the group: walk it here"
        yield f"mmrag-video {name}", command


COMMANDS = dict(commands())


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
    documented = {spelling.split()[0].rstrip(".") for spelling in first_cells(about)}
    assert documented == set(spellings(command))
    assert any(command_line.startswith(name) for command_line in command_lines(about))


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
            call = re.search(r"(?:^|[\s/])(mmrag-video(?: .*)?)$", line.removeprefix("$ "))
            if call is not None and (line.startswith("$ ") or block in blocks(text, "sh")):
                yield re.split(r" [|>&]| 2>|;", call[1])[0]


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_every_call_shown_is_one_that_the_program_takes(path: Path) -> None:
    for call in command_lines(path.read_text(encoding="utf-8")):
        arguments = shlex.split(call, comments=True)[1:]
        with cli.make_context("mmrag-video", arguments) as context:
            rest = [*context._protected_args, *context.args]
            _, command, rest = cli.resolve_command(context, rest)
            assert command is not None, call
            command.make_context(command.name, rest, parent=context).close()


@pytest.mark.parametrize(
    ("heading", "members"), [("Exit codes", ExitCode), ("What an ingest says", OutcomeState)]
)
def test_every_exit_code_and_outcome_is_documented(
    heading: str, members: type[IntEnum | StrEnum]
) -> None:
    documented = first_cells(section(document("commands.md"), heading))
    assert documented == {str(member.value) for member in members}


def test_every_health_of_a_check_is_documented() -> None:
    about = section(document("commands.md"), "What its words mean")
    assert first_cells(about) == {member.value for member in Health}


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
    assert [cells for cells in rows(document("configuration.md")) if len(cells) == 4] == expected


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
def test_a_configuration_for_a_coming_model_says_from_which_release_it_works(path: Path) -> None:
    model = load_settings(path).model
    first_line = path.read_text(encoding="utf-8").partition("\n")[0]
    release = re.match(r"# Works from release (\d+)\.(\d+)\.(\d+) on", first_line)
    if model.name in MODULES:
        assert release is None
        return
    assert release is not None
    assert tuple(map(int, release.groups())) > tuple(map(int, __version__.split(".")))
    with pytest.raises(ModelError, match=f"There is no model named '{model.name}'"):
        load_model(model)


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
            for cells in rows(section(text, heading))
        }
        assert set(documented) == {name_and_bound(one) for one in requirements}
        assert all(documented.values()), "a dependency without a reason"


def name_and_bound(requirement: str) -> tuple[str, str]:
    match = re.match(r"([\w.-]+)([^;]+)", requirement)
    assert match is not None
    return match[1], match[2]


@pytest.mark.parametrize(
    ("name", "heading", "expected"),
    [
        ("recordings.md", "Where a time comes from", [origin.value for origin in ClockOrigin]),
        ("recordings.md", "Which files are looked at", VIDEO_SUFFIXES),
        ("architecture.md", "Which frames are kept", [reason.value for reason in KeepReason]),
        ("architecture.md", "The life of a recording's ingest", [s.value for s in RunState]),
        ("evaluation.md", "The file", LabelledQueries.model_fields),
        ("evaluation.md", "A video", LabelledVideo.model_fields),
        ("evaluation.md", "A query", LabelledQuery.model_fields),
        ("evaluation.md", "An interval", LabelledInterval.model_fields),
    ],
)
def test_every_name_of_a_list_is_documented(
    name: str, heading: str, expected: Iterable[str]
) -> None:
    assert first_cells(section(document(name), heading)) == set(expected)


@pytest.mark.parametrize("name", MODULES)
def test_every_model_is_described(name: str) -> None:
    assert name in headings(document("models.md"))


def test_every_recorder_is_documented_in_the_order_in_which_names_are_tried() -> None:
    about = section(document("recordings.md"), "Recorders whose names are understood")
    documented = [[cells[0], code(cells[1])[0]] for cells in rows(about)]
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
    linked = set(re.findall(r"\]\(docs/([\w-]+\.md)\)", readme))
    assert linked == {path.name for path in DOCUMENTS if path.parent.name == "docs"}


def test_nothing_names_a_path_outside_of_the_project() -> None:
    found = [
        f"{named(path)}:{number}"
        for path in own_files(ROOT)
        for number, line in enumerate(path.read_bytes().decode(errors="replace").splitlines(), 1)
        if _ELSEWHERE.search(line)
    ]
    assert found == []


def own_files(folder: Path) -> Iterator[Path]:
    """All files but what tools make, and their settings: CI knows the machine that it runs on."""
    for path in sorted(folder.iterdir()):
        if _NOT_OURS.match(path.name):
            continue
        if path.is_dir():
            yield from own_files(path)
        else:
            yield path
