"""Filters mean what they say, whatever the names in them: asked of the real server."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmrag_video.errors import UsageError
from mmrag_video.index.filters import filter_expression, quoted
from mmrag_video.index.frames import MINUTES_A_DAY, FrameFilter, StoredFrame, TimesOfDay
from mmrag_video.index.identity import IndexIdentity
from mmrag_video.index.server import lease_server
from mmrag_video.index.store import FrameStore
from mmrag_video.index.times_of_day import spans_of
from mmrag_video.video.sampled import KeepReason

NOON = datetime(2024, 3, 31, 12, tzinfo=UTC)
VECTOR = np.array([1, 0], dtype=np.float32)
EXAMPLES = settings(max_examples=40, deadline=None)

HOSTILE = [
    'door "A"',
    "door 'A'",
    "back\\slash",
    "ends in a backslash\\",
    '" or camera != "',
    "' or 1 == 1 or camera == '",
    '"] or run > 0 or camera in ["',
    "two\nlines",
    "return\r",
    "tab\t",
    "\\n",
    "\\",
    '"',
    "nul\0nul",
    "{camera}",
    "%",
    "_",
    " leading and trailing ",
    "",
    "监控一号",
    "カメラ",
    "e\N{COMBINING ACUTE ACCENT}",
    "é",
    "\N{VIDEO CAMERA}",
    "\N{LINE SEPARATOR}",
    "true",
    "camera",
]
names = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(max_size=60),
    st.text(alphabet="\"'\\ntr[]() =!%_or1", max_size=30),
)
instants = st.integers(-5, 5).map(lambda seconds: NOON + timedelta(seconds=seconds))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrameStore]:
    identity = IndexIdentity("filters", dimensions=2, details={}, sampler="")
    with lease_server(tmp_path_factory.mktemp("filters"), linger=0) as lease:
        store = FrameStore(lease.uri, None, identity)
        yield store
        store.close()


def frame(
    camera: str,
    recording: str = "",
    wall: tuple[datetime, datetime] | None = None,
    run: int = 1,
    second: int = 0,
) -> StoredFrame:
    return StoredFrame(
        recording=hashlib.sha256((recording or camera).encode()).hexdigest(),
        camera=camera,
        time=Fraction(second),
        valid_until=Fraction(second + 1),
        reason=KeepReason.HEARTBEAT,
        wall_start=wall and wall[0],
        wall_end=wall and wall[1],
        run=run,
        facts={},
    )


def found(store: FrameStore, where: FrameFilter) -> set[str]:
    return {found.frame.key for found in store.search(VECTOR, where, limit=1000)}


def cameras_found(store: FrameStore, *cameras: str) -> set[str]:
    where = FrameFilter(cameras=cameras)
    return {found.frame.camera for found in store.search(VECTOR, where, limit=1000)}


def test_a_hostile_camera_name_finds_itself_and_nothing_else(store: FrameStore) -> None:
    store.insert([(frame(name), VECTOR) for name in HOSTILE])
    for name in HOSTILE:
        assert cameras_found(store, name) == {name}
    assert cameras_found(store, *HOSTILE) == set(HOSTILE)


@EXAMPLES
@given(st.sets(names, min_size=1, max_size=4), names)
def test_any_camera_names_find_themselves_and_nothing_else(
    store: FrameStore, cameras: set[str], absent: str
) -> None:
    store.insert([(frame(name), VECTOR) for name in cameras])
    assert cameras_found(store, *cameras) == cameras
    assert cameras_found(store, absent) <= {absent}


@EXAMPLES
@given(
    spans=st.lists(st.none() | st.tuples(instants, instants).map(sorted), max_size=6),
    start=st.none() | instants,
    end=st.none() | instants,
)
def test_a_time_range_finds_what_overlaps_it_and_nothing_of_unknown_time(
    store: FrameStore,
    spans: list[tuple[datetime, datetime] | None],
    start: datetime | None,
    end: datetime | None,
) -> None:
    camera = "times"
    frames = [
        frame(camera, wall=span and (span[0], span[1]), second=second)
        for second, span in enumerate(spans)
    ]
    recording = frame(camera).recording
    store.delete_run(frame(camera).run)
    store.insert([(one, VECTOR) for one in frames])

    def overlaps(one: StoredFrame) -> bool:
        if one.wall_start is None or one.wall_end is None:
            return start is None and end is None
        return (start is None or one.wall_end > start) and (end is None or one.wall_start < end)

    where = FrameFilter(recordings=(recording,), start=start, end=end)
    assert found(store, where) == {one.key for one in frames if overlaps(one)}


def test_a_time_range_is_exact_to_the_microsecond_in_any_zone(store: FrameStore) -> None:
    end = datetime.fromisoformat("2024-03-31T14:00:00.000001+02:00")
    one = frame("zones", wall=(NOON - timedelta(hours=1), NOON))
    store.insert([(one, VECTOR)])
    before = FrameFilter(cameras=("zones",), start=end - timedelta(microseconds=2))
    after = FrameFilter(cameras=("zones",), start=end - timedelta(microseconds=1))
    assert found(store, before) == {one.key}
    assert found(store, after) == set()


LISBON = "Europe/Lisbon"
CLOCKS_FORWARD = datetime(2024, 3, 31, 1, tzinfo=UTC)
CLOCKS_BACK = datetime(2024, 10, 27, 1, tzinfo=UTC)
minutes = st.integers(0, MINUTES_A_DAY - 1)
times_of_day = st.builds(
    TimesOfDay,
    zone=st.sampled_from([LISBON, "UTC", "Asia/Kathmandu", "Australia/Lord_Howe"]),
    start=minutes,
    end=minutes.map(lambda minute: minute + 1),
    weekdays=st.frozensets(st.integers(0, 6)),
)


def by_the_clock(daily: TimesOfDay, moment: datetime) -> bool:
    """What a person says who looks at the clock on the wall."""
    local = moment.astimezone(ZoneInfo(daily.zone))
    minute, weekday = local.hour * 60 + local.minute, local.weekday()
    if daily.end > daily.start:
        inside = daily.start <= minute < daily.end
    elif minute >= daily.start:
        inside = True
    else:
        inside, weekday = minute < daily.end, (weekday - 1) % 7
    return inside and (not daily.weekdays or weekday in daily.weekdays)


@settings(deadline=None)
@given(times_of_day, st.sampled_from([CLOCKS_FORWARD, CLOCKS_BACK]), st.integers(1, 5), st.data())
def test_times_of_day_are_what_the_clock_on_the_wall_says_when_it_is_changed_too(
    daily: TimesOfDay, change: datetime, days: int, data: st.DataObject
) -> None:
    start = change - timedelta(days=days, minutes=data.draw(minutes))
    spans = spans_of(daily, start, change + timedelta(days=3))
    assert spans == sorted(spans)
    for _ in range(20):
        moment = start + timedelta(minutes=data.draw(st.integers(0, 72 * 60)))
        inside = any(begin <= moment < end for begin, end in spans)
        assert inside == by_the_clock(daily, moment)


def test_an_hour_that_happens_twice_is_in_it_twice() -> None:
    half_past_one = TimesOfDay(LISBON, 90, 100)
    day = (CLOCKS_BACK - timedelta(hours=12), CLOCKS_BACK + timedelta(hours=12))
    assert [start for start, _ in spans_of(half_past_one, *day)] == [
        CLOCKS_BACK - timedelta(minutes=30),
        CLOCKS_BACK + timedelta(minutes=30),
    ]
    day = (CLOCKS_FORWARD - timedelta(hours=12), CLOCKS_FORWARD + timedelta(hours=12))
    assert spans_of(half_past_one, *day) == []


@EXAMPLES
@given(
    times_of_day,
    st.lists(st.tuples(st.integers(0, 20 * 24 * 60), st.integers(1, 90)), max_size=8),
)
def test_a_time_of_day_finds_what_overlaps_it_and_nothing_of_unknown_time(
    store: FrameStore, daily: TimesOfDay, lengths: list[tuple[int, int]]
) -> None:
    start, end = CLOCKS_FORWARD - timedelta(days=10), CLOCKS_FORWARD + timedelta(days=11)
    walls = [
        (start + timedelta(minutes=minute), start + timedelta(minutes=minute + length))
        for minute, length in lengths
    ]
    frames = [frame("daily", wall=wall, second=second) for second, wall in enumerate(walls)]
    store.delete_run(1)
    store.insert([(one, VECTOR) for one in [*frames, frame("daily", second=99)]])

    def overlaps(one: StoredFrame) -> bool:
        assert one.wall_start and one.wall_end
        length = (one.wall_end - one.wall_start) // timedelta(minutes=1)
        moments = [one.wall_start + timedelta(minutes=minute) for minute in range(length)]
        return any(by_the_clock(daily, moment) for moment in moments)

    where = FrameFilter(cameras=("daily",), start=start, end=end, daily=daily)
    assert found(store, where) == {one.key for one in frames if overlaps(one)}


def test_four_years_of_nights_are_one_search_and_more_are_refused(store: FrameStore) -> None:
    wall = (NOON.replace(hour=23), NOON.replace(hour=23, minute=1))
    one = frame("years", wall=wall)
    store.insert([(one, VECTOR), (frame("years", "noon", (NOON, NOON)), VECTOR)])
    where = FrameFilter(
        cameras=("years",),
        start=NOON - timedelta(days=1400),
        end=NOON + timedelta(days=90),
        daily=TimesOfDay("UTC", 22 * 60, 6 * 60),
    )
    assert found(store, where) == {one.key}
    with pytest.raises(UsageError, match="give a shorter time range"):
        found(store, replace(where, start=NOON - timedelta(days=1500)))


def test_a_time_of_day_needs_a_first_and_a_last_day() -> None:
    with pytest.raises(UsageError, match="from one time to another"):
        filter_expression(FrameFilter(start=NOON, daily=TimesOfDay(LISBON)))


def test_conditions_hold_together(store: FrameStore) -> None:
    wall = (NOON, NOON + timedelta(seconds=1))
    wanted = frame("north", "a", wall)
    others = [frame("south", "b", wall), frame("north", "c", wall), frame("north", "d")]
    store.insert([(one, VECTOR) for one in [wanted, *others]])
    where = FrameFilter(
        cameras=("north", "west"),
        recordings=(wanted.recording, others[0].recording, others[2].recording),
        start=NOON,
        end=NOON + timedelta(minutes=1),
    )
    assert found(store, where) == {wanted.key}


def test_frames_of_excluded_runs_are_left_out(store: FrameStore) -> None:
    frames = [frame("runs", run=run, second=run) for run in (11, 12, 13)]
    store.insert([(one, VECTOR) for one in frames])
    where = FrameFilter(cameras=("runs",))
    left = store.search(VECTOR, where, limit=10, without_runs=[11, 13])
    assert [found.frame.run for found in left] == [12]


def test_no_restriction_is_no_expression() -> None:
    assert filter_expression(FrameFilter()) == ""


def test_a_name_that_is_not_valid_text_is_refused() -> None:
    with pytest.raises(UsageError, match="not valid text"):
        quoted("caf\udce9")


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(UsageError, match="has no time zone"):
        filter_expression(FrameFilter(start=datetime(2024, 1, 1)))
