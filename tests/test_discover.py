"""Which files an ingest takes up."""

import os
from pathlib import Path

import pytest

from mmrag_video.video.discover import FoundFile, Unreachable, find_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.mp4", "a.MKV", "notes.txt", ".hidden.mp4", "sub/c.ts", "sub/deeper/d.avi"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return tmp_path


def names(paths: list[Path]) -> list[str]:
    return [found.path.name for found in find_files(paths) if isinstance(found, FoundFile)]


def test_folders_give_their_videos_in_order_all_the_way_down(folder: Path):
    assert names([folder]) == ["a.MKV", "b.mp4", "c.ts", "d.avi"]


def test_a_file_named_outright_is_taken_whatever_its_ending(folder: Path):
    assert names([folder / "notes.txt"]) == ["notes.txt"]


def test_a_file_reached_twice_is_taken_once(folder: Path):
    (folder / "link.mp4").symlink_to(folder / "b.mp4")
    assert names([folder, folder / "b.mp4"]).count("b.mp4") == 1


def test_a_loop_of_links_ends(folder: Path):
    (folder / "sub" / "up").symlink_to(folder)
    assert names([folder]) == ["a.MKV", "b.mp4", "c.ts", "d.avi"]


def test_names_may_hold_anything(folder: Path):
    odd = folder / 'a\nb "quoted" дом.mp4'
    odd.write_bytes(b"x")
    assert odd.name in names([folder])


def test_what_leads_nowhere_is_told_and_the_rest_is_found(folder: Path):
    (folder / "gone.mp4").symlink_to(folder / "nothing")
    found = list(find_files([folder / "missing", folder]))
    unreachable = [one for one in found if isinstance(one, Unreachable)]
    assert [one.path.name for one in unreachable] == ["missing", "gone.mp4"]
    assert all(str(one.path) in one.why for one in unreachable)
    assert len(found) == 6


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_a_folder_without_permission_is_told(folder: Path):
    (folder / "sub").chmod(0)
    found = list(find_files([folder]))
    (folder / "sub").chmod(0o755)
    assert any(isinstance(one, Unreachable) and one.path.name == "sub" for one in found)
