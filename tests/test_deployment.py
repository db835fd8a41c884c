"""The files for systemd and Compose name commands, settings and paths that there are.

Neither systemd nor Docker is run here.
"""

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from mmrag_video.cli import cli
from mmrag_video.errors import ExitCode
from mmrag_video.settings import Settings
from mmrag_video.settings.loading import load_settings
from tests.markdown import ROOT

UNIT = ROOT / "configs" / "systemd" / "mmrag-video.service"
FOLDER = ROOT / "configs" / "compose"
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {name: one for name, one in SERVICES.items() if one["image"] == "mmrag-video"}


def unit() -> configparser.SectionProxy:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(UNIT.read_text(encoding="utf-8"))
    return parser["Service"]


def takes(arguments: list[str]) -> str | None:
    """The command that a call names, if its options are ones that it takes."""
    with cli.make_context("mmrag-video", list(arguments)) as context:
        rest = [*context._protected_args, *context.args]
        name, command, rest = cli.resolve_command(context, rest)
        assert isinstance(command, click.Command)
        command.make_context(name, rest, parent=context)
    return name


def mounted(volume: str | dict[str, Any]) -> tuple[str, str]:
    """Where in the container, and what: of either of the two ways to write it."""
    if isinstance(volume, dict):
        return volume["target"], volume["source"]
    source, target = volume.removesuffix(":ro").rsplit(":", 1)
    return target, source


def are_settings(variables: list[str]) -> bool:
    known = set(Settings.model_fields) | {"settings"}
    return all(
        name.removeprefix("MMRAG_").lower().split("__")[0] in known
        for name in variables
        if name.startswith("MMRAG_")
    )


def test_the_unit_starts_everything_by_a_call_that_the_program_takes():
    program, *arguments = shlex.split(unit()["ExecStart"])
    assert Path(program).name == "mmrag-video"
    assert takes(arguments) == "serve"


def test_the_unit_knows_the_exit_codes_and_gives_the_time_that_a_stop_takes():
    assert unit()["SuccessExitStatus"] == str(int(ExitCode.INTERRUPTED))
    assert unit()["RestartPreventExitStatus"] == str(int(ExitCode.USAGE))
    assert unit()["Restart"] == "always", "what is not ready yet, exit code 1, is tried again"
    assert unit()["KillMode"] == "mixed"
    assert int(unit()["TimeoutStopSec"]) > 10


def test_the_units_variables_are_settings():
    text = UNIT.read_text(encoding="utf-8")
    variables = re.findall(r"^Environment=(\w+)=", text, flags=re.MULTILINE)
    assert variables and are_settings(variables)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_finds_no_fault_in_the_unit(tmp_path: Path):
    here = tmp_path / UNIT.name
    text = UNIT.read_text(encoding="utf-8")
    here.write_text(text.replace("/opt/mmrag-video/bin/mmrag-video", "/bin/true"))
    told = subprocess.run(
        ["systemd-analyze", "verify", here],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": "/usr/bin:/bin", "SYSTEMD_LOG_LEVEL": "warning"},
    )
    assert (told.returncode, told.stderr) == (0, "")


def test_compose_runs_worker_page_and_milvus():
    assert set(SERVICES) == {"worker", "page", "milvus", "etcd", "minio"}
    assert {name: takes(one["command"]) for name, one in OURS.items()} == {
        "worker": "work",
        "page": "page",
    }


def test_every_image_from_elsewhere_is_pinned_to_a_release():
    images = [one["image"] for name, one in SERVICES.items() if name not in OURS]
    images += re.findall(r"^FROM (\S+)$", dockerfile(), flags=re.MULTILINE)
    assert len(images) == 4
    for image in images:
        assert re.search(r":\D*\d+[.\d-]*\d", image) and "latest" not in image, image


def test_what_waits_for_another_waits_for_one_that_says_when_it_is_healthy():
    for one in SERVICES.values():
        for name, condition in one.get("depends_on", {}).items():
            assert condition == {"condition": "service_healthy"}
            assert "test" in SERVICES[name]["healthcheck"]


def test_only_the_page_can_be_reached_and_from_this_machine_alone():
    ports = {name: one["ports"] for name, one in SERVICES.items() if "ports" in one}
    settings = load_settings(FOLDER / "settings.toml")
    assert ports == {"page": [f"127.0.0.1:{settings.web.port}:{settings.web.port}"]}


def test_the_settings_of_compose_lead_to_what_compose_names():
    settings = load_settings(FOLDER / "settings.toml")
    assert settings.store.uri == "http://milvus:19530"
    for one in OURS.values():
        volumes = dict(map(mounted, one["volumes"]))
        assert volumes[str(settings.data_dir)] in COMPOSE["volumes"]
        assert str(settings.sources["nvr"].folder) in volumes
        assert volumes[one["environment"]["MMRAG_SETTINGS"]] == "./settings.toml"
        assert are_settings(list(one["environment"]))


def test_every_named_volume_is_declared_and_every_declared_one_used():
    used = {
        source
        for one in SERVICES.values()
        for _, source in map(mounted, one["volumes"])
        if re.match(r"\w", source)
    }
    assert used == set(COMPOSE["volumes"])


def dockerfile() -> str:
    return (FOLDER / "Dockerfile").read_text(encoding="utf-8")


def test_the_image_is_built_from_what_the_project_has():
    for one in OURS.values():
        assert (FOLDER / one["build"]["context"]).resolve() == ROOT
        assert (ROOT / one["build"]["dockerfile"]).read_text(encoding="utf-8") == dockerfile()
    copied = re.findall(r"^COPY (.+) \S+$", dockerfile(), flags=re.MULTILINE)
    names = {name for line in copied for name in line.split()}
    assert all((ROOT / name).exists() for name in names)
    assert {"mmrag_video", "web", "workers", "pyproject.toml"} <= names
