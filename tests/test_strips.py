"""Which frames a strip shows, and under which hour a moment stands."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from web.strips import spread_with
from web.words import hour_of


@given(st.data())
def test_a_strip_is_in_order_without_doubles_and_has_the_best(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 500))
    best = data.draw(st.integers(0, count - 1))
    chosen = spread_with(best, count, 5)
    assert chosen == sorted(set(chosen))
    assert best in chosen
    assert len(chosen) == min(count, 5)
    assert set(chosen) <= set(range(count))


def test_the_hour_that_happens_twice_is_two() -> None:
    lisbon = ZoneInfo("Europe/Lisbon")
    first = datetime(2025, 10, 26, 0, 0, tzinfo=UTC)
    hours = [hour_of((first + timedelta(hours=late)).astimezone(lisbon)) for late in range(3)]
    assert hours == [
        "Sun 26 Oct 2025, 01:00 WEST – 01:00 WET",
        "Sun 26 Oct 2025, 01:00 – 02:00 WET",
        "Sun 26 Oct 2025, 02:00 – 03:00 WET",
    ]
