"""Settings of cameras that are made while it runs: who has the last word, and what follows."""

import os
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mmrag_video.archive import Archive
from mmrag_video.camera_settings import CameraError, camera_in_force, change_camera
from mmrag_video.catalog.records import Recording
from mmrag_video.catalog.writer_lock import writer_lock
from mmrag_video.index.frames import FrameFilter
from mmrag_video.ingest import OutcomeState
from mmrag_video.retention import limits_of
from mmrag_video.settings import CameraSettings
from mmrag_video.video.clock import FileTimes, clock_of
from tests.conftest import Command, ingest_all
from workers.camera_changes import CameraChanges

YARD = "yard"
EVERYWHERE = [[0, 0], [1, 0], [1, 1], [0, 1]]


@pytest.fixture(scope="module")
def known(opened: Archive, yard_clip: Path) -> Archive:
    """An archive that holds the yard's recording."""
    ingest_all(opened, yard_clip)
    return opened


@pytest.fixture(autouse=True)
def nothing_set(opened: Archive) -> Iterator[None]:
    yield
    opened.catalog.camera_settings.change(YARD, dict.fromkeys(CameraSettings.model_fields))


def set_of(archive: Archive, **values: object) -> CameraSettings:
    return change_camera(archive.settings, archive.catalog, YARD, values)


def refused(archive: Archive, values: Mapping[str, object], camera: str = YARD) -> dict[str, str]:
    with pytest.raises(CameraError) as told:
        change_camera(archive.settings, archive.catalog, camera, values)
    return dict(told.value.problems)


def test_what_is_typed_holds_and_what_is_emptied_is_taken_back(known: Archive) -> None:
    assert known.settings_in_force.cameras.get(YARD, CameraSettings()) == CameraSettings()
    set_of(
        known,
        zone="Asia/Tokyo",
        clock_offset="-1.5",
        masks="[[[0, 0], [0.5, 0], [0.5, 0.1]]]",
        keep_days="30",
        heartbeat="",
    )
    own = known.settings_in_force.cameras[YARD]
    assert own.zone == "Asia/Tokyo" and own.clock_offset == timedelta(seconds=-1.5)
    assert own.masks == (((0, 0), (0.5, 0), (0.5, 0.1)),)
    assert known.settings_in_force.sampler_for(YARD).masks == own.masks
    assert limits_of(known.settings_in_force, YARD).age == timedelta(days=30)
    left = set_of(known, zone="", clock_offset=None, masks=[], keep_days="31")
    assert left.model_fields_set == {"keep_days"}


def test_fields_of_the_settings_have_the_last_word_one_by_one(known: Archive) -> None:
    set_of(known, zone="Asia/Tokyo", heartbeat=5)
    file = {"cameras": {YARD: CameraSettings(zone="Europe/Lisbon", folder="/nvr/yard")}}
    settings = known.settings.model_copy(update=file)
    own = camera_in_force(settings, known.catalog, YARD)
    assert own.settings.zone == "Europe/Lisbon" and own.settings.heartbeat == 5
    assert own.settings.folder == "/nvr/yard" and own.fixed == {"zone", "folder"}
    with pytest.raises(CameraError, match=r"the settings set it; change \[cameras.yard\] there"):
        change_camera(settings, known.catalog, YARD, {"zone": "UTC"})


def test_everything_that_is_wrong_is_told_field_by_field_and_nothing_is_changed(
    known: Archive,
) -> None:
    wrong = {
        "zone": "Lisbon",
        "clock_offset": "soon",
        "masks": "[[0, 0]",
        "region": [[0, 0], [2, 0], [0, 1]],
        "sensitivity": "3",
        "heartbeat": "nan",
        "interval": "1e999",
        "keep_days": "1e9",
        "start_timecode": "noon",
        "folder": "/nvr",
        "colour": "red",
        "keep_gigabytes": "5",
    }
    problems = refused(known, wrong)
    assert problems.keys() == wrong.keys() - {"keep_gigabytes"}
    assert "Europe/Lisbon" in problems["zone"] and "not a number" in problems["clock_offset"]
    assert "JSON" in problems["masks"] and "from 0 to 1" in problems["region"]
    assert "settings file alone" in problems["folder"] and "no such" in problems["colour"]
    assert not camera_in_force(known.settings, known.catalog, YARD).settings.model_fields_set
    assert refused(known, {"zone": "UTC"}, "nobody").keys() == {"name"}


@pytest.mark.parametrize(
    "masks", ['{"a": 1}', "[1]", "[[[0, 0], [1, 1]]]", "[[[0, 0], [0, NaN], [1, 1]]]", "[" * 60_000]
)
def test_what_is_no_list_of_polygons_is_refused(known: Archive, masks: str) -> None:
    assert refused(known, {"masks": masks}).keys() == {"masks"}


def test_a_mask_does_not_take_away_the_zone_of_the_pattern_that_names_the_camera(
    known: Archive,
) -> None:
    halls = CameraSettings(
        pattern=r"halls/(?P<camera>\w+)/(?P<time>\d{8}-\d{6})",
        time_format="%Y%m%d-%H%M%S",
        zone="Asia/Tokyo",
    )
    set_of(known, masks=[EVERYWHERE])
    settings = known.settings_in_force
    cameras = {"cameras": {"halls": halls, **settings.cameras}}
    times = FileTimes(None, datetime(2026, 3, 1, tzinfo=UTC), Fraction(10))
    path = Path("/halls/yard/20260301-120000.mp4")
    clock = clock_of(path, YARD, times, settings.model_copy(update=cameras))
    assert clock.zone == "Asia/Tokyo"


def test_movement_under_a_mask_keeps_no_frame_of_what_arrives_next(
    known: Archive, yard_clip: Path, tmp_path: Path
) -> None:
    before = known.catalog.footage.latest(YARD, 1)[0]
    set_of(known, masks=[EVERYWHERE])
    [outcome] = ingest_all(known, another(yard_clip, tmp_path / "yard_2026-03-01_13-00-00.mp4"))
    assert outcome.state is OutcomeState.ADDED and outcome.recording is not None
    index = known.catalog.active_index()
    assert index is not None
    kept = [
        len(known.directory.pictured(index.collection, one.id))
        for one in (before, outcome.recording)
    ]
    assert kept[0] > 3 and kept[1] == 1, "the first frame is always kept"
    [told] = ingest_all(known, yard_clip)
    assert told.state is OutcomeState.SAMPLER_CHANGED, "known ones keep theirs"


def another(clip: Path, path: Path) -> Path:
    """The same pictures as another recording."""
    shutil.copy(clip, path)
    with path.open("ab") as file:
        file.write(b"\0\0\0\x10free" + os.urandom(8))
    return path


def test_a_running_worker_corrects_the_clock_of_known_recordings_and_back(known: Archive) -> None:
    changes = CameraChanges(known)
    set_of(known, zone="Asia/Tokyo", clock_offset=30)
    tokyo = datetime(2026, 3, 1, 12, 0, 30, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert changes.are_due
    follow(known, changes)
    recording = yard(known)
    assert recording.clock.start == tokyo and "clock offset +30 s" in recording.clock.note
    assert found_from(known, tokyo, timedelta(seconds=5)) > 0
    set_of(known, zone="", clock_offset="")
    anew = CameraChanges(known)  # a worker that was started since
    assert anew.are_due, "it looks at what was ever set"
    follow(known, anew)
    assert yard(known).clock.start == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert found_from(known, tokyo, timedelta(seconds=5)) == 0


def follow(archive: Archive, changes: CameraChanges) -> None:
    with writer_lock(archive.directory.root):
        changes.carry_out()


def yard(archive: Archive) -> Recording:
    """The first of the yard's recordings."""
    return min(archive.catalog.holdings.of_camera(YARD), key=lambda one: one.path.name)


def found_from(archive: Archive, start: datetime, length: timedelta) -> int:
    """How many frames the store has from a moment on."""
    identity = archive.active_identity
    assert identity is not None
    vector = archive.sample(identity).vectors[0]
    where = FrameFilter(start=start, end=start + length)
    return len(archive.store(identity).search(vector, where))


def test_the_command_sets_and_known_recordings_follow(
    run: Command, tmp_path: Path, yard_clip: Path
) -> None:
    place = {"MMRAG_DATA_DIR": str(tmp_path / "data")}
    assert run("ingest", yard_clip, **place).returncode == 0
    done = run("cameras", "set", YARD, "zone=Asia/Tokyo", "heartbeat=7", **place)
    assert (done.returncode, done.stderr) == (0, "Set: yard.\n")
    assert "2026-03-01 12:00:00 +09:00" in run("cameras", **place).stdout
    shown = run("cameras", "show", YARD, **place).stdout
    assert '"zone": "Asia/Tokyo"' in shown and '"heartbeat": 7.0' in shown
    assert "camera set" in run("audit", "show", **place).stdout
    wrong = run("cameras", "set", YARD, "zone", **place)
    assert wrong.returncode == 2 and "zone=Europe/Lisbon" in wrong.stderr
    renamed = run("cameras", "rename", YARD, "Back yard", **place)
    assert (renamed.returncode, renamed.stderr) == (0, "Renamed: yard is Back yard.\n")
    assert "Back yard" in run("search", "a red block", "--camera", "Back yard", **place).stdout
    assert run("cameras", "rename", YARD, "gate", **place).returncode == 2
