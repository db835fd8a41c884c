"""Files that still grow: searchable as far as they go, and like any other once finished."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as bounded
from hypothesis import strategies as st
from sqlalchemy import select

from mmrag_video.archive import Archive
from mmrag_video.catalog.people_schema import CaseMomentRow, CaseRow
from mmrag_video.catalog.records import IngestRun, Recording
from mmrag_video.catalog.schema import CaseSpanRow
from mmrag_video.check import look
from mmrag_video.index.frames import StoredFrame
from mmrag_video.ingest import Outcome, OutcomeState, clear_unfinished, ingest_file
from mmrag_video.letting_go import let_go
from mmrag_video.live_ingest import drop_live, finish_growing, ingest_growing
from mmrag_video.models.base import Model
from mmrag_video.models.registry import load_model
from mmrag_video.recording_file import FileState, file_state
from mmrag_video.saved_search import ring_missed, save_search
from mmrag_video.settings import CameraSettings, Settings
from mmrag_video.video.clock import FileTimes, clock_of
from mmrag_video.video.containers import open_container, stored_packets
from mmrag_video.video.discover import FoundFile
from mmrag_video.video.packets import from_keyframe_before, tick_of
from mmrag_video.video.pyav_reader import PyavReader
from mmrag_video.video.sampled import Part, SampledFrame, SamplerSettings
from mmrag_video.video.sampler import sample
from tests.conftest import RATE, passing_block
from tests.footage import FAST_X264, Encoding, Scene, write_pictures, write_scene
from tests.growing import AT_ONCE, GrowingFile
from tests.shared_servers import shared_store
from tests.test_shorter_vectors import Counting
from web.app import create_app

_PASSING = [picture for _, picture in passing_block(5)]
YARD = [
    (number * 1000 // RATE, _PASSING[number % (4 * RATE) if number % (4 * RATE) < 3 * RATE else 0])
    for number in range(9 * RATE)
]
"""Two quiet seconds, a second in which a red block passes, a quiet one, and so on."""
REORDERED = Encoding(gop=25, b_frames=2, codec_options={"rc-lookahead": "0", "sc_threshold": "0"})
SELDOM_A_KEYFRAME = Encoding(gop=10 * RATE, codec_options=AT_ONCE.codec_options)
PARTED = {
    "short.mp4": Encoding(rate=10, gop=12, codec_options=FAST_X264),
    "reordered.ts": Encoding(rate=10, gop=20, b_frames=2),
    "reordered.mkv": Encoding(rate=10, gop=20, b_frames=2),
    "seldom.mp4": Encoding(rate=10, gop=100, codec_options=FAST_X264),
}


def seconds(first: float, last: float) -> list[tuple[int, object]]:
    return YARD[int(first * RATE) : int(last * RATE)]


# What is kept of a part


@pytest.fixture(scope="module")
def parted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("parted")
    for name, encoding in PARTED.items():
        write_scene(folder / name, Scene(seconds=14, movements=((3.0, 9.0),)), encoding)
    return {name: folder / name for name in PARTED}


@pytest.mark.parametrize("name", PARTED)
@given(tick=st.integers(1, 139))
@bounded(max_examples=12, deadline=None)
def test_a_part_begins_with_its_first_frame_and_holds_nothing_from_before(
    parted: dict[str, Path], name: str, tick: int
):
    after = Fraction(tick, 10)
    reader = PyavReader(parted[name])
    shown = [packet.time for packet in reader.packets()]
    frames = list(sample(parted[name], SamplerSettings(), part=Part(after)))
    assert frames[0].time == min(time for time in shown if time >= after)
    assert {frame.time for frame in frames} <= set(shown)
    assert_without_gap(frames)
    assert frames[-1].valid_until == reader.facts.duration


@given(tick=st.integers(1, 139))
@bounded(max_examples=20, deadline=None)
def test_of_what_comes_before_a_part_no_more_is_decoded_than_from_the_last_keyframe_on(
    parted: dict[str, Path], tick: int
):
    with closing(open_container(parted["short.mp4"])) as container:
        packets = list(stored_packets(container))
    ticks = [tick_of(packet, without_pts=False) for packet in packets]
    place = ticks[tick]
    keyframes = [at for packet, at in zip(packets, ticks, strict=True) if packet.is_keyframe]
    first = next(from_keyframe_before(iter(packets), place))
    assert tick_of(first, without_pts=False) == max(at for at in keyframes if at <= place)


def test_a_part_in_which_there_is_nothing_gives_nothing(parted: dict[str, Path]):
    path = parted["short.mp4"]
    end = PyavReader(path).facts.duration
    assert list(sample(path, SamplerSettings(), part=Part(end))) == []


def test_a_still_part_keeps_its_first_frame_and_what_moves_later(tmp_path: Path):
    path = tmp_path / "scene.mp4"
    write_scene(path, Scene(seconds=20, movements=((12.0, 15.0),)))
    frames = list(sample(path, SamplerSettings(), part=Part(Fraction(5))))
    assert frames[0].time == 5
    assert min(frame.time for frame in frames[1:]) == pytest.approx(12, abs=0.31)


# Passes over a file that grows


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """One for all: each test has a folder of its own."""
    data = tmp_path_factory.mktemp("live") / "data"
    settings = Settings(data_dir=data, store=shared_store())
    loaded = load_model(settings.model)
    with Archive(settings, Model(Counting(loaded.embedder), loaded.reranker)) as archive:
        archive.activate(archive.identity)
        yield archive


@pytest.fixture
def nvr(tmp_path: Path) -> Path:
    folder = tmp_path / "nvr"
    folder.mkdir()
    return folder


def take(archive: Archive, path: Path) -> Outcome:
    """One pass, as the worker makes it."""
    return ingest_growing(archive, archive.identity, FoundFile(path, path.parent))


def finish(archive: Archive, path: Path) -> Outcome | None:
    return finish_growing(archive, archive.identity, FoundFile(path, path.parent))


def found(archive: Archive, path: Path) -> Recording:
    """The one that searches find."""
    [recording] = [one for one in archive.catalog.recordings() if one.path == path]
    return recording


def kept(archive: Archive, recording: Recording) -> list[StoredFrame]:
    hidden = archive.hidden_runs(archive.identity)
    store = archive.store(archive.identity)
    return store.frames_between(recording.id, Fraction(0), Fraction(999), hidden)


def embedded(archive: Archive) -> int:
    embedder = archive.model.embedder
    assert isinstance(embedder, Counting)
    return embedder.frames


def assert_without_gap(frames: list[StoredFrame] | list[SampledFrame]) -> None:
    for before, after in pairwise(frames):
        assert before.time < before.valid_until == after.time


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("gate.ts", AT_ONCE),
        ("gate.mkv", AT_ONCE),
        ("reordered.mp4", REORDERED),
        ("seldom.ts", SELDOM_A_KEYFRAME),
    ],
)
def test_what_grows_is_found_bit_by_bit_and_in_the_end_is_like_any_other(
    archive: Archive, nvr: Path, name: str, encoding: Encoding
):
    path, before = nvr / name, embedded(archive)
    file = GrowingFile(path, encoding)
    reached, taken = Fraction(0), 0
    for begin, end in ((0, 3), (3, 5), (5, 7)):
        file.write(seconds(begin, end))
        outcome = take(archive, path)
        assert outcome.state is OutcomeState.ADDED, outcome.message
        live = found(archive, path)
        assert live.live and reached < live.duration <= end
        assert file_state(live) is FileState.PRESENT
        frames = kept(archive, live)
        assert len(frames) == taken + outcome.frames
        assert frames[taken].time == reached, "on from where it was"
        assert_without_gap(frames)
        assert frames[-1].valid_until == live.duration
        reached, taken = live.duration, len(frames)
    file.write(seconds(7, 9))
    file.close()
    outcome = finish(archive, path)
    assert outcome is not None and outcome.state is OutcomeState.ADDED, outcome
    assert outcome.frames == embedded(archive) - before, "nothing was embedded twice"
    recording = found(archive, path)
    frames = kept(archive, recording)
    assert len(frames) == outcome.frames
    assert {frame.time for frame in frames} <= {one.time for one in PyavReader(path).packets()}
    assert frames[0].time == 0
    assert_without_gap(frames)
    assert frames[-1].valid_until == recording.duration
    assert look(archive, deep=True) == []

    let_go(archive, [recording.id])
    assert ingest_file(archive, archive.identity, FoundFile(path, nvr)).frames > 0
    assert found(archive, path) == recording, "as an ordinary ingest would have it"


def test_a_pause_between_two_passes_is_stood_for_in_the_end(archive: Archive, nvr: Path):
    """MPEG-TS does not say how long a picture stays: only the next one tells."""
    path = nvr / "gate.ts"
    file = GrowingFile(path)
    late = [(at + 700, picture) for at, picture in seconds(4, 6)]
    file.write([*seconds(0, 4), late[0]])
    take(archive, path)
    assert found(archive, path).duration == 4, "the last may be there in part"
    file.write(late[1:])
    file.close()
    finish(archive, path)
    assert_without_gap(kept(archive, found(archive, path)))


def test_a_live_recording_is_played_while_it_goes_on(archive: Archive, nvr: Path):
    path = nvr / "gate.mp4"
    file = GrowingFile(path)
    file.write(seconds(0, 4))
    take(archive, path)
    live = found(archive, path)
    file.write(seconds(4, 8))
    client = create_app(archive).test_client()
    page = client.get(f"/recordings/{live.id}/play?t=2,3")
    assert page.status_code == 200 and "has changed" not in page.text
    assert client.get(f"/recordings/{live.id}/clip?start=2&end=3").status_code == 200
    file.close()


def test_a_pass_that_is_broken_off_is_made_again_and_no_other(archive: Archive, nvr: Path):
    path = nvr / "gate.ts"
    file = GrowingFile(path)
    file.write(seconds(0, 4))
    first = take(archive, path)
    file.write(seconds(4, 7))
    before = embedded(archive)

    def kill(path: Path, done: Fraction, total: Fraction) -> None:
        if embedded(archive) > before:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest_growing(archive, archive.identity, FoundFile(path, nvr), kill)
    live = found(archive, path)
    assert len(kept(archive, live)) == first.frames, "what was not completed is not found"
    clear_unfinished(archive, archive.identity)
    before = embedded(archive)
    second = take(archive, path)
    assert embedded(archive) - before == second.frames
    frames = kept(archive, live)
    assert len(frames) == first.frames + second.frames
    assert_without_gap(frames)
    file.close()


def test_a_finish_that_is_broken_off_leaves_the_live_one_and_is_made_again(
    archive: Archive, nvr: Path, monkeypatch: pytest.MonkeyPatch
):
    path, before = nvr / "gate.ts", embedded(archive)
    file = GrowingFile(path)
    file.write(seconds(0, 5))
    take(archive, path)
    file.close()
    live = found(archive, path)
    with monkeypatch.context() as patched:
        patched.setattr(archive.catalog, "complete_run", _dying_at_the_second(archive))
        with pytest.raises(KeyboardInterrupt):
            finish(archive, path)
    assert found(archive, path).id == live.id
    clear_unfinished(archive, archive.identity)
    outcome = finish(archive, path)
    assert outcome is not None and outcome.frames == embedded(archive) - before
    assert not found(archive, path).live
    assert look(archive, deep=True) == []


def _dying_at_the_second(archive: Archive) -> Callable[..., IngestRun]:
    """The first completes what the file had grown by, the second is the finished recording's."""
    complete_run, calls = archive.catalog.complete_run, count(1)

    def complete_or_die(*arguments: Any, **named: Any) -> IngestRun:
        if next(calls) == 2:
            raise KeyboardInterrupt
        return complete_run(*arguments, **named)

    return complete_or_die


def test_a_live_recording_that_another_took_the_place_of_goes(archive: Archive, nvr: Path):
    path = nvr / "gate.ts"
    file = GrowingFile(path)
    file.write(seconds(0, 4))
    take(archive, path)
    file.close()
    ingest_file(archive, archive.identity, FoundFile(path, nvr))
    assert not found(archive, path).live
    assert len(archive.catalog.live_recordings(path)) == 1
    assert finish(archive, path) is None, "somebody ingested it by hand"
    drop_live(archive, path)
    assert archive.catalog.live_recordings(path) == []
    assert look(archive, deep=True) == []


def test_another_file_under_the_same_name_begins_anew(archive: Archive, nvr: Path):
    path = nvr / "gate.ts"
    for begin in (0, 2):
        path.unlink(missing_ok=True)
        file = GrowingFile(path)
        file.write(seconds(begin, begin + 4))
        assert take(archive, path).state is OutcomeState.ADDED
        live = found(archive, path)
        assert kept(archive, live)[0].time == 0
        file.close()
    write_pictures(path, seconds(3, 6))
    assert finish(archive, path) is None, "it is not the file that was taken"
    ingest_file(archive, archive.identity, FoundFile(path, nvr))
    drop_live(archive, path)
    assert archive.catalog.live_recordings(path) == []


def test_what_cannot_be_read_yet_is_no_failure_that_is_kept(
    archive: Archive, nvr: Path, yard_clip: Path
):
    (nvr / "plain.mp4").write_bytes(yard_clip.read_bytes()[:-20_000])
    (nvr / "short.ts").write_bytes(b"G" * 1000)
    for name in ("plain.mp4", "short.ts", "missing.ts"):
        assert take(archive, nvr / name).state is OutcomeState.FAILED
    assert archive.catalog.failures() == []
    assert archive.catalog.unfinished_runs(archive.identity.fingerprint) == []


def test_what_is_kept_stays_kept_and_rings_when_it_is_finished(archive: Archive, nvr: Path):
    path = nvr / "gate.ts"
    file = GrowingFile(path)
    file.write(seconds(0, 4))
    take(archive, path)
    live = found(archive, path)
    archive.catalog.holdings.keep([live.id], True)
    saved = save_search(archive, "red", "something red")
    assert ring_missed(archive) == [] and not archive.catalog.saved.has_heard(saved, live.id)
    file.write(seconds(4, 6))
    take(archive, path)
    file.close()
    finish(archive, path)
    recording = found(archive, path)
    assert recording.kept and not recording.live
    assert archive.catalog.live_recordings(path) == []
    ring_missed(archive)
    assert archive.catalog.saved.has_heard(saved, recording.id)


def test_what_a_case_holds_of_a_live_recording_is_of_the_finished_one_in_the_end(
    archive: Archive, nvr: Path
):
    path = nvr / "gate.ts"
    file = GrowingFile(path)
    file.write(seconds(0, 5))
    take(archive, path)
    put_in_a_case(archive, found(archive, path).id)
    file.write(seconds(5, 8))
    take(archive, path)
    file.close()
    outcome = finish(archive, path)
    assert outcome is not None and outcome.state is OutcomeState.ADDED, outcome
    recording = found(archive, path)
    assert recording.kept and not recording.live, "it stays for the case"
    assert archive.catalog.live_recordings(path) == []
    with archive.catalog.database.reading() as session:
        assert list(session.scalars(select(CaseSpanRow.recording))) == [recording.id]


def put_in_a_case(archive: Archive, recording: str) -> None:
    now = datetime.now(UTC)
    with archive.catalog.database.writing() as session:
        case = CaseRow(name="The gate", note="", created=now, created_by="op")
        session.add(case)
        session.flush()
        moment = CaseMomentRow(
            case=case.id,
            position=0,
            query="",
            score=None,
            confidence=None,
            why="",
            note="",
            tags=[],
            added=now,
            added_by="op",
            exported=None,
        )
        session.add(moment)
        session.flush()
        span = (Fraction(1), Fraction(2))
        session.add(
            CaseSpanRow(
                moment=moment.id,
                position=0,
                recording=recording,
                start=span[0],
                end=span[1],
                found_start=span[0],
                found_end=span[1],
                best=None,
                best_end=None,
            )
        )


def test_of_a_growing_file_a_name_that_tells_the_end_places_nothing(nvr: Path):
    """And one that tells the start does, at once."""
    settings = Settings(cameras={"gate": CameraSettings(time_is="end")})
    path = nvr / "gate_2026-03-01_12-00-00.ts"
    times = FileTimes(None, datetime(2026, 3, 1, 12, tzinfo=UTC), Fraction(60))
    whole = clock_of(path, "gate", times, settings)
    growing = clock_of(path, "gate", replace(times, grows=True), settings)
    assert whole.start is not None and growing.start is None
    assert "not there yet" in growing.note
    assert clock_of(path, "gate", replace(times, grows=True), Settings()).start is not None
