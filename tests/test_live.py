"""Files that still grow: searchable as far as they go, and like any other when they are finished."""

import signal
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as bounded
from hypothesis import strategies as st

from mmrag_video.archive import Archive
from mmrag_video.catalog.jobs import JobState
from mmrag_video.catalog.records import Recording
from mmrag_video.check import look
from mmrag_video.index.frames import StoredFrame
from mmrag_video.ingest import Outcome, OutcomeState, clear_unfinished, ingest_file
from mmrag_video.live_ingest import drop_live, finish_growing, ingest_growing
from mmrag_video.models.base import Model
from mmrag_video.models.registry import load_model
from mmrag_video.recording_file import FileState, file_state
from mmrag_video.settings import Settings, StoreSettings
from mmrag_video.video.discover import FoundFile
from mmrag_video.video.pyav_reader import PyavReader
from mmrag_video.video.sampled import Part, SampledFrame, SamplerSettings
from mmrag_video.video.sampler import sample
from tests.conftest import RATE, ingest_all, passing_block
from tests.footage import FAST_X264, Encoding, Scene, write_pictures, write_scene
from tests.growing import AT_ONCE, GrowingFile
from tests.test_shorter_vectors import Counting
from tests.worker_process import counted, found_by_search, worker_with

YARD = passing_block(14)
"""Two quiet seconds, then a red block that goes to and fro."""
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


@pytest.fixture
def counting(settings: Settings) -> Counting:
    return Counting(load_model(settings.model).embedder)


@pytest.fixture
def archive(settings: Settings, counting: Counting) -> Iterator[Archive]:
    loaded = load_model(settings.model)
    with Archive(settings, Model(counting, loaded.reranker)) as archive:
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


def kept(archive: Archive, recording: Recording) -> list[StoredFrame]:
    hidden = archive.hidden_runs(archive.identity)
    store = archive.store(archive.identity)
    return store.frames_between(recording.id, Fraction(0), Fraction(999), hidden)


def assert_without_gap(frames: list[StoredFrame] | list[SampledFrame]) -> None:
    for before, after in pairwise(frames):
        assert before.time < before.valid_until == after.time


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("gate.ts", AT_ONCE),
        ("gate.mp4", AT_ONCE),
        ("gate.mkv", AT_ONCE),
        ("reordered.ts", REORDERED),
        ("reordered.mp4", REORDERED),
        ("seldom.ts", SELDOM_A_KEYFRAME),
    ],
)
def test_what_grows_is_found_bit_by_bit_and_in_the_end_is_like_any_other(
    archive: Archive, counting: Counting, nvr: Path, name: str, encoding: Encoding
):
    path = nvr / name
    file = GrowingFile(path, encoding)
    reached = Fraction(0)
    taken = 0
    for part in range(3):
        file.write(seconds(4 * part, 4 * part + 4))
        outcome = take(archive, path)
        assert outcome.state is OutcomeState.ADDED and outcome.frames > 0, outcome.message
        [live] = archive.catalog.recordings()
        assert live.live and reached < live.duration <= 4 * part + 4
        assert file_state(live) is FileState.PRESENT
        frames = kept(archive, live)
        assert min(frame.time for frame in frames[taken:]) == reached, "on from where it was"
        reached, taken = live.duration, len(frames)
        assert_without_gap(frames)
        assert frames[-1].valid_until == live.duration
    file.write(seconds(12, 14))
    file.close()

    outcome = finish(archive, path)
    assert outcome is not None and outcome.state is OutcomeState.ADDED, outcome
    assert outcome.frames == counting.frames, "nothing was embedded twice"
    [recording] = archive.catalog.recordings()
    frames = kept(archive, recording)
    assert len(frames) == outcome.frames
    shown = {packet.time for packet in PyavReader(path).packets()}
    assert {frame.time for frame in frames} <= shown
    assert frames[0].time == 0
    assert_without_gap(frames)
    assert frames[-1].valid_until == recording.duration
    assert archive.store(archive.identity).count() == len(frames)
    assert look(archive, deep=True) == []
    with Archive(Settings(data_dir=nvr.parent / "other", store=StoreSettings(linger=0.5))) as other:
        ingest_all(other, path)
        [ordinary] = other.catalog.recordings()
    assert recording == ordinary


def test_a_pass_that_is_broken_off_is_made_again_and_no_other(
    archive: Archive, counting: Counting, nvr: Path
):
    path = nvr / "gate.ts"
    file = GrowingFile(path)
    file.write(seconds(0, 5))
    first = take(archive, path)
    file.write(seconds(5, 10))

    def kill(path: Path, done: Fraction, total: Fraction) -> None:
        if counting.frames > first.frames:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest_growing(archive, archive.identity, FoundFile(path, nvr), kill)
    [live] = archive.catalog.recordings()
    assert len(kept(archive, live)) == first.frames, "what was not completed is not found"
    clear_unfinished(archive, archive.identity)
    embedded = counting.frames
    second = take(archive, path)
    assert counting.frames - embedded == second.frames
    frames = kept(archive, archive.catalog.recordings()[0])
    assert len(frames) == first.frames + second.frames
    assert_without_gap(frames)
    file.close()


def test_a_finish_that_is_broken_off_leaves_the_live_one_and_is_made_again(
    archive: Archive, counting: Counting, nvr: Path, monkeypatch: pytest.MonkeyPatch
):
    path = nvr / "gate.ts"
    file = GrowingFile(path)
    file.write(seconds(0, 8))
    take(archive, path)
    file.close()
    [live] = archive.catalog.recordings()
    with monkeypatch.context() as patched:
        patched.setattr(archive.catalog, "complete_run", _killed_at_the_second(archive))
        with pytest.raises(KeyboardInterrupt):
            finish(archive, path)
    assert [one.id for one in archive.catalog.recordings()] == [live.id]
    clear_unfinished(archive, archive.identity)
    embedded = counting.frames
    outcome = finish(archive, path)
    assert outcome is not None and outcome.frames == embedded == counting.frames
    assert look(archive, deep=True) == []


def _killed_at_the_second(archive: Archive):
    """The first completes what the file had grown by, the second is the finished recording's."""
    complete_run = archive.catalog.complete_run
    calls: list[object] = []

    def complete_or_die(*arguments, **named):
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return complete_run(*arguments, **named)

    return complete_or_die


def test_one_that_died_before_the_live_one_went_leaves_it_to_the_next(archive: Archive, nvr: Path):
    path = nvr / "gate.ts"
    file = GrowingFile(path)
    file.write(seconds(0, 6))
    take(archive, path)
    file.close()
    assert ingest_file(archive, archive.identity, FoundFile(path, nvr)).state is OutcomeState.ADDED
    [recording] = archive.catalog.recordings()
    assert not recording.live
    assert len(archive.catalog.live_recordings(path)) == 1
    assert finish(archive, path) is None
    drop_live(archive, path)
    assert archive.catalog.live_recordings(path) == []
    assert look(archive, deep=True) == []


def test_another_file_under_the_same_name_begins_anew(archive: Archive, nvr: Path):
    path = nvr / "gate.ts"
    for first in (0, 2):
        path.unlink(missing_ok=True)
        file = GrowingFile(path)
        file.write(seconds(first, first + 6))
        assert take(archive, path).state is OutcomeState.ADDED
        [live] = archive.catalog.recordings()
        assert kept(archive, live)[0].time == 0
        file.write(seconds(first + 6, first + 7))
        file.close()
    write_pictures(path, seconds(3, 6))
    assert finish(archive, path) is None, "it is not the file that was taken"


def test_what_cannot_be_read_yet_is_no_failure_that_is_kept(
    archive: Archive, nvr: Path, yard_clip: Path
):
    path = nvr / "plain.mp4"
    path.write_bytes(yard_clip.read_bytes()[:-20_000])
    assert take(archive, path).state is OutcomeState.FAILED
    (nvr / "short.ts").write_bytes(b"G" * 1000)
    assert take(archive, nvr / "short.ts").state is OutcomeState.FAILED
    assert archive.catalog.failures() == []
    assert archive.catalog.unfinished_runs(archive.identity.fingerprint) == []


def test_what_is_kept_stays_kept(archive: Archive, nvr: Path):
    path = nvr / "gate.ts"
    file = GrowingFile(path)
    file.write(seconds(0, 6))
    take(archive, path)
    archive.catalog.holdings.keep([archive.catalog.recordings()[0].id], True)
    file.write(seconds(6, 8))
    take(archive, path)
    file.close()
    finish(archive, path)
    [recording] = archive.catalog.recordings()
    assert recording.kept and not recording.live
    assert archive.catalog.live_recordings(path) == []


# The worker


@pytest.mark.parametrize("name", ["gate.ts", "gate.mp4"])
def test_the_worker_takes_a_file_while_it_grows_also_after_it_was_killed(
    settings: Settings, nvr: Path, name: str
):
    sources = {"nvr": {"folder": nvr, "live": True, "settle": 3}}
    file = GrowingFile(nvr / name)
    pictures = iter(YARD)

    def is_taken() -> bool:
        """Whether what was written can be found; it is written to at each look."""
        if archive.catalog.recordings():
            return True
        file.write(islice(pictures, 2))
        return False

    with Archive(settings) as archive:
        with worker_with(settings.data_dir, sources) as worker:
            worker.wait_until(settings.data_dir.exists, "it runs")
            worker.wait_until(is_taken, "the file is searchable while it grows")
            assert found_by_search(settings) == {name}
            [live] = archive.catalog.recordings()
            assert live.live
            worker.stop(signal.SIGKILL)
        with worker_with(settings.data_dir, sources) as worker:
            file.write(pictures)
            file.close()
            worker.wait_for(f"{name} is searchable")
        [recording] = archive.catalog.recordings()
        assert not recording.live and recording.id != live.id
        assert recording.duration == PyavReader(nvr / name).facts.duration
        assert_without_gap(kept(archive, recording))
        assert counted(archive, JobState.DONE) == 1
        assert look(archive, deep=True) == []
    assert not any("WARNING" in line for line in worker.log)
