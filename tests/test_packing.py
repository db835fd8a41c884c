"""Evidence on its way to its name: stopped, it is gone on with; named, it is on the disk."""

import hashlib
import json
import os
import zipfile
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import pytest

from mmrag_video.catalog.case_records import Case
from mmrag_video.errors import UsageError
from mmrag_video.evidence.manifest import HASH, MANIFEST, Provenance, hash_line, manifest_of
from mmrag_video.evidence.packing import pack
from mmrag_video.evidence.partial import PartialFolder
from mmrag_video.evidence.verifying import verify
from mmrag_video.export.writing import write_new
from mmrag_video.video.stream_copy import WrittenCut

FILES = {
    "clips/001 gate.mp4": bytes(range(256)) * 20,
    "clips/002 Tür.mp4": bytes(970),  # too large for a number of 2 GiB if it grew by a twentieth
    "report.html": b"<p>theft" * 1000,
    "empty.txt": b"",
}


def begun(target: Path) -> PartialFolder:
    """A folder with all that a small piece of evidence has, as it is before it has its name."""
    folder = PartialFolder(target)
    pieces = [folder.file(name, "test", lambda made=made: made) for name, made in FILES.items()]
    case = Case(1, "theft", "", datetime(2026, 3, 1, tzinfo=UTC), "bob", moments=2)
    provenance = Provenance(case, "bob", "bob", datetime(2026, 3, 2, tzinfo=UTC), {}, None)
    manifest = manifest_of(provenance, pieces, [], [], None)
    folder.anew(MANIFEST, manifest)
    folder.anew(HASH, hash_line(manifest))
    return folder


def nothing(*_: object) -> None:
    """No progress is told."""


@pytest.mark.parametrize(
    ("limit", "files"), [(None, None), (1000, None), (100, None), (1000, 3), (None, 3)]
)
def test_what_is_packed_is_verified_large_files_and_many_included(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int | None, files: int | None
) -> None:
    if limit is not None:  # as if files of so many bytes were larger than 2 GiB
        monkeypatch.setattr(zipfile, "ZIP64_LIMIT", limit)
    if files is not None:
        monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", files)
    with begun(tmp_path / "a.zip") as folder:
        packed = pack(folder, tmp_path / "a.zip", nothing)
    assert packed.path == tmp_path / "a.zip"
    content = packed.path.read_bytes()
    assert packed.sha256 == hashlib.sha256(content).hexdigest()
    assert (b"PK\x06\x06" in content) == (limit is not None or files is not None)
    assert verify(packed.path).problems == () and verify(packed.path).files == len(FILES)
    with zipfile.ZipFile(packed.path) as opened:
        assert sorted(opened.namelist()) == sorted([*FILES, MANIFEST, HASH])
        assert all(opened.read(name) == made for name, made in FILES.items())


@pytest.mark.parametrize("when", ["packing report.html", "the file’s SHA-256"])
def test_what_is_stopped_while_it_is_packed_is_packed_by_the_next_run(
    tmp_path: Path, when: str
) -> None:
    def stop(what: str, done: int, total: int) -> None:
        if what == when:
            raise KeyboardInterrupt

    target = tmp_path / "a.zip"
    with begun(target) as folder, pytest.raises(KeyboardInterrupt):
        pack(folder, target, stop)
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip.partial"]
    assert not (folder.path / ".packed").exists()
    (folder.path / ".packed").write_bytes(b"of one that was killed")

    def again() -> bytes:
        raise AssertionError("it is there")

    with PartialFolder(target) as folder:
        for name in FILES:
            folder.file(name, "test", again)
        pack(folder, target, nothing)
        folder.discard()
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]
    assert verify(target).problems == ()


def test_a_file_that_has_its_name_is_noted_as_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill(unfinished: Path, target: Path) -> None:
        unfinished.rename(target)
        if target.name != ".made.json":
            raise KeyboardInterrupt

    def cut(target: Path) -> WrittenCut:
        target.write_bytes(b"clip")
        return WrittenCut(Fraction(1, 3), Fraction(1), "pcm")

    def again(target: Path) -> WrittenCut:
        raise AssertionError("it is there")

    with monkeypatch.context() as killed:
        killed.setattr(Path, "replace", kill)
        with PartialFolder(tmp_path / "out") as folder, pytest.raises(KeyboardInterrupt):
            folder.clip("clips/a.mp4", "test", cut)
    with PartialFolder(tmp_path / "out") as folder:
        piece, made = folder.clip("clips/a.mp4", "test", again)
    assert (piece.path, piece.size) == ("clips/a.mp4", 4)
    assert made == WrittenCut(Fraction(1, 3), Fraction(1), "pcm")


def test_a_folder_gets_its_name_without_what_only_making_it_needed(tmp_path: Path) -> None:
    with begun(tmp_path / "out") as folder:
        (tmp_path / "out").write_text("somebody was faster")
        with pytest.raises(Exception, match="is whole, but cannot be named"):
            folder.become(tmp_path / "out")
        assert json.loads((folder.path / ".made.json").read_bytes()).keys() == FILES.keys()
        (tmp_path / "out").unlink()
        folder.become(tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert verify(tmp_path / "out").problems == ()


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "mine.partial"
    mine.mkdir()
    with PartialFolder(tmp_path / "mine"):
        pass  # an empty one may be taken
    for name in mine.iterdir():
        name.unlink()
    (mine / "thesis.txt").write_text("years of work")
    with pytest.raises(UsageError, match="not of an export that was begun"):
        PartialFolder(tmp_path / "mine")
    assert [path.name for path in mine.iterdir()] == ["thesis.txt"]


def test_files_are_on_the_disk_before_what_they_were_made_of_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []

    def note(descriptor: int) -> None:
        synced.append(Path(f"/dev/fd/{descriptor}").resolve().name)

    monkeypatch.setattr(os, "fsync", note)
    with PartialFolder(tmp_path / "out") as folder:

        def cut(target: Path) -> WrittenCut:
            target.write_bytes(b"clip")
            return WrittenCut(Fraction(0), Fraction(1), "")

        folder.clip("clips/a.mp4", "test", cut)
        assert [name for name in synced if name.endswith(".unfinished")]
        synced.clear()
        pack(folder, tmp_path / "a.zip", nothing)
        assert synced == [".packed", tmp_path.name]
        synced.clear()
        folder.become(tmp_path / "out")
    assert synced == ["out.partial", "clips", "out", tmp_path.name]
    synced.clear()
    write_new(tmp_path, "b.csv", lambda file: file.write(b"x"))
    assert synced[-1] == tmp_path.name and len(synced) == 2
