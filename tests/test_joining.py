"""How judged frames become events."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from mmrag_video.catalog.records import Recording
from mmrag_video.index.frames import StoredFrame
from mmrag_video.joining import Event, JudgedFrame, find_events, in_turns, join_recordings
from mmrag_video.video.sampled import KeepReason
from mmrag_video.video.wall_clock import UNKNOWN_CLOCK, Clock, ClockOrigin

GAP = Fraction(2)
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def frame(time: float, until: float, recording: str = "a" * 64) -> StoredFrame:
    return StoredFrame(
        recording=recording,
        camera="yard",
        time=Fraction(time),
        valid_until=Fraction(until),
        reason=KeepReason.MOVEMENT,
        wall_start=None,
        wall_end=None,
        run=1,
        facts={},
    )


def events_of(scored: list[tuple[StoredFrame, float]]) -> list[Event]:
    scores = {one.key: JudgedFrame(one, score, "", score) for one, score in scored}
    frames = [one for one, _ in scored]
    return list(
        find_events(scores.values(), frames, lambda asked: [scores[one.key] for one in asked], GAP)
    )


def spans(events: list[Event]) -> list[tuple[float, float]]:
    return [(float(event.start), float(event.end)) for event in events]


def test_neighbours_that_match_are_one_event_as_long_as_their_frames_are_valid():
    scored = [(frame(0, 1), 0.9), (frame(1, 2), 0.8), (frame(2, 30), 0.85)]
    assert spans(events_of(scored)) == [(0, 30)]


def test_a_neighbour_that_does_not_match_ends_the_event():
    scored = [(frame(0, 5), 0.9), (frame(5, 10), 0.2), (frame(10, 15), 0.9)]
    assert spans(events_of(scored)) == [(0, 5), (10, 15), (5, 10)]


def test_a_short_miss_does_not_cut_an_event_in_two():
    scored = [(frame(0, 1), 0.9), (frame(1, 2), 0.2), (frame(2, 3), 0.9)]
    assert spans(events_of(scored)) == [(0, 3)]


def test_frames_of_different_recordings_are_different_events():
    scored = [(frame(0, 1), 0.9), (frame(1, 2, "b" * 64), 0.9)]
    assert len(events_of(scored)) == 2


def test_the_event_is_spoken_for_by_its_best_frame():
    [event] = events_of([(frame(0, 1), 0.7), (frame(1, 2), 0.9), (frame(2, 3), 0.8)])
    assert event.best.score == 0.9


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_every_frame_is_told_once(scores: list[float]):
    scored = [(frame(i, i + 1), score) for i, score in enumerate(scores)]
    events = events_of(scored)
    assert sorted(t for e in events for t in range(int(e.start), int(e.end))) == list(
        range(len(scores))
    )


def test_of_events_that_score_alike_other_recordings_come_first():
    alike = [
        (frame(0, 1), 0.9),
        (frame(50, 51), 0.895),
        (frame(0, 1, "b" * 64), 0.89),
        (frame(90, 91), 0.5),
    ]
    order = [event.best.frame.recording[0] for event in in_turns(events_of(alike))]
    assert order == ["a", "b", "a", "a"]


def recording(name: str, start: datetime | None, camera: str = "yard") -> Recording:
    clock = Clock(start, ClockOrigin.NAME) if start else UNKNOWN_CLOCK
    return Recording(
        id=name * 64,
        path=Path(f"/{name}.mp4"),
        camera=camera,
        size=1,
        container="mp4",
        codec="h264",
        width=64,
        height=64,
        rotation=0,
        duration=Fraction(60),
        average_rate=Fraction(25),
        created=None,
        modified=datetime(2026, 3, 1, tzinfo=UTC),
        clock=clock,
    )


def joined(*recordings: Recording) -> list[list[str]]:
    """The recordings of each event: one event ends the first, one begins the second."""
    first, second = recordings
    events = [
        *events_of([(frame(50, 60, first.id), 0.9)]),
        *events_of([(frame(0, 5, second.id), 0.8)]),
    ]
    chains = join_recordings(events, {one.id: one for one in recordings}, GAP)
    return [[span.recording.id[0] for span in chain] for _, chain in chains]


def test_an_event_runs_on_into_the_cameras_next_recording():
    after = recording("b", NOON + timedelta(seconds=61))
    assert joined(recording("a", NOON), after) == [["a", "b"]]


def test_an_event_has_the_frames_that_lie_in_it_those_of_all_recordings_it_runs_through():
    first, second = recording("a", NOON), recording("b", NOON + timedelta(seconds=61))
    before = [(frame(40, 50, first.id), 0.2), (frame(50, 60, first.id), 0.9)]
    events = [*events_of(before)[:1], *events_of([(frame(0, 5, second.id), 0.8)])]
    recordings = {one.id: one for one in (first, second)}
    [(event, _)] = join_recordings(events, recordings, GAP)
    assert [(one.recording[0], one.time) for one in event.frames] == [("a", 50), ("b", 0)]


def test_it_does_not_run_on_over_a_hole_another_camera_or_an_unknown_clock():
    first = recording("a", NOON)
    hole = recording("b", NOON + timedelta(seconds=70))
    elsewhere = recording("b", NOON + timedelta(seconds=60), camera="gate")
    assert joined(first, hole) == [["a"], ["b"]]
    assert joined(first, elsewhere) == [["a"], ["b"]]
    assert joined(first, recording("b", None)) == [["a"], ["b"]]
