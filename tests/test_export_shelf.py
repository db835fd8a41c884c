"""The folders of exports: what cannot be read any more does not stay for ever."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from mmrag_video.export.writing import ExportError
from web.making.job import JobKind, JobOrder, JobState
from web.making.shelf import HeldJob, Shelf

ORDER = JobOrder(JobKind.COPIES, "a red car")
WEEK = timedelta(days=7)


def put(shelf: Shelf) -> HeldJob:
    return shelf.put(ORDER, "ana", "", ("gate",), 0)


def let_age(folder: Path) -> None:
    """As if nothing had been written there for eight days."""
    then = folder.stat().st_mtime - 8 * 24 * 3600
    os.utime(folder, (then, then))


@pytest.mark.parametrize("content", [None, b"{}"])
def test_what_cannot_be_read_is_taken_away_when_it_is_old(
    tmp_path: Path, content: bytes | None
) -> None:
    shelf = Shelf(tmp_path)
    held = put(shelf)
    (held.folder / "big.zip").write_bytes(b"x" * 100)
    (held.folder / "job.json").unlink()
    if content is not None:
        (held.folder / "job.json").write_bytes(content)
    shelf.remove_old(WEEK)
    assert held.folder.exists()  # it may only just have been begun
    let_age(held.folder)
    shelf.remove_old(WEEK)
    assert held.folder.exists()  # somebody is at it
    held.let_go()
    let_age(held.folder)
    shelf.remove_old(WEEK)
    assert not held.folder.exists()


def test_what_can_be_read_goes_by_what_it_says(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    held = put(shelf)
    held.change(state=JobState.DONE)
    held.let_go()
    let_age(held.folder)
    shelf.remove_old(WEEK)
    assert held.folder.exists()
    shelf.remove_old(timedelta(0))
    assert not held.folder.exists()


def test_an_order_that_cannot_be_written_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf(tmp_path)
    put(shelf).let_go()
    before = len(list(Path("/dev/fd").iterdir()))

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    for refused in ("write_bytes", "replace"):
        with monkeypatch.context() as disk:
            disk.setattr(Path, refused, full)
            with pytest.raises(ExportError, match="No space left"):
                put(shelf)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".last", "1"]
    assert len(list(Path("/dev/fd").iterdir())) == before
    held = put(shelf)
    assert held.read().number == 4
    held.let_go()
