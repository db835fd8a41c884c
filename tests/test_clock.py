"""Which camera, and when: every source of a time, in order, with its doubts in the note."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mmrag_video.settings import CameraSettings, ClockSettings, Settings
from mmrag_video.video.clock import FileTimes, camera_of, clock_of
from mmrag_video.video.wall_clock import UNKNOWN_CLOCK, Clock, ClockOrigin, iso_milliseconds

ROOT = Path("/videos")
MODIFIED = datetime(2030, 1, 1, tzinfo=UTC)
ZONES = [
    "Europe/Berlin",
    "Europe/Dublin",  # winter time is the exception there
    "America/New_York",
    "Australia/Lord_Howe",  # its clocks change by half an hour
    "America/Sao_Paulo",  # gave daylight saving time up in 2019
    "Asia/Kathmandu",
    "Pacific/Apia",  # skipped a whole day in 2011
    "UTC",
]


def times(
    duration: Fraction | int = 60,
    created: datetime | None = None,
    modified: datetime = MODIFIED,
) -> FileTimes:
    return FileTimes(created, modified, Fraction(duration))


def resolve(
    name: str,
    cameras: dict[str, CameraSettings] | None = None,
    *,
    zone: str = "UTC",
    trust_file_time: bool = False,
    of: FileTimes | None = None,
) -> tuple[str, Clock]:
    settings = Settings(
        cameras=cameras or {}, clock=ClockSettings(zone=zone, trust_file_time=trust_file_time)
    )
    camera = camera_of(ROOT / name, ROOT, settings)
    return camera, clock_of(ROOT / name, camera, of or times(), settings)


def start(clock: Clock) -> datetime:
    assert clock.start is not None, clock.note
    return clock.start


def test_a_name_in_local_time_is_read_in_the_cameras_zone():
    camera, clock = resolve(
        "GATE_2024-05-15_13-18-40.mp4", {"GATE": CameraSettings(zone="Asia/Tokyo")}
    )
    assert camera == "GATE"
    assert start(clock).isoformat() == "2024-05-15T13:18:40+09:00"
    assert (clock.origin, clock.zone) == (ClockOrigin.NAME, "Asia/Tokyo")
    assert clock.note == "date and time name"


def test_cameras_without_a_zone_have_the_zone_of_the_clock_settings():
    _, clock = resolve("GATE_2024-05-15_13-18-40.mp4", zone="Europe/Berlin")
    assert start(clock).isoformat() == "2024-05-15T13:18:40+02:00"


def test_a_name_in_utc_is_shown_in_the_cameras_zone():
    _, clock = resolve("2024-05-15/13/gate/18.40.mp4", zone="Europe/Berlin")
    assert start(clock).isoformat() == "2024-05-15T15:18:40+02:00"


def test_the_clock_offset_is_added():
    slow = CameraSettings(clock_offset=timedelta(seconds=90))
    _, clock = resolve("GATE_2024-05-15_13-18-40.mp4", {"GATE": slow})
    assert start(clock).isoformat() == "2024-05-15T13:20:10+00:00"
    assert "clock offset +90 s added" in clock.note
    assert clock.offset_added == timedelta(seconds=90)


def test_a_clock_tells_what_was_added_to_it_and_not_what_the_settings_say():
    at_odds = CameraSettings(clock_offset=timedelta(seconds=95))
    other = CameraSettings(
        pattern=r"(?P<camera>[a-z]+)@(?P<time>\d{12})",
        time_format="%Y%m%d%H%M",
        clock_offset=timedelta(seconds=-1234.567891),
        time_is="end",
    )
    _, by_anothers_pattern = resolve("gate@202405151318.mp4", {"all": other})
    assert by_anothers_pattern.offset_added == timedelta(seconds=-1234.567891)
    _, by_file = resolve("gate/a.mp4", {"gate": at_odds}, trust_file_time=True)
    assert by_file.origin is ClockOrigin.FILE_TIME
    assert by_file.offset_added == timedelta(0)
    _, unknown = resolve("gate/a.mp4", {"gate": at_odds})
    assert unknown.start is None and unknown.offset_added is None
    not_exactly = Clock(MODIFIED, ClockOrigin.NAME, "name, clock offset +1.23457e+06 s added")
    assert not_exactly.offset_added is None


def test_a_name_that_holds_the_end_goes_back_by_the_duration():
    _, clock = resolve("gate/2024-05-15/2024-05-15T13-18-40 person.mp4", of=times(Fraction(41, 2)))
    assert start(clock).isoformat() == "2024-05-15T13:18:19.500000+00:00"
    assert "its time is the end" in clock.note


def test_the_camera_says_whether_its_names_hold_the_start_or_the_end():
    at_end = CameraSettings(time_is="end")
    _, clock = resolve("GATE_2024-05-15_13-18-40.mp4", {"GATE": at_end})
    assert start(clock).isoformat() == "2024-05-15T13:17:40+00:00"
    at_start = CameraSettings(time_is="start")
    _, clock = resolve("gate/2024-05-15/2024-05-15T13-18-40 person.mp4", {"gate": at_start})
    assert start(clock).isoformat() == "2024-05-15T13:18:40+00:00"


def test_the_cameras_own_pattern_comes_before_the_built_in_ones():
    own = CameraSettings(
        pattern=r"_(?P<time>\d{8}-\d{6})_", time_format="%d%m%Y-%H%M%S", zone="Europe/Berlin"
    )
    camera, clock = resolve("x_15052024-131840_2023-01-01_00-00-00.mp4", {"gate": own})
    assert camera == "gate"
    assert start(clock).isoformat() == "2024-05-15T13:18:40+02:00"
    assert (clock.origin, clock.note) == (ClockOrigin.CAMERA_PATTERN, "pattern of camera gate")


def test_a_pattern_may_name_the_camera_whose_settings_then_hold():
    cameras = {
        "all": CameraSettings(
            pattern=r"(?P<camera>[a-z]+)@(?P<time>\d{12})", time_format="%Y%m%d%H%M"
        ),
        "gate": CameraSettings(zone="Asia/Tokyo"),
    }
    camera, clock = resolve("gate@202405151318.mp4", cameras)
    assert camera == "gate"
    assert start(clock).isoformat() == "2024-05-15T13:18:00+09:00"


def test_a_pattern_whose_time_is_impossible_is_passed_over():
    own = CameraSettings(pattern=r"(?P<time>\d{8}_\d{6})", time_format="%d%m%Y_%H%M%S")
    camera, clock = resolve("GATE_20240515_131840.mp4", {"other": own})
    assert (camera, clock.origin) == ("GATE", ClockOrigin.NAME)


@pytest.mark.parametrize("folder", ["/videos/north", "north", "videos/north"])
def test_all_recordings_under_a_cameras_folder_are_its_own(folder):
    gate = CameraSettings(folder=folder, zone="Asia/Tokyo")
    camera, clock = resolve("north/deep/CAM_2024-05-15_13-18-40.mp4", {"gate": gate})
    assert (camera, clock.zone) == ("gate", "Asia/Tokyo")
    assert resolve("north-2/CAM_2024-05-15_13-18-40.mp4", {"gate": gate})[0] == "CAM"


def test_a_file_ingested_by_itself_is_named_like_one_found_in_its_folder():
    path = ROOT / "lobby_0001.mp4"
    assert camera_of(path, path, Settings()) == "lobby"
    assert camera_of(path, ROOT, Settings()) == "lobby"


def test_the_containers_time_is_taken_as_the_start_and_says_so():
    created = datetime(2024, 5, 15, 13, 18, 40, tzinfo=UTC)
    _, clock = resolve("lobby.mp4", zone="Europe/Berlin", of=times(created=created))
    assert start(clock).isoformat() == "2024-05-15T15:18:40+02:00"
    assert clock.origin is ClockOrigin.CONTAINER
    assert "taken as the start in UTC" in clock.note


@pytest.mark.parametrize(
    ("created", "word"),
    [
        (datetime(1904, 1, 1, tzinfo=UTC), "never set"),
        (datetime(1970, 1, 1, tzinfo=UTC), "never set"),
        (MODIFIED + timedelta(days=2), "later than the file"),
        (MODIFIED - timedelta(seconds=1), "when the file was finished"),
    ],
)
def test_a_container_time_that_makes_no_sense_is_refused(created, word):
    _, clock = resolve("lobby.mp4", of=times(created=created))
    assert clock.start is None
    assert clock.origin is ClockOrigin.UNKNOWN
    assert word in clock.note


def test_the_files_time_counts_only_when_it_is_trusted():
    assert resolve("lobby.mp4")[1] == UNKNOWN_CLOCK
    _, clock = resolve("lobby.mp4", trust_file_time=True)
    assert start(clock) == MODIFIED - timedelta(seconds=60)
    assert clock.origin is ClockOrigin.FILE_TIME


def test_virat_names_the_camera_and_the_time_stays_unknown():
    camera, clock = resolve("VIRAT_S_010204_05_000856_000890.mp4")
    assert camera == "VIRAT_S_0102"
    assert clock.start is None
    assert "seconds into a longer recording" in clock.note


def test_a_name_whose_length_differs_from_the_files_is_noted():
    name = "RecM0A_20240115_131840_131910_0_0.mp4"
    assert "says 30 s, the file lasts 12 s" in resolve(name, of=times(12))[1].note
    assert "lasts" not in resolve(name, of=times(31))[1].note


class TestClockChanges:
    """Berlin's clocks went back at 03:00 on 29 October 2023 and forward at 02:00 on 26 March."""

    def test_of_an_hour_shown_twice_the_earlier_is_taken_and_noted(self):
        _, clock = resolve("GATE_2023-10-29_02-30-00.mp4", zone="Europe/Berlin")
        assert start(clock).isoformat() == "2023-10-29T02:30:00+02:00"
        assert "had this hour twice" in clock.note

    def test_the_daylight_saving_flag_of_the_name_decides(self):
        summer = resolve("RecM0A_DST20231029_023000_023100_0_0.mp4", zone="Europe/Berlin")[1]
        winter = resolve("RecM0A_20231029_023000_023100_0_0.mp4", zone="Europe/Berlin")[1]
        assert start(winter).timestamp() - start(summer).timestamp() == 3600
        assert (summer.note, winter.note) == ("Reolink SD card name, DST", "Reolink SD card name")

    def test_the_zones_abbreviation_in_the_name_decides(self):
        summer = resolve("GATE_2023-10-29_02-30-00_CEST.mp4", zone="Europe/Berlin")[1]
        winter = resolve("GATE_2023-10-29_02-30-00_CET.mp4", zone="Europe/Berlin")[1]
        assert start(winter).timestamp() - start(summer).timestamp() == 3600

    def test_a_skipped_hour_moves_forward_and_is_noted(self):
        _, clock = resolve("GATE_2023-03-26_02-30-00.mp4", zone="Europe/Berlin")
        assert start(clock).isoformat() == "2023-03-26T03:30:00+02:00"
        assert "skipped this hour" in clock.note

    def test_going_back_from_an_end_after_the_change_crosses_it(self):
        name = "gate/2023-10-29/2023-10-29T03-15-00 person.mp4"
        _, clock = resolve(name, zone="Europe/Berlin", of=times(30 * 60))
        assert start(clock).isoformat() == "2023-10-29T02:45:00+01:00"

    def test_a_flag_that_the_zone_contradicts_is_noted(self):
        _, clock = resolve("RecM0A_DST20240115_131840_131940_0_0.mp4", zone="Europe/Berlin")
        assert "does not keep daylight saving time then, unlike the name" in clock.note
        _, clock = resolve("RecM0A_DST20240715_131840_131940_0_0.mp4", zone="Europe/Dublin")
        assert "unlike the name" not in clock.note

    def test_an_abbreviation_the_zone_never_keeps_leaves_the_time_unknown(self):
        _, clock = resolve("GATE_2024-01-15_13-18-40_EST.mp4", zone="Europe/Berlin")
        assert clock.start is None
        assert "says EST, which Europe/Berlin does not keep then" in clock.note


@given(
    seconds=st.integers(
        int(datetime(2005, 1, 1).timestamp()), int(datetime(2029, 1, 1).timestamp())
    ),
    zone=st.sampled_from(ZONES),
)
@example(seconds=1698539400, zone="Europe/Berlin")
@example(seconds=1698543000, zone="Europe/Berlin")
def test_every_instant_is_found_again_from_what_its_clock_showed(seconds, zone):
    instant = datetime.fromtimestamp(seconds, tz=ZoneInfo(zone))
    _, clock = resolve(f"GATE_{instant:%Y-%m-%d_%H-%M-%S}.mp4", zone=zone)
    if "twice" in clock.note:
        assert start(clock) <= instant.astimezone(UTC)
        assert start(clock).replace(tzinfo=None, fold=0) == instant.replace(tzinfo=None, fold=0)
    else:
        assert start(clock).astimezone(UTC) == instant.astimezone(UTC)
        assert clock.note == "date and time name"


@given(
    local=st.datetimes(datetime(2005, 1, 1), datetime(2029, 1, 1)).map(
        lambda time: time.replace(microsecond=0)
    ),
    zone=st.sampled_from(ZONES),
)
@example(local=datetime(2023, 3, 26, 2, 30), zone="Europe/Berlin")
@example(local=datetime(2011, 12, 30, 12), zone="Pacific/Apia")
def test_the_clock_shows_what_the_name_says_unless_the_hour_was_skipped(local, zone):
    _, clock = resolve(f"GATE_{local:%Y-%m-%d_%H-%M-%S}.mp4", zone=zone)
    shown = start(clock).replace(tzinfo=None, fold=0)
    assert (shown > local) == ("skipped" in clock.note)
    assert shown >= local


@given(
    seconds=st.integers(1_104_537_600, 1_861_920_000),
    duration=st.integers(1, 7200),
    offset=st.integers(-7200, 7200),
    zone=st.sampled_from(ZONES),
)
@example(seconds=1698541200, duration=1800, offset=0, zone="Europe/Berlin")
def test_from_start_or_end_an_hour_has_3600_seconds_in_every_zone(seconds, duration, offset, zone):
    end = datetime.fromtimestamp(seconds, tz=ZoneInfo(zone))
    own = CameraSettings(zone=zone, clock_offset=timedelta(seconds=offset), time_is="end")
    _, clock = resolve(f"GATE_{end:%Y-%m-%d_%H-%M-%S%z}.mp4", {"GATE": own}, of=times(duration))
    assert start(clock).timestamp() == seconds + offset - duration
    assert clock.offset_added == own.clock_offset
    shown_end = clock.at(Fraction(duration))
    assert shown_end is not None
    assert shown_end.timestamp() == seconds + offset


@given(stem=st.from_regex(r"[a-zA-Z][a-z -]{0,20}", fullmatch=True))
def test_an_unknown_time_stays_unknown(stem):
    _, clock = resolve(f"{stem}.mp4")
    assert clock == UNKNOWN_CLOCK


def test_a_time_just_before_summer_time_is_rounded_to_the_hour_that_there_is():
    almost = datetime(2026, 3, 29, 0, 59, 59, 999_700, tzinfo=ZoneInfo("Europe/Lisbon"))
    assert iso_milliseconds(almost) == "2026-03-29T02:00:00.000+01:00"
    before = almost.replace(microsecond=999_400)
    assert iso_milliseconds(before) == "2026-03-29T00:59:59.999+00:00"
