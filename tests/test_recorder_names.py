"""What recorders' file names say: the camera, the time, and never a time they do not hold."""

import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmrag_video.video.camera_names import camera_by_place, camera_name
from mmrag_video.video.recorder_names import RECORDER_PATTERNS, NamedTime, read_name

MOMENT = datetime(2024, 5, 15, 13, 18, 40)


def read(path: str) -> NamedTime:
    named = read_name(PurePosixPath(path))
    assert named is not None, path
    return named


@pytest.mark.parametrize("pattern", RECORDER_PATTERNS, ids=lambda pattern: pattern.recorder)
def test_every_pattern_is_the_first_to_match_its_example(pattern):
    assert read(pattern.example).recorder == pattern.recorder


@pytest.mark.parametrize(
    ("path", "recorder", "camera", "time"),
    [
        (
            "/media/frigate/recordings/2024-05-15/13/front_door/18.40.mp4",
            "Frigate",
            "front_door",
            MOMENT.replace(tzinfo=UTC),
        ),
        (
            "AMC/2024-05-15/001/dav/13/13.18.40-13.19.10[R][0@0][0].dav",
            "Dahua or Amcrest",
            None,
            MOMENT,
        ),
        (
            "Mp4Record/2024-05-15/RecS0A_20240515_131840_131910_0_7F.mp4",
            "Reolink SD card",
            None,
            MOMENT,
        ),
        ("Back Yard_01_20240515131840.mp4", "Reolink FTP", "Back Yard", MOMENT),
        (
            "CAM.20240515_131840312.mp4",
            "Blue Iris",
            "CAM",
            MOMENT + timedelta(milliseconds=312),
        ),
        ("CAM.20240515_131840.mp4", "Blue Iris", "CAM", MOMENT),
        (
            "Gate (8F2A) - 2024-05-15 - 13.18.40-0330.mp4",
            "UniFi Protect archiver",
            "Gate",
            MOMENT.replace(tzinfo=timezone(-timedelta(hours=3, minutes=30))),
        ),
        (
            "Gate/2024-05-15/2024-05-15T13-18-40 motion.mp4",
            "unifi-protect-backup",
            "Gate",
            MOMENT,
        ),
        ("2024-05-15_13-18-40-front.mp4", "Tesla", "front", MOMENT),
        ("192.168.1.64_20240515131840.mp4", "Hikvision", "192.168.1.64", MOMENT),
        ("PORCH_2024-05-15_13-18-40_EDT.mp4", "date and time", "PORCH", MOMENT),
        ("PORCH_2024-05-15_13-18-40_HD.mp4", "date and time", "PORCH", MOMENT),
        (
            "PORCH_2024-05-15_13-18-40+02.mp4",
            "date and time",
            "PORCH",
            MOMENT.replace(tzinfo=timezone(timedelta(hours=2))),
        ),
        (
            "live/porch/2024-05-15_13-18-40-250000.mp4",
            "date and time",
            None,
            MOMENT + timedelta(milliseconds=250),
        ),
        ("2024-05-15T13-18-40.mp4", "date and time", None, MOMENT),
        (
            "20240515T131840Z.mp4",
            "compact date and time",
            None,
            MOMENT.replace(tzinfo=UTC),
        ),
        ("VID_20240515_131840.mp4", "compact date and time", None, MOMENT),
        ("01-20240515131840.avi", "compact date and time", "01", MOMENT),
        (
            "1715779120.mp4",
            "seconds since 1970",
            None,
            MOMENT.replace(tzinfo=UTC),
        ),
        ("監視_2024-05-15_13-18-40.mp4", "date and time", "監視", MOMENT),
    ],
)
def test_names_of_recorders(path, recorder, camera, time):
    named = read(path)
    assert (named.recorder, named.camera, named.time) == (recorder, camera, time)


def test_a_segment_number_after_the_time_is_no_offset_from_utc():
    assert read("PORCH_2024-05-15_13-18-40-01.mp4").time == MOMENT


def test_a_zone_abbreviation_is_kept_beside_a_time_without_zone():
    named = read("PORCH_2024-11-03_01-30-00_EST.mp4")
    assert named.zone_abbreviation == "EST"
    assert named.time == datetime(2024, 11, 3, 1, 30)


def test_reolink_says_whether_daylight_saving_time_was_in_force():
    assert read("RecM0A_DST20240515_131840_131910_0_0.mp4").daylight_saving is True
    assert read("RecM0A_20240115_131840_131910_0_0.mp4").daylight_saving is False
    assert read("PORCH_2024-05-15_13-18-40.mp4").daylight_saving is None


def test_a_name_with_start_and_end_gives_the_duration_even_past_midnight():
    assert read("RecM0A_20240515_235950_000010_0_0.mp4").duration == timedelta(seconds=20)
    dahua = read("2024-05-15/001/dav/23/23.59.50-00.00.10[M][0@0][0].dav")
    assert dahua.duration == timedelta(seconds=20)


def test_unifi_protect_backup_writes_the_end():
    assert read("Gate/2024-05-15/2024-05-15T13-18-40 motion.mp4").is_end
    assert not read("Gate 8F2A - 2024-05-15 - 13.18.40+0200.mp4").is_end


def test_virat_names_a_camera_but_no_time_of_day():
    named = read("VIRAT_S_010204_05_000856_000890.mp4")
    assert (named.camera, named.time) == ("VIRAT_S_0102", None)


@pytest.mark.parametrize(
    "path",
    [
        "20231399_000000.mp4",  # no thirteenth month
        "2023-02-29_12-00-00.mp4",  # not a leap year
        "2024-05-15_24-00-00.mp4",
        "2024-05-15_12-60-00.mp4",
        "CAM.20240515_996312.mp4",
        "invoice_20240515.mp4",  # a date alone has no time of day
        "2024-05-15.mp4",
        "2024-05-15/13/clip.mp4",
        "1970-01-01_00-00-12.mp4",  # a clock that was never set
        "2000-01-01_00-00-12.mp4",
        "serial202405151318409.mp4",  # digits that run on
        "120240515131840.mp4",
        "9999999999.mp4",  # no time since 1970 that a recorder can have seen
        "2034010113.mp4",  # a day and its hour, not seconds since 1970
        "car-detection.mp4",
        "２０２４０５１５_１３１８４０.mp4",  # digits of another script
    ],
)
def test_what_only_looks_like_a_time_is_left_alone(path):
    assert read_name(PurePosixPath(path)) is None


@given(digits=st.text("0123456789", min_size=1, max_size=24))
def test_bare_digits_are_a_time_only_when_they_are_exactly_one(digits):
    named = read_name(PurePosixPath(f"{digits}.mp4"))
    if named is None:
        return
    assert named.time is not None
    if len(digits) == 10:
        assert int(named.time.timestamp()) == int(digits)
    else:
        written = named.time.strftime("%Y%m%d%H%M%S%f")
        assert len(digits) in (14, 17, 20)
        assert written[: len(digits)] == digits
        assert set(written[len(digits) :]) <= {"0"}


@given(name=st.text(max_size=60), folder=st.text(max_size=20))
def test_any_name_at_all_is_read_without_inventing_digits(name, folder):
    path = PurePosixPath("/recordings") / folder / f"{name}.mp4"
    named = read_name(path)
    if named is not None and named.time is not None:
        day_in_path = re.sub(r"\D", "", path.as_posix())
        assert f"{named.time:%Y%m%d}" in day_in_path or str(int(named.time.timestamp())) in str(
            path
        )


@given(
    time=st.datetimes(datetime(2001, 1, 1), datetime(2099, 12, 31)),
    camera=st.from_regex(r"[a-z]{2,8}[0-9]?", fullmatch=True).filter(camera_name),
    form=st.sampled_from(
        [
            "{camera}_%Y-%m-%d_%H-%M-%S.mp4",
            "{camera}.%Y%m%d_%H%M%S.mp4",
            "{camera}_00_%Y%m%d%H%M%S.mp4",
            "{camera} - %Y-%m-%d - %H.%M.%S.mp4",
            "{camera}-%Y%m%dT%H%M%S.mkv",
        ]
    ),
)
def test_every_second_of_the_century_is_read_back(time, camera, form):
    named = read(time.strftime(form).format(camera=camera))
    assert (named.camera, named.time) == (camera, time.replace(microsecond=0))


@pytest.mark.parametrize(
    ("path", "camera"),
    [
        ("/videos/lobby/clip.mp4", "lobby"),
        ("/videos/site a/lobby/clip.mp4", "lobby"),
        ("/videos/lobby/2024-05-15/001/dav/13/a.dav", "lobby"),
        ("/videos/2024/05/15/lobby/clip.mp4", "lobby"),
        ("/videos/lobby/Mp4Record/2024-05-15/a.mp4", "lobby"),
        ("/videos/01/clip.mp4", "01"),
        ("/videos/car-detection.mp4", "car-detection"),
        ("/videos/lobby_0001.mp4", "lobby"),
        ("/videos/lobby 2.mp4", "lobby 2"),
        ("/videos/2024-05-15 lobby.mp4", "lobby"),
        ("/videos/0001.mp4", "videos"),
        ("/videos/clip.mp4", "videos"),
        ("/elsewhere/lobby.mp4", "lobby"),
    ],
)
def test_where_no_name_says_it_the_place_names_the_camera(path, camera):
    assert camera_by_place(PurePosixPath(path), PurePosixPath("/videos")) == camera


def test_a_camera_folder_above_the_ingested_folder_counts_when_nothing_else_does():
    path = PurePosixPath("/data/lobby/2024-05-15/001/dav/13/13.18.40-13.19.10[M].dav")
    assert camera_by_place(path, path.parent, stem_may_name_it=False) == "lobby"


@given(folders=st.lists(st.text(min_size=1, max_size=12), max_size=4), stem=st.text(max_size=20))
def test_a_camera_always_has_a_name_of_one_line(folders, stem):
    path = PurePosixPath("/videos", *(name.replace("/", "") for name in folders), f"{stem}.mp4")
    camera = camera_by_place(path, PurePosixPath("/videos"))
    assert camera.strip()
    assert len(camera.splitlines()) == 1
    camera.encode()
