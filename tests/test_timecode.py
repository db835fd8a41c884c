"""Timecodes: written for people, exact underneath."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmrag_video.video.timecode import Timecode


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (Fraction(0), "00:00:00.000"),
        (Fraction(62480, 1000), "00:01:02.480"),
        (Fraction(1001, 30000), "00:00:00.033"),
        (Fraction(599996, 10000), "00:01:00.000"),  # rounding carries into the minute
        (Fraction(100 * 3600), "100:00:00.000"),
        (Fraction(-3, 2), "-00:00:01.500"),
        (Fraction(-1, 10000), "00:00:00.000"),
    ],
)
def test_a_timecode_is_written_with_milliseconds(seconds, written):
    assert str(Timecode(seconds)) == written


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("00:01:02.480", Fraction(62480, 1000)),
        (" 1:02 ", Fraction(62)),
        ("90:00:00", Fraction(90 * 3600)),
        ("0:0:0.0333333", Fraction(333333, 10**7)),
    ],
)
def test_a_timecode_is_read_exactly(text, seconds):
    assert Timecode.parse(text).seconds == seconds


@pytest.mark.parametrize(
    "text",
    ["", "12", "1:2:3:4", "00:60:00", "00:00:60", "-1:00", "1:00,5", "a:bc", "１:00", "1:5."],
)
def test_anything_else_is_no_timecode(text):
    with pytest.raises(ValueError, match="not a timecode"):
        Timecode.parse(text)


@given(milliseconds=st.integers(0, 10**10))
def test_what_is_written_is_read_back(milliseconds):
    timecode = Timecode(Fraction(milliseconds, 1000))
    assert Timecode.parse(str(timecode)) == timecode


@given(seconds=st.fractions(0, 10**6), later=st.fractions(0, 10**6))
def test_timecodes_are_in_order_and_rounded_by_half_a_millisecond_at_most(seconds, later):
    assert abs(Timecode.parse(str(Timecode(seconds))).seconds - seconds) <= Fraction(1, 2000)
    assert Timecode(seconds) <= Timecode(seconds + later)
