"""A window of the clock: where moments lie in it, and the marks of its axis."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from mmrag_video.clock_window import LONGEST, SHORTEST, ClockWindow

ZONES = [
    ZoneInfo(name)
    for name in (
        "UTC",
        "Europe/Berlin",
        "America/St_Johns",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
    )
]
BERLIN = ZONES[1]
moments = st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))
lengths = st.floats(1, 400 * 86400).map(lambda seconds: timedelta(seconds=seconds))
windows = st.builds(
    lambda start, length: ClockWindow.between(start, start + length), moments, lengths
)


def labels(window: ClockWindow, zone: ZoneInfo = BERLIN) -> list[str]:
    return [tick.label for tick in window.ticks(zone)]


@given(windows, st.sampled_from(ZONES))
def test_an_axis_has_a_few_marks_in_order_at_full_times_of_the_zone(
    window: ClockWindow, zone: ZoneInfo
) -> None:
    ticks = window.ticks(zone)
    assert 1 <= len(ticks) <= 14
    shares = [tick.share for tick in ticks]
    assert shares == sorted(set(shares)) and shares[0] >= 0 and shares[-1] <= 1
    for tick in ticks:
        local = (window.start + window.length * tick.share).astimezone(zone)
        assert abs(local - local.replace(microsecond=0)) < timedelta(seconds=1)


@given(moments, moments)
def test_a_window_is_neither_too_short_nor_too_long(start: datetime, end: datetime) -> None:
    window = ClockWindow.between(start, end)
    assert SHORTEST <= window.length <= LONGEST


@given(windows, st.floats(0, 1))
def test_a_share_of_the_window_is_the_moment_that_lies_there(
    window: ClockWindow, share: float
) -> None:
    assert abs(window.share(window.start + window.length * share) - share) < 1e-6
    assert window.share(window.start - timedelta(days=1)) == 0
    assert window.share(window.end + timedelta(days=1)) == 1


@given(windows)
def test_what_is_zoomed_in_and_out_again_is_the_same(window: ClockWindow) -> None:
    if window.length >= 2 * SHORTEST:
        again = window.zoomed(0.5).zoomed(2)
        assert abs(again.start - window.start) < timedelta(milliseconds=1)
    assert window.moved(0.5).moved(-0.5).length == window.length


def test_a_day_has_a_mark_every_two_hours_and_says_where_it_begins() -> None:
    day = ClockWindow(
        datetime(2025, 3, 3, 23, tzinfo=UTC), datetime(2025, 3, 4, 22, 59, tzinfo=UTC)
    )
    assert labels(day)[:4] == ["Tue 4 Mar", "02:00", "04:00", "06:00"]
    assert [tick.is_midnight for tick in day.ticks(BERLIN)][:2] == [True, False]


def test_the_hour_that_is_twice_is_marked_twice_and_the_one_that_is_missing_is_not() -> None:
    autumn = ClockWindow(
        datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 4, tzinfo=UTC)
    )
    assert [label for label in labels(autumn) if label.endswith(":00")] == [
        "01:00", "02:00", "02:00", "03:00", "04:00"
    ]  # fmt: skip
    spring = ClockWindow(
        datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 4, tzinfo=UTC)
    )
    assert [label for label in labels(spring) if label.endswith(":00")] == [
        "01:00", "03:00", "04:00", "05:00"
    ]  # fmt: skip
