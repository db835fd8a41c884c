"""The frames of real files, numbered as they are shown: constant and variable rates, B-frames."""

from datetime import datetime
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmrag_video.errors import RecordingError
from mmrag_video.video.frame_numbers import USUAL_RATES, number_frames
from mmrag_video.video.frame_rate import DROP_FRAME_RATES, FrameRate
from mmrag_video.video.pyav_reader import PyavReader
from mmrag_video.video.source_timecode import (
    SourceFrames,
    TimecodeOrigin,
    read_source_frames,
    source_timecode,
)
from tests.exported import conformed_numbers, write_exactly
from tests.footage import Encoding, number_in, steadily, write_numbered

NTSC, DOUBLE_NTSC = DROP_FRAME_RATES
MILLISECOND = Fraction(1, 1000)
UNSTEADY = [0, 40, 500, 540, 1300, 1340, 1900, 2500]
JITTERY = [n * 40 + n * 7 % 5 * 3 for n in range(60)]


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "avi", "mov"])
@pytest.mark.parametrize("encoding", [Encoding(), Encoding(b_frames=2), Encoding("mpeg4")])
def test_each_frame_has_the_number_in_its_picture(tmp_path: Path, suffix: str, encoding: Encoding):
    path = tmp_path / f"a.{suffix}"
    write_numbered(path, steadily(40), encoding)
    numbers = read_source_frames(path).numbers
    assert (numbers.rate, numbers.is_constant, len(numbers)) == (25, True, 40)
    with PyavReader(path) as reader:
        for frame in reader.frames():
            assert numbers.at(frame.time) == number_in(frame.image)
            assert numbers.time_of(number_in(frame.image)) == frame.time


def test_what_an_edit_list_hides_is_not_counted(tmp_path: Path):
    path = tmp_path / "a.mp4"
    recorded = write_numbered(path, steadily(70, start=-1200), Encoding(b_frames=2, gop=50))
    source = source_timecode(read_source_frames(path))
    assert (source.first, source.end) == (0, 40)
    with PyavReader(path) as reader:
        for time in (Fraction(0), Fraction(1, 2), Fraction(3, 2)):
            shown = number_in(reader.frame_at(time).image)
            assert source.at(time) == shown - recorded.first


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_of_a_variable_rate_each_frame_has_its_own_time(tmp_path: Path, suffix: str):
    path = tmp_path / f"a.{suffix}"
    write_numbered(path, UNSTEADY, Encoding(b_frames=2))
    numbers = read_source_frames(path).numbers
    assert not numbers.is_constant
    assert [numbers.time_of(n) for n in range(len(numbers))] == [
        ms * MILLISECOND for ms in UNSTEADY
    ]
    assert [numbers.at(ms * MILLISECOND + Fraction(1, 10**6)) for ms in UNSTEADY] == [*range(8)]


@pytest.mark.parametrize("rate", [*USUAL_RATES, Fraction(25, 2), Fraction(15), Fraction(1)])
@pytest.mark.parametrize("clock", [1000, 90_000])
def test_a_constant_rate_is_known_through_the_rounding_of_its_clock(rate: Fraction, clock: int):
    ticks = [int(n * clock / rate) for n in range(3000)]
    numbers = number_frames(ticks, Fraction(1, clock))
    assert (numbers.rate, numbers.is_constant) == (rate, True)
    # 12.5 in 25, 15 in 30, 1 in 24: whole multiples, so no place is rounded.
    assert (numbers.editing_rate / rate).denominator == 1
    step = int(numbers.editing_rate / rate)
    assert [numbers.counted_at(numbers.editing_rate, n) for n in (0, 1, 999)] == [
        0,
        step,
        999 * step,
    ]


@pytest.mark.parametrize("ticks", [UNSTEADY, JITTERY, steadily(40)], ids=["gaps", "jitter", "even"])
@pytest.mark.parametrize("suffix", ["mkv", "mp4"])
def test_ffmpeg_puts_each_frame_to_the_same_place(tmp_path: Path, ticks: list[int], suffix: str):
    path = tmp_path / f"a.{suffix}"
    write_exactly(path, ticks, MILLISECOND, Fraction(25))
    numbers = read_source_frames(path).numbers
    rate = numbers.editing_rate
    theirs = conformed_numbers(path, rate)
    assert [theirs[numbers.counted_at(rate, n)] for n in range(len(ticks))] == [*range(len(ticks))]


@given(
    st.lists(st.integers(17, 400), min_size=1, max_size=80).map(lambda gaps: [0, *accumulate(gaps)])
)
def test_at_its_editing_rate_each_frame_has_a_place_of_its_own(milliseconds: list[int]):
    numbers = number_frames(milliseconds, MILLISECOND)
    places = [numbers.counted_at(numbers.editing_rate, n) for n in range(len(numbers) + 1)]
    assert places == sorted(set(places))


@given(st.lists(st.integers(1, 400), min_size=1).map(lambda gaps: [0, *accumulate(gaps)]))
def test_the_frame_on_screen_is_the_last_that_was_shown(milliseconds: list[int]):
    numbers = number_frames(milliseconds, MILLISECOND)
    for number, tick in enumerate(milliseconds):
        assert numbers.at(tick * MILLISECOND) == numbers.from_on(tick * MILLISECOND) == number
        if tick:
            just_before = tick * MILLISECOND - Fraction(1, 10**9)
            assert (numbers.at(just_before), numbers.from_on(just_before)) == (number - 1, number)


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (Fraction(25), "10:11:12:13"),
        (NTSC, "00:59:59;20"),
        (NTSC, "01:00:00:05"),
        (Fraction(24_000, 1001), "23:59:59:20"),
    ],
)
def test_frames_are_counted_from_the_timecode_that_the_file_carries(
    tmp_path: Path, rate: Fraction, text: str
):
    path = tmp_path / "a.mov"
    write_exactly(path, range(40), 1 / rate, rate, text)
    source = source_timecode(read_source_frames(path))
    assert source.origin is TimecodeOrigin.RECORDING
    counted = FrameRate.as_written(rate, text)
    assert source.text(source.at(Fraction(0))) == text
    assert source.text(source.at(30 / rate)) == counted.text(counted.frame(text) + 30)
    assert source.end == source.first + 40


def frames(rate: Fraction = Fraction(25), start: str = "") -> SourceFrames:
    return SourceFrames(number_frames(range(100), 1 / rate), start)


def test_where_the_file_carries_none_the_setting_counts():
    source = source_timecode(frames(), "01:00:00:00")
    assert (source.text(source.first), source.origin) == ("01:00:00:00", TimecodeOrigin.SETTING)
    source = source_timecode(frames(start="02:00:00:00"), "01:00:00:00")
    assert (source.text(source.first), source.origin) == ("02:00:00:00", TimecodeOrigin.RECORDING)


def test_the_time_of_day_may_be_the_timecode():
    start = datetime(2025, 3, 4, 14, 3, 22, 500_000, tzinfo=ZoneInfo("Europe/Lisbon"))
    told = source_timecode(frames(), "clock", start)
    assert (told.text(told.first), told.origin) == ("14:03:22:12", TimecodeOrigin.CLOCK)
    drop = source_timecode(frames(NTSC), "clock", start)
    assert drop.text(drop.first).startswith("14:03:22;1")
    slow = source_timecode(frames(Fraction(24_000, 1001)), "clock", start)
    assert slow.text(slow.first) == "14:03:22:12"


def test_on_a_day_of_changing_clocks_the_time_of_day_is_what_the_clock_shows():
    start = datetime(2025, 3, 30, 14, 0, tzinfo=ZoneInfo("Europe/Lisbon"))
    told = source_timecode(frames(), "clock", start)
    assert told.text(told.first) == "14:00:00:00"


@pytest.mark.parametrize("text", ["25:00:00:00", "no", "00:00:00;00", "00:00:00:25"])
def test_what_is_no_timecode_at_its_rate_is_passed_over_and_told(text: str):
    source = source_timecode(frames(start=text), text)
    assert (source.first, source.origin) == (0, TimecodeOrigin.ZERO)
    in_file, in_setting = source.unfit
    assert in_file.startswith("the timecode in the file cannot be counted from (")
    assert in_setting.startswith("the setting start_timecode cannot be counted from (")
    other = source_timecode(frames(start=text), "01:00:00:00")
    assert (other.origin, other.unfit) == (TimecodeOrigin.SETTING, (in_file,))
    assert source_timecode(frames(start="01:00:00:00"), text).unfit == ()


def test_without_a_clock_the_time_of_day_is_unknown():
    source = source_timecode(frames(), "clock", None)
    assert source.origin is TimecodeOrigin.ZERO
    assert "when the recording starts is not known" in source.unfit[0]


def test_a_rate_that_editors_do_not_count_in_becomes_a_multiple():
    source = source_timecode(frames(Fraction(25, 2), start="00:00:01:03"))
    assert source.rate.rate == 25
    assert source.text(source.at(Fraction(0))) == "00:00:01:06"
    assert source.at(Fraction(2, 25)) - source.first == 2


def test_a_start_timecode_in_a_file_of_a_rate_that_editors_do_not_know_stays_what_it_says(
    tmp_path: Path,
):
    path = tmp_path / "a.mov"
    write_exactly(path, range(40), Fraction(2, 25), Fraction(25, 2), "01:00:00:05")
    source = source_timecode(read_source_frames(path))
    assert source.text(source.first) == "01:00:00:10"


@pytest.mark.parametrize(
    ("own", "written", "rate", "carried"),
    [
        (Fraction(15_000, 1001), "10:00:00:00", NTSC, "10:00:00:00"),
        (NTSC, "10:00:00:00", DOUBLE_NTSC, "10:00:00:00"),
        (NTSC, "10:01:00;02", DOUBLE_NTSC, "10:01:00;04"),
        (NTSC, "10:00:00;29", Fraction(60), "10:00:00:58"),
        (Fraction(24_000, 1001), "10:00:00:23", NTSC, "10:00:00:29"),
        (Fraction(25), "23:59:59:24", Fraction(60), "23:59:59:58"),
    ],
)
def test_counted_at_another_rate_a_start_timecode_keeps_its_second_and_its_way_of_counting(
    own: Fraction, written: str, rate: Fraction, carried: str
):
    source = source_timecode(frames(own, written)).recounted(rate)
    assert source.text(source.first) == carried
    assert source.at(8 / own) == source.first + round(8 * rate / own)


def test_where_nothing_was_written_another_rate_counts_as_usual():
    midnight = datetime(2025, 3, 4, 0, 1, tzinfo=ZoneInfo("Europe/Lisbon"))
    unknown = source_timecode(frames()).recounted(NTSC)
    assert unknown.text(unknown.first) == "00:00:00;00"
    # 00:01:00;00 and ;01 are left out.
    told = source_timecode(frames(), "clock", midnight).recounted(NTSC)
    assert told.text(told.first) == "00:01:00;02"


def test_a_file_that_is_no_recording_is_one_sentence(tmp_path: Path):
    path = tmp_path / "a.mp4"
    path.write_text("nothing")
    with pytest.raises(RecordingError, match="is not a video"):
        read_source_frames(path)
