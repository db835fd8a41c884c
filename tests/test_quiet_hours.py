"""Hours without work: which they are, and how long they put off the end."""

from datetime import UTC, datetime, timedelta
from datetime import time as TimeOfDay
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from mmrag_video.quiet_hours import end_of_work, is_quiet

ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu")]
ZONES += [ZoneInfo("Australia/Lord_Howe"), ZoneInfo("America/St_Johns")]
BERLIN = ZONES[1]
MINUTE = timedelta(minutes=1)
clocks = st.tuples(st.integers(0, 23), st.integers(0, 59)).map(lambda at: f"{at[0]:02}:{at[1]:02}")
spans = st.tuples(clocks, clocks | st.just("24:00")).map("-".join)
days_of_change = st.sampled_from(
    [datetime(2026, 3, 28), datetime(2026, 10, 24), datetime(2026, 3, 7), datetime(2026, 10, 31)]
)
begins = st.builds(
    lambda day, minutes: day.replace(tzinfo=UTC) + minutes * MINUTE,
    days_of_change | st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)),
    st.integers(0, 2 * 24 * 60),
).map(lambda begin: begin.replace(second=0, microsecond=0))


@given(st.integers(0, 1439), st.integers(0, 1439), st.integers(0, 1439))
def test_hours_hold_from_their_begin_up_to_their_end_over_midnight_too(
    now: int, begin: int, end: int
) -> None:
    hours = f"{begin // 60:02}:{begin % 60:02}-{end // 60:02}:{end % 60:02}"
    minutes_in = (now - begin) % 1440
    length = (end - begin) % 1440
    assert is_quiet(TimeOfDay(now // 60, now % 60), [hours]) == (minutes_in < length)


def test_the_whole_day_can_be_named() -> None:
    assert is_quiet(TimeOfDay(23, 59), ["00:00-24:00"])
    assert is_quiet(TimeOfDay(0, 0), ["00:00-24:00"])


def test_work_goes_on_after_the_quiet_hours() -> None:
    begin = datetime(2026, 6, 1, 7, 0, 30, tzinfo=BERLIN)
    end = end_of_work(begin, 2 * 3600, ["08:00-18:00"], BERLIN)
    assert end == datetime(2026, 6, 1, 19, 0, 30, tzinfo=BERLIN)


def test_a_night_in_which_the_clock_is_set_is_an_hour_shorter_or_longer() -> None:
    for day, hours in ((datetime(2026, 3, 28), 7), (datetime(2026, 10, 24), 9)):
        begin = day.replace(hour=22, tzinfo=BERLIN)
        end = end_of_work(begin, 60, ["22:00-06:00"], BERLIN)
        assert end is not None
        assert end - begin.astimezone(UTC) == timedelta(hours=hours, minutes=1)


def test_where_every_hour_is_quiet_work_has_no_end() -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)
    assert end_of_work(now, 1, ["00:00-24:00"], BERLIN) is None
    assert end_of_work(now, 1, ["06:00-22:00", "22:00-06:00"], BERLIN) is None


@given(begins, st.integers(1, 1500), st.lists(spans, max_size=3), st.sampled_from(ZONES))
def test_the_end_is_that_of_one_who_looks_at_the_clock_every_minute(
    begin: datetime, minutes: int, quiet: list[str], zone: ZoneInfo
) -> None:
    end = end_of_work(begin, minutes * 60, quiet, zone)
    if end is None:
        day = [begin.replace(tzinfo=None) + step * MINUTE for step in range(24 * 60)]
        assert all(is_quiet(moment.time(), quiet) for moment in day)
        return
    worked, now = 0, begin
    while now < end:
        worked += not is_quiet(now.astimezone(zone).time(), quiet)
        now += MINUTE
        if now - begin > timedelta(days=3):
            assert worked <= minutes
            return  # long enough to have been right so far
    assert (now, worked) == (end, minutes)
    assert not is_quiet((end - MINUTE).astimezone(zone).time(), quiet), "no later than it must be"
