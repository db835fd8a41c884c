"""What was measured on: the first line under each table."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).with_name("results")


def machine(*packages: str) -> str:
    """Cores, load, Python, the versions of packages, and the day."""
    versions = "".join(f", {package} {version(package)}" for package in packages)
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), load {os.getloadavg()[0]:.1f}, "
        f"Python {platform.python_version()}{versions}; {datetime.now(UTC):%Y-%m-%d}"
    )


def write_table(name: str, text: str) -> None:
    """Print a result and keep it in benchmarks/results."""
    print(text)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / name).write_text(text.rstrip("\n") + "\n", encoding="utf-8")
