"""The architecture as it is documented is the one that the code has, and it stands alone."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.markdown import ROOT, code, document, named, table

_NOT_OURS = re.compile(r"\.|__pycache__$|build$|.*\.egg-info$")
# The brackets keep the expression from matching itself.
_ELSEWHERE = re.compile(r"(?<![\w.-])(?:/[w]ork/|(?:\.\./)*[s]hared/)")
_WORDS_OF_THE_TRADE = {"end_with_parent", "errors", "file_lock", "moments", "settings"}
"""Modules that hold little but types or know no other, and may be imported from everywhere."""
FOLDERS = {
    code(cells[0])[0]: set(code(cells[2]))
    for cells in table(document("architecture.md"), "Folder or module")
}


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_folder_imports_only_what_the_architecture_allows(folder: str) -> None:
    modules = (ROOT / folder).glob("*.py" if folder == "mmrag_video" else "**/*.py")
    strays = [
        f"{named(path)} imports {name}"
        for path in modules
        for name in imported(path)
        if place_of(name) not in {folder.removeprefix("mmrag_video/"), "", *FOLDERS[folder]}
        and path.name != "__main__.py"
    ]
    assert strays == []


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def place_of(module: str) -> str:
    """The folder of ours that a module lies in; empty for what anybody may import."""
    parts = module.split(".")
    if parts[0] in {"web", "workers"}:
        return parts[0]
    if parts[0] != "mmrag_video" or len(parts) == 1 or parts[1] in _WORDS_OF_THE_TRADE:
        return ""
    return parts[1] if (ROOT / "mmrag_video" / parts[1]).is_dir() else "mmrag_video"


def test_every_file_that_is_no_module_is_in_the_wheel() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        packages = tomllib.load(file)["tool"]["setuptools"]["package-data"]
    packed = {
        path
        for package, patterns in packages.items()
        for pattern in patterns
        for path in (ROOT / package.replace(".", "/")).glob(pattern)
    }
    folders = ("mmrag_video", "web", "workers")
    data = [path for folder in folders for path in own_files(ROOT / folder)]
    assert [named(path) for path in data if path.suffix != ".py" and path not in packed] == []


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
