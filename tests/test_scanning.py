"""What a look at a source's folder finds, and when a file counts as finished."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmrag_video.catalog.jobs import JobState
from mmrag_video.settings import Settings, SourceSettings
from mmrag_video.source_rules import camera_in, source_of
from mmrag_video.video.discover import FoundFile
from workers import settling as settling_module
from workers.scanning import Known, look_at, seen, turn_of
from workers.settling import Settling
from workers.work import LONGEST_WAIT, back_off


@pytest.fixture
def nvr(tmp_path: Path) -> Path:
    for name in ("gate/2026/a.mp4", "gate/b.ts", "door/c.mp4", "door/c.txt", "d.mkv"):
        path = tmp_path / "nvr" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / "nvr"


def names(nvr: Path, known: Known = {}, **source: Any) -> set[str]:  # noqa: B006 - only read
    settings = SourceSettings(folder=nvr, settle=0, **source)
    return {file.path.name for file in look_at(settings, known, Settling()).new}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({}, {"a.mp4", "b.ts", "c.mp4", "d.mkv"}),
        ({"recursive": False}, {"d.mkv"}),
        ({"include": ["*.mp4"]}, {"a.mp4", "c.mp4"}),
        ({"include": ["gate/**/*.mp4", "d.mkv"]}, {"a.mp4", "d.mkv"}),
        ({"include": ["gate/**/*"]}, {"a.mp4", "b.ts"}),
        ({"include": ["door/*"]}, {"c.mp4"}),
        ({"ignore": ["gate"]}, {"c.mp4", "d.mkv"}),
        ({"ignore": ["gate/2026/*"]}, {"b.ts", "c.mp4", "d.mkv"}),
        ({"include": ["*.mp4"], "ignore": ["c.*"]}, {"a.mp4"}),
    ],
)
def test_patterns_choose_files(nvr: Path, source: dict[str, Any], expected: set[str]):
    assert names(nvr, **source) == expected


def test_what_lies_in_the_folder_of_a_source_within_is_that_sources(nvr: Path):
    outer, inner = (
        SourceSettings(folder=nvr, settle=0),
        SourceSettings(folder=nvr / "gate", settle=0),
    )
    folders = [outer.folder, inner.folder, nvr.parent]

    def found(source: SourceSettings) -> set[str]:
        return {file.path.name for file in look_at(source, {}, Settling(), folders).new}

    assert found(outer) == {"c.mp4", "d.mkv"}
    assert found(inner) == {"a.mp4", "b.ts"}


def test_old_files_are_left_alone_where_they_do_not_matter(nvr: Path):
    os.utime(nvr / "d.mkv", (0, 0))
    since = datetime.now(UTC) - timedelta(days=1)
    assert "d.mkv" not in names(nvr, since=since)
    assert "a.mp4" in names(nvr, since=since)


def test_what_is_known_is_not_new_until_it_changes_or_comes_back(nvr: Path):
    file = seen(nvr / "d.mkv")
    assert file is not None
    same = file.size, file.changed_ns
    for state in JobState:
        is_new = "d.mkv" in names(nvr, {file.path: (*same, state)})
        assert is_new == (state in (JobState.GONE, JobState.GROWING))
    assert "d.mkv" in names(nvr, {file.path: (file.size + 1, file.changed_ns, JobState.DONE)})


def test_what_is_missing_is_gone_unless_nothing_at_all_is_there(nvr: Path, tmp_path: Path):
    lost = {nvr / "lost.mp4": (1, 1, JobState.DONE)}
    assert look_at(SourceSettings(folder=nvr), lost, Settling()).gone == (nvr / "lost.mp4",)
    empty = tmp_path / "empty"
    empty.mkdir()
    for folder in (empty, tmp_path / "missing"):
        known = {folder / "lost.mp4": (1, 1, JobState.DONE)}
        assert look_at(SourceSettings(folder=folder), known, Settling()).gone == ()


def test_a_part_that_is_not_mounted_has_lost_nothing(nvr: Path):
    lost = {nvr / "gate/2026/a.mp4": (1, 1, JobState.DONE)}
    (nvr / "gate/2026/a.mp4").unlink()
    assert look_at(SourceSettings(folder=nvr), lost, Settling()).gone == (), "its folder is empty"
    (nvr / "gate/2026").rmdir()
    gone = look_at(SourceSettings(folder=nvr), lost, Settling()).gone
    assert gone == tuple(lost), "the folder was deleted with it"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_keeps_only_what_is_in_it(nvr: Path):
    lost = {nvr / "gate/x.mp4": (1, 1, JobState.DONE), nvr / "door/x.mp4": (1, 1, JobState.DONE)}
    (nvr / "gate").chmod(0)
    try:
        changes = look_at(SourceSettings(folder=nvr), lost, Settling())
        assert changes.gone == (nvr / "door/x.mp4",)
        assert len(changes.problems) == 1
        ignoring = SourceSettings(folder=nvr, ignore=("gate",))
        assert look_at(ignoring, lost, Settling()).problems == ()
    finally:
        (nvr / "gate").chmod(0o755)


def test_a_link_that_leads_nowhere_keeps_only_itself_and_can_be_ignored(nvr: Path):
    (nvr / "lost+found.mp4").symlink_to(nvr / "nowhere.mp4")
    lost = {nvr / "door/x.mp4": (1, 1, JobState.DONE)}
    changes = look_at(SourceSettings(folder=nvr), lost, Settling())
    assert changes.gone == tuple(lost)
    assert len(changes.problems) == 1
    assert look_at(SourceSettings(folder=nvr, ignore=("lost*",)), lost, Settling()).problems == ()


def test_nothing_is_kept_in_mind_of_files_that_have_settled(nvr: Path):
    settling = Settling()
    source = SourceSettings(folder=nvr, settle=0.2)
    changes = look_at(source, {}, settling)
    assert changes.unsettled == len(changes.new) + changes.unsettled == 4
    time.sleep(0.3)
    found = look_at(source, {}, settling).new
    assert len(found) == 4
    known = {one.path: (one.size, one.changed_ns, JobState.DONE) for one in found}
    look_at(source, known, settling)
    assert all(kept == {} for kept in vars(settling).values())


def test_a_file_has_settled_when_it_was_the_same_for_some_time(tmp_path: Path):
    path = tmp_path / "a.mp4"
    path.write_text("begun")
    settling = Settling()

    def is_finished() -> bool:
        file = seen(path)
        assert file is not None
        return settling.is_finished(file, 0.3)

    assert not is_finished()
    time.sleep(0.4)
    path.write_text("goes on")
    assert not is_finished(), "it changed since"
    time.sleep(0.4)
    assert is_finished()


def test_a_file_that_grows_is_taken_every_so_often_where_that_is_wanted(
    nvr: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(settling_module, "GROWTH_EVERY", 0.5)
    live = SourceSettings(folder=nvr, live=True, include=("now.*",))
    settling, known = Settling(), {}

    def growing(more: str, source: SourceSettings = live) -> set[str]:
        for name in ("now.ts", "now.avi"):
            with (nvr / name).open("a") as file:
                file.write(more)
        changes = look_at(source, known, settling)
        assert changes.new == () and changes.unsettled == 2
        return {file.path.name for file in changes.growing}

    assert growing("begun") == set(), "it may be finished already"
    assert growing("goes on") == {"now.ts"}, "an avi has to be finished"
    assert growing("goes on") == set(), "it was taken just now"
    time.sleep(0.6)
    assert growing("", live.model_copy(update={"live": False})) == set()
    assert growing("") == {"now.ts"}
    time.sleep(0.6)
    assert growing("") == set(), "it has not grown"


def test_a_file_from_the_future_settles_like_any_other(tmp_path: Path):
    path = tmp_path / "a.mp4"
    path.write_text("whole")
    tomorrow = time.time() + 86400
    os.utime(path, (tomorrow, tomorrow))
    settling = Settling()
    file = seen(path)
    assert file is not None
    assert not settling.is_finished(file, 0.2)
    time.sleep(0.3)
    assert settling.is_finished(file, 0.2)


def test_priority_outweighs_age_and_order_turns_age_round(tmp_path: Path):
    old, new = tmp_path / "old.mp4", tmp_path / "new.mp4"
    for path, moment in ((old, 1_000_000_000), (new, 2_000_000_000)):
        path.write_text("")
        os.utime(path, (moment, moment))

    def turn(path: Path, **source: Any) -> float:
        file = seen(path)
        assert file is not None
        return turn_of(file, SourceSettings(folder=tmp_path, **source))

    assert turn(new) < turn(old)
    assert turn(old, order="oldest") < turn(new, order="oldest")
    assert turn(old, priority=1) < turn(new)
    assert turn(new) < turn(old, priority=-1)


@given(st.integers(0, 1000), st.floats(0.1, 3600))
def test_every_wait_is_longer_than_the_last_up_to_a_bound(attempts: int, first: float):
    wait = back_off(attempts, first)
    assert wait <= back_off(attempts + 1, first) <= LONGEST_WAIT
    assert wait == LONGEST_WAIT or back_off(attempts + 1, first) > wait


def test_a_source_says_whose_its_recordings_are(tmp_path: Path):
    sources = {
        "all": SourceSettings(folder=tmp_path),
        "door": SourceSettings(folder=tmp_path / "door", camera="The door"),
        "sites": SourceSettings(folder=tmp_path / "sites", camera_from="folder"),
    }

    def camera(name: str) -> str:
        path = tmp_path / name
        return camera_in(source_of(path, sources), FoundFile(path, tmp_path), Settings())

    assert camera("door/2026/x.mp4") == "The door"
    assert camera("gate/x.mp4") == "gate"
    named_otherwise = "Front_01_20240515131840.mp4"
    assert camera(f"sites/yard/{named_otherwise}") == "yard"
    assert source_of(Path("/elsewhere/x.mp4"), sources) is None
