"""Whether a recording's file still is the one that was ingested."""

import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from mmrag_video import recording_file
from mmrag_video.catalog.records import Recording
from mmrag_video.recording_file import (
    FileState,
    file_problem,
    file_state,
    is_in_doubt,
    read_file_problem,
)
from mmrag_video.video.content import Content, content_of
from tests.exported import recording_at

HOUR = 3600 * 10**9


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    path = tmp_path / "hiv00001.mp4"
    write(path, b"yesterday", hours_ago=20)
    return recording_at(path, Fraction(1))


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were read through."""
    paths: list[Path] = []

    def noted(path: Path) -> Content:
        paths.append(path)
        return content_of(path)

    monkeypatch.setattr(recording_file, "content_of", noted)
    return paths


def write(path: Path, content: bytes, hours_ago: int) -> None:
    path.write_bytes(content)
    written = path.stat().st_mtime_ns - hours_ago * HOUR
    os.utime(path, ns=(written, written))


def test_a_file_that_lies_as_it_was_ingested_is_not_read(
    recording: Recording, read: list[Path]
) -> None:
    assert not is_in_doubt(recording)
    assert read_file_problem(recording) == file_problem(recording) == ""
    assert read == []


def test_a_copy_is_read_once_and_is_the_recording(recording: Recording, read: list[Path]) -> None:
    write(recording.path, b"yesterday", hours_ago=10)
    assert is_in_doubt(recording) and file_state(recording) is FileState.PRESENT
    for _ in range(3):
        assert read_file_problem(recording) == ""
    assert read == [recording.path] and not is_in_doubt(recording)


def test_another_of_the_same_size_is_known_as_such_when_it_was_read(
    recording: Recording, read: list[Path]
) -> None:
    write(recording.path, b"today, ha", hours_ago=10)
    assert file_state(recording) is FileState.PRESENT, "nothing is read to name a recording"
    assert "has changed since it was ingested" in read_file_problem(recording)
    assert file_state(recording) is FileState.CHANGED and file_problem(recording)
    write(recording.path, b"yesterday", hours_ago=5)
    assert read_file_problem(recording) == "", "it was put back"
    assert len(read) == 2


def test_what_grows_or_has_another_size_or_is_gone_is_not_read(
    recording: Recording, read: list[Path]
) -> None:
    write(recording.path, b"yesterday and today", hours_ago=10)
    assert "has changed" in read_file_problem(recording)
    assert read_file_problem(replace(recording, live=True)) == ""
    recording.path.unlink()
    assert "is not there any more" in read_file_problem(recording)
    assert read == []


def test_one_that_cannot_be_read_says_so(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(recording.path, b"yesterday", hours_ago=10)

    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refused)
    assert "cannot be read: Permission denied" in read_file_problem(recording)
