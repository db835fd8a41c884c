"""A look at a folder of 100,000 files that are known: python -m benchmarks.scan [--files 100000].

Beside `find`, which only lists them, in the same run. Writes benchmarks/results/scan.md.
"""

import argparse
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import machine, write_table
from mmrag_video.catalog.catalog import Catalog
from mmrag_video.catalog.jobs import JobState
from mmrag_video.settings import SourceSettings
from workers.scanning import look_at, turn_of
from workers.settling import Settling

A_FOLDER = 500
NAME = "nvr"


@dataclass(frozen=True)
class Row:
    """Seconds of one thing."""

    name: str
    seconds: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=100_000)
    files = parser.parse_args().files
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, NAME)
        make(folder, files)
        rows = [Row("`find -type f -size +0`", seconds(lambda: find(folder)))]
        with Catalog(Path(place, "catalog.sqlite")) as catalog:
            rows += looks(catalog, folder, files)
            rows.append(Row("`find` again", seconds(lambda: find(folder))))
    write_table("scan.md", report(rows, files))


def make(folder: Path, files: int) -> None:
    """Empty but for a word, last written to a year ago."""
    a_year_ago = time.time() - 365 * 86400
    for number in range(files):
        path = folder / f"{number // A_FOLDER:04}" / f"{number:06}.mp4"
        if number % A_FOLDER == 0:
            path.parent.mkdir(parents=True)
        path.write_text("x")
        os.utime(path, (a_year_ago, a_year_ago))


def find(folder: Path) -> None:
    subprocess.run(
        ["find", folder, "-type", "f", "-size", "+0"], stdout=subprocess.DEVNULL, check=True
    )


def looks(catalog: Catalog, folder: Path, files: int) -> list[Row]:
    source = SourceSettings(folder=folder, settle=0)
    rows = []

    def first() -> None:
        changes = look_at(source, catalog.jobs.known(NAME), Settling())
        assert len(changes.new) == files
        catalog.jobs.add(NAME, [(file, turn_of(file, source)) for file in changes.new])

    rows.append(Row("the first look, and all of them queued", seconds(first)))
    rows.append(Row("the lease and end of 1,000 jobs", seconds(lambda: finish(catalog, 1000))))
    finish_all(catalog)

    def again() -> None:
        changes = look_at(source, catalog.jobs.known(NAME), Settling())
        assert (changes.new, changes.gone) == ((), ())

    rows.append(Row("a look when all are known", seconds(again)))
    return rows


def finish(catalog: Catalog, count: int) -> None:
    for _ in range(count):
        job = catalog.jobs.take("benchmark")
        assert job is not None
        catalog.jobs.finish(job, frames=1)


def finish_all(catalog: Catalog) -> None:
    with catalog.database.writing() as session:
        session.connection().exec_driver_sql(f"UPDATE job SET state = '{JobState.DONE.value}'")


def seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def report(rows: list[Row], files: int) -> str:
    lines = [
        "# Looking at a folder of known files",
        "",
        f"{machine('sqlalchemy')}. {files:,} files in folders of {A_FOLDER}, on a local disk, their"
        " directory entries in memory. A look opens no file.",
        "",
        "| what | seconds | times the first `find` |",
        "|---|---|---|",
    ]
    lines += [
        f"| {row.name} | {row.seconds:.2f} | {row.seconds / rows[0].seconds:.1f} |" for row in rows
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
