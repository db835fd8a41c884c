"""Sources: those of the settings, those added while it runs, and what cannot be one."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mmrag_video.archive import Archive
from mmrag_video.catalog.jobs import JobState
from mmrag_video.catalog.tally import counts_by_source
from mmrag_video.cli import cli
from mmrag_video.errors import ExitCode, SettingsError
from mmrag_video.settings import ClockSettings, Settings, SourceSettings
from mmrag_video.sources import (
    SourceError,
    add_source,
    all_sources,
    refuse_misplaced,
    remove_source,
)
from tests.queued import fail_next, run_next, wait_in_line

pytestmark = pytest.mark.toy_model


@pytest.fixture
def nvr(tmp_path: Path) -> Path:
    folder = tmp_path / "nvr"
    folder.mkdir()
    return folder


def problems_of(archive: Archive, name: str, **values: object) -> set[str]:
    with pytest.raises(SourceError) as refused:
        add_source(archive.settings, archive.catalog, name, values)
    assert archive.catalog.sources.all() == {}
    return set(refused.value.problems)


def test_a_source_of_the_settings_wins_over_one_of_its_name(archive: Archive, nvr: Path) -> None:
    archive.catalog.sources.put("nvr", SourceSettings(folder=nvr / "old"))
    archive.catalog.sources.put("door", SourceSettings(folder=nvr / "door"))
    own = SourceSettings(folder=nvr)
    settings = archive.settings.model_copy(update={"sources": {"nvr": own}})
    known = all_sources(settings, archive.catalog)
    assert known["nvr"] == own
    assert known["door"].folder == nvr / "door"


def test_what_was_added_is_read_back_as_it_was_meant(archive: Archive, nvr: Path) -> None:
    settings = archive.settings.model_copy(update={"clock": ClockSettings(zone="Europe/Lisbon")})
    typed = {"folder": str(nvr), "every": "2.5", "since": "2026-07-01T12:00", "ignore": ("a/*",)}
    add_source(settings, archive.catalog, "nvr", typed)
    source = all_sources(settings, archive.catalog)["nvr"]
    assert (source.folder, source.every, source.ignore) == (nvr, 2.5, ("a/*",))
    assert source.since == datetime(2026, 7, 1, 11, tzinfo=UTC), "in clock.zone"


def test_everything_that_is_wrong_is_told_at_once(archive: Archive, nvr: Path) -> None:
    found = problems_of(
        archive,
        "",
        folder=str(nvr / "nowhere"),
        every="often",
        cron="* * *",
        since="2026",
        sensitivity="2",
    )
    assert found == {"name", "folder", "every", "cron", "since", "sensitivity"}


def test_a_folder_must_be_one_that_can_be_read(archive: Archive, nvr: Path) -> None:
    file = nvr / "clip.mp4"
    file.touch()
    stray = os.fsdecode(os.fsencode(nvr) + b"\xff")
    Path(stray).mkdir()
    written = ["", "nvr", "~/nvr", "~nobody-here/x", str(nvr / "nowhere"), str(file), stray, "/\0"]
    for folder in written:
        assert problems_of(archive, "nvr", folder=folder) == {"folder"}, folder


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_refused(archive: Archive, nvr: Path) -> None:
    nvr.chmod(0)
    assert problems_of(archive, "nvr", folder=str(nvr)) == {"folder"}


def test_the_data_directory_is_no_source(archive: Archive, nvr: Path, tmp_path: Path) -> None:
    inside = archive.directory.root / "thumbnails"
    inside.mkdir(parents=True)
    (nvr / "link").symlink_to(inside)
    for folder in (archive.directory.root, inside, tmp_path, nvr / "link"):
        assert problems_of(archive, "nvr", folder=str(folder)) == {"folder"}


def test_a_folder_is_one_source_by_whatever_way(archive: Archive, nvr: Path) -> None:
    (nvr.parent / "link").symlink_to(nvr)
    add_source(archive.settings, archive.catalog, "nvr", {"folder": str(nvr)})
    for folder in (nvr, nvr.parent / "link", nvr / ".." / "nvr"):
        with pytest.raises(SourceError, match="that of the source 'nvr' already"):
            add_source(archive.settings, archive.catalog, "again", {"folder": str(folder)})


def test_names_that_are_taken_are_refused(archive: Archive, nvr: Path) -> None:
    other = nvr / "other"
    other.mkdir()
    own = {"nvr": SourceSettings(folder=nvr)}
    settings = archive.settings.model_copy(update={"sources": own})
    with pytest.raises(SourceError, match="The settings have a source named 'nvr' already"):
        add_source(settings, archive.catalog, "nvr", {"folder": str(other)})
    add_source(settings, archive.catalog, "other", {"folder": str(other)})
    with pytest.raises(SourceError, match="There is a source named 'other' already"):
        add_source(settings, archive.catalog, "other", {"folder": str(nvr / "..")})


def test_only_what_was_added_can_be_removed(archive: Archive, nvr: Path) -> None:
    settings = archive.settings.model_copy(update={"sources": {"nvr": SourceSettings(folder=nvr)}})
    with pytest.raises(SourceError, match=r"take \[sources.nvr\] out there"):
        remove_source(settings, archive.catalog, "nvr")
    with pytest.raises(SourceError, match="There is no source named 'door'"):
        remove_source(settings, archive.catalog, "door")


def test_a_removed_source_leaves_nothing_in_the_queue_but_what_runs(
    archive: Archive, nvr: Path
) -> None:
    add_source(archive.settings, archive.catalog, "nvr", {"folder": str(nvr)})
    wait_in_line(archive.catalog, nvr / "fails.mp4", nvr / "runs.mp4", nvr / "waits.mp4")
    fail_next(archive.catalog, "It is damaged.")
    running = run_next(archive.catalog)
    wait_in_line(archive.catalog, nvr / "another.mp4", source="door")
    remove_source(archive.settings, archive.catalog, "nvr")
    counts = counts_by_source(archive.catalog.database)
    assert (counts["nvr"].known, counts["nvr"].failed, counts["door"].known) == (1, 0, 1)
    assert [job.id for job in archive.catalog.jobs.jobs(JobState.RUNNING)] == [running.id]


_TEXT = st.text(max_size=90)


@hypothesis_settings(deadline=None)
@given(
    name=_TEXT,
    folder=_TEXT,
    every=_TEXT,
    cron=_TEXT,
    since=_TEXT | st.datetimes().map(str),
    settle=_TEXT | st.sampled_from(["inf", "nan", "-1", "1e999"]),
)
def test_whatever_is_typed_is_taken_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, name: str, folder: str, **typed: str
) -> None:
    place = tmp_path_factory.getbasetemp() / "arbitrary"
    (place / "nvr").mkdir(parents=True, exist_ok=True)
    values = {**typed, "folder": folder or str(place / "nvr")}
    settings = Settings(data_dir=place / "data")
    with Archive(settings) as archive:
        try:
            add_source(settings, archive.catalog, name, values)
        except SourceError as error:
            assert all(error.problems.values()) and error.exit_code is ExitCode.USAGE
        else:
            assert name in all_sources(settings, archive.catalog)
            remove_source(settings, archive.catalog, name)


def ask(archive: Archive, *arguments: object, **variables: str) -> Result:
    """`mmrag-video sources`, in this process."""
    data = str(archive.directory.root)
    call = ["--data-dir", data, "sources", *map(str, arguments)]
    return CliRunner().invoke(cli, call, env=variables)


def test_sources_are_added_listed_and_removed_by_commands(archive: Archive, nvr: Path) -> None:
    empty = ask(archive)
    assert (empty.exit_code, empty.stdout) == (ExitCode.OK, "")
    assert "mmrag-video sources add NAME FOLDER" in empty.stderr
    options = ["--camera-from", "folder", "--cron", "*/15 * * * *", "--ignore", "a/*", "--live"]
    assert ask(archive, "add", "nvr", nvr, *options).exit_code == ExitCode.OK
    listed = ask(archive).stdout
    for words in ("nvr", str(nvr), "from the folder", "*/15 * * * *", "page"):
        assert words in listed
    [source] = json.loads(ask(archive, "--json").stdout)["sources"]
    assert source["files"] == {"known": 0, "waiting": 0, "failed": 0}
    assert (source["ignore"], source["live"], source["recursive"]) == (["a/*"], True, True)
    assert ask(archive, "remove", "nvr").exit_code == ExitCode.OK
    gone = ask(archive, "remove", "nvr")
    assert gone.exit_code == ExitCode.USAGE
    assert gone.stderr.startswith("Error: There is no source named 'nvr'")


def test_a_command_says_in_words_why_a_source_is_refused(archive: Archive, nvr: Path) -> None:
    refused = ask(archive, "add", "nvr", nvr / "nowhere", "--every", "nan")
    assert refused.exit_code == ExitCode.USAGE
    assert "cannot be looked at: No such file or directory." in refused.stderr
    assert "every: " in refused.stderr and "Traceback" not in refused.stderr


def test_a_source_of_the_settings_is_listed_as_such(archive: Archive, nvr: Path) -> None:
    own = json.dumps({"nvr": {"folder": str(nvr), "camera": "Front door"}})
    listed = json.loads(ask(archive, "--json", MMRAG_SOURCES=own).stdout)["sources"]
    assert [(source["name"], source["origin"]) for source in listed] == [("nvr", "settings")]
    refused = ask(archive, "add", "nvr", nvr, MMRAG_SOURCES=own)
    assert refused.exit_code == ExitCode.USAGE


def test_sources_of_the_settings_lie_in_no_other_and_not_around_the_data(tmp_path: Path) -> None:
    nvr, data = tmp_path / "nvr", tmp_path / "all" / "data"

    def sources(**folders: Path) -> Settings:
        own = {name: SourceSettings(folder=folder) for name, folder in folders.items()}
        return Settings(data_dir=data, sources=own)

    refuse_misplaced(sources(nvr=nvr, gate=nvr / "gate"))
    with pytest.raises(SettingsError, match=r"sources.again: .* is that of the source 'nvr'"):
        refuse_misplaced(sources(nvr=nvr, again=nvr))
    for folder in (data.parent, data / "clips"):
        with pytest.raises(SettingsError, match=r"sources.nvr: .* lie in one another"):
            refuse_misplaced(sources(nvr=folder))


def test_a_folder_of_the_settings_is_known_by_its_whole_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert SourceSettings(folder=Path("nvr")).folder == tmp_path / "nvr"
