"""Reading the settings, and what is wrong with them in one sentence."""

import os
import tomllib
from collections.abc import Sequence
from json import JSONDecodeError
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsError as UnreadableVariable

from mmrag_video.errors import SettingsError
from mmrag_video.settings import Settings


def load_settings(file: Path | None = None) -> Settings:
    """Settings from `file` (or the one named by MMRAG_SETTINGS) and the environment.

    Raises SettingsError naming the file, the key and what it should be.
    """
    if file is None and os.environ.get("MMRAG_SETTINGS"):
        file = Path(os.environ["MMRAG_SETTINGS"])
    values = _read_toml(file) if file is not None else {}
    try:
        return Settings(**values)
    except UnreadableVariable as error:
        raise SettingsError(_no_json(error)) from error
    except ValidationError as error:
        raise SettingsError(_in_words(error.errors(), file)) from error


def _no_json(error: UnreadableVariable) -> str:
    """Names the variable by the text in it that could not be read; the text may hold a key."""
    cause = error.__cause__
    if not isinstance(cause, JSONDecodeError):
        return f"An MMRAG_ variable must hold JSON: {error}."
    names = [
        name
        for name, text in os.environ.items()
        if name.upper().startswith("MMRAG_") and text == cause.doc
    ]
    return f"{' or '.join(names)} must hold JSON: {cause.msg} at character {cause.pos + 1}."


def _in_words(problems: Sequence[ErrorDetails], file: Path | None) -> str:
    origins = dict.fromkeys(_origin(problem["loc"], file) for problem in problems)
    sentences = "; ".join(
        f"{'.'.join(map(str, problem['loc']))}: {_complaint(problem)}" for problem in problems
    )
    return f"A setting in {' and '.join(origins)} cannot be used: {sentences}."


def _complaint(problem: ErrorDetails) -> str:
    if problem["type"] == "extra_forbidden":
        return "there is no such setting"
    return problem["msg"].removeprefix("Value error, ")


def _origin(location: tuple[int | str, ...], file: Path | None) -> str:
    """The variable that holds the setting or the table around it; else the file."""
    variables = {name.upper(): name for name in os.environ}
    for length in range(len(location), 0, -1):
        variable = "MMRAG_" + "__".join(map(str, location[:length])).upper()
        if variable in variables:
            return variables[variable]
    return str(file) if file is not None else "an MMRAG_ variable"


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"The settings file {file} cannot be read: {error.strerror}."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The settings file {file} is not valid TOML: {error}.") from error
