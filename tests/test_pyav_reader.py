"""What the PyAV reader does beyond every reader's duty, and with recordings only it reads."""

from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import av
import pytest

from mmrag_video.errors import RecordingError
from mmrag_video.video.pyav_reader import PyavReader
from tests.footage import Encoding, number_in, steadily, write_numbered

FRAMES = 30
STEADY = steadily(FRAMES)
LATE = steadily(FRAMES, start=7480)


@pytest.mark.parametrize(
    ("size", "rotation", "expected"),
    [
        ((320, 240), 0, (160, 120)),
        ((240, 320), 90, (160, 214)),  # 213.3, made even
        ((162, 90), 0, (160, 88)),  # 88.9
        ((160, 120), 0, (160, 120)),
        ((120, 90), 0, (120, 90)),
    ],
)
def test_wide_pictures_are_scaled_down_and_others_are_not(
    tmp_path: Path, size: tuple[int, int], rotation: int, expected: tuple[int, int]
) -> None:
    recording = write_numbered(tmp_path / "wide.mp4", [0, 40], Encoding(rotation=rotation), size)
    with PyavReader(recording.path, width=160) as reader:
        height, width, _ = reader.frame_at(Fraction(1)).image.shape
        assert (width, height) == expected
        assert (reader.facts.width, reader.facts.height) == size
        assert number_in(reader.frame_at(Fraction(1)).image) == 1


def test_several_iterators_of_one_reader_do_not_disturb_each_other(tmp_path: Path) -> None:
    path = write_numbered(tmp_path / "a.ts", STEADY, Encoding(b_frames=2)).path
    with PyavReader(path) as reader:
        for frame, later in zip(reader.frames(), reader.frames(Fraction(1, 5)), strict=False):
            assert number_in(later.image) == number_in(frame.image) + 5
            assert reader.frame_at(Fraction(1)).time == 1


def test_frames_hidden_by_an_edit_list_are_not_shown(tmp_path: Path) -> None:
    # MP4 stores frames before 0 and an edit list that leaves them out.
    milliseconds = steadily(FRAMES, start=-200)
    path = write_numbered(tmp_path / "trimmed.mp4", milliseconds, Encoding(b_frames=2)).path
    reader = PyavReader(path)
    frames = list(reader.frames())
    assert [number_in(frame.image) for frame in frames] == list(range(5, FRAMES))
    assert [frame.time for frame in frames] == [Fraction(n, 25) for n in range(FRAMES - 5)]
    assert number_in(reader.frame_at(Fraction(0)).image) == 5
    assert all(frame.is_keyframe for frame in reader.keyframes())


def test_a_recording_that_begins_in_the_middle_of_a_gop_starts_at_its_first_keyframe(
    tmp_path: Path,
) -> None:
    recording = write_numbered(tmp_path / "cut.ts", STEADY, Encoding(b_frames=2))
    content = recording.path.read_bytes()
    recording.path.write_bytes(content[len(content) // 4 // 188 * 188 :])  # whole TS packets
    first, *_ = frames = list(PyavReader(recording.path).frames())
    assert first.time == 0
    numbers = [number_in(frame.image) for frame in frames]
    assert numbers == list(range(12, FRAMES))


def test_a_stream_that_changes_size_keeps_its_first(tmp_path: Path) -> None:
    small = write_numbered(tmp_path / "day.ts", steadily(10)).path
    large = write_numbered(tmp_path / "night.ts", steadily(10, start=400), size=(320, 240)).path
    small.write_bytes(small.read_bytes() + large.read_bytes())
    frames = list(PyavReader(small).frames())
    assert {frame.image.shape for frame in frames} == {(120, 160, 3)}
    assert [number_in(frame.image) for frame in frames] == [*range(10), *range(10)]


def test_a_clock_that_starts_anew_is_not_passed_over(tmp_path: Path) -> None:
    """Frames of the second recording would be shown before those of the first."""
    late = write_numbered(tmp_path / "joined.ts", LATE).path
    late.write_bytes(
        late.read_bytes() + write_numbered(tmp_path / "early.ts", STEADY).path.read_bytes()
    )
    with pytest.raises(RecordingError, match=r"joined, its clock jumps back \d+\.\d s: mend it"):
        list(PyavReader(late).frames())


def test_a_frame_whose_time_is_taken_is_left_out(tmp_path: Path) -> None:
    recording = write_numbered(tmp_path / "twice.mkv", [0, 40, 40, 80, 120])
    frames = list(PyavReader(recording.path).frames())
    assert [frame.time for frame in frames] == [Fraction(n, 25) for n in range(4)]


@pytest.mark.parametrize(("angle", "turned"), [(10, 0), (45, 0), (80, 90), (100, 90), (181, 180)])
def test_odd_angles_become_the_nearest_quarter_turn(
    tmp_path: Path, angle: int, turned: int
) -> None:
    path = write_numbered(tmp_path / "tilted.mp4", STEADY, Encoding(rotation=angle)).path
    assert PyavReader(path).facts.rotation == turned


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-03-01T11:59:30.000000Z", datetime(2026, 3, 1, 11, 59, 30, tzinfo=UTC)),
        ("1904-01-01T00:00:00.000000Z", None),
        ("1970-01-01T00:00:00.000000Z", None),
    ],
)
def test_creation_time_is_read_where_it_makes_sense(
    tmp_path: Path, written: str, read: datetime | None
) -> None:
    path = tmp_path / "dated.mp4"
    with av.open(path, "w") as container:
        container.metadata["creation_time"] = written
        stream = container.add_stream("libx264", rate=25)
        container.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        container.mux(stream.encode(None))
    assert PyavReader(path).facts.created == read


def test_no_length_is_declared_where_sound_may_be_longer_than_the_picture(tmp_path: Path) -> None:
    silent = write_numbered(tmp_path / "silent.mkv", STEADY).path
    declared = PyavReader(silent).facts.declared_duration
    assert declared is not None
    assert abs(declared - PyavReader(silent).facts.duration) < Fraction(1, 10)
    sound = write_numbered(tmp_path / "sound.mkv", STEADY, Encoding(with_sound=True)).path
    assert PyavReader(sound).facts.declared_duration is None
