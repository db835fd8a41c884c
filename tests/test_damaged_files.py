"""Files that are broken, strange, or not recordings: one clear sentence, or all that is left."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmrag_video.errors import RecordingError
from mmrag_video.video.exact import open_exact
from mmrag_video.video.pyav_reader import PyavReader
from tests.footage import (
    Encoding,
    blank_packets,
    cut_short,
    number_in,
    steadily,
    write_numbered,
    write_pictures,
    write_sound_only,
)

FRAMES = 60
FRAGMENTED = Encoding(container_options={"movflags": "frag_keyframe+empty_moov"})
INDEX_IN_FRONT = Encoding(container_options={"movflags": "faststart"})


def _recording(path: Path, encoding: Encoding | None = None) -> Path:
    return write_numbered(path, steadily(FRAMES), encoding or Encoding()).path


def _missing(folder: Path) -> Path:
    return folder / "missing.mp4"


def _empty(folder: Path) -> Path:
    path = folder / "empty.mp4"
    path.touch()
    return path


def _folder(folder: Path) -> Path:
    path = folder / "folder.mp4"
    path.mkdir()
    return path


def _text(folder: Path) -> Path:
    # libavformat would play a .txt as a picture of a terminal.
    path = folder / "notes.txt"
    path.write_text("Camera 3 was cleaned today.\n" * 50)
    return path


def _text_named_as_video(folder: Path) -> Path:
    return _text(folder).rename(folder / "notes.mp4")


def _playlist(folder: Path) -> Path:
    # libavformat would open what a playlist names.
    path = folder / "list.m3u8"
    path.write_text(f"#EXTM3U\n#EXTINF:1,\n{_recording(folder / 'named.ts')}\n#EXT-X-ENDLIST\n")
    return path


def _without_index(folder: Path) -> Path:
    path = _recording(folder / "cut.mp4")  # the index comes last
    cut_short(path, 0.6)
    return path


def _sound_only(folder: Path) -> Path:
    path = folder / "sound.mp4"
    write_sound_only(path)
    return path


def _undecodable(folder: Path) -> Path:
    path = _recording(folder / "blank.mp4")
    blank_packets(path)
    return path


def _bare_stream(folder: Path) -> Path:
    return _recording(folder / "bare.h264")


def _symlink_loop(folder: Path) -> Path:
    path = folder / "loop.mp4"
    path.symlink_to(path)
    return path


@pytest.mark.parametrize(
    ("make", "what", "what_to_do"),
    [
        (_missing, "is not there", "check the name"),
        (_empty, "is empty (0 bytes)", "copy it from the recorder again"),
        (_folder, "is a folder", "name a video file in it"),
        (_text, "is not a video", "check that it plays"),
        (_text_named_as_video, "is not a video", "check that it plays"),
        (_playlist, "is not a video", "check that it plays"),
        (_without_index, "has no index (moov)", "copy it again"),
        (_sound_only, "has sound but no picture", "only recordings with a picture"),
        (_undecodable, "holds no picture that can be decoded", "copy it from the recorder again"),
        (_bare_stream, "is a bare stream without times", "put it into a container"),
        (_symlink_loop, "cannot be read", "check the disk"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_sentence(
    tmp_path: Path, make: Callable[[Path], Path], what: str, what_to_do: str
) -> None:
    path = make(tmp_path)
    for open_reader in (PyavReader, open_exact):
        with pytest.raises(RecordingError) as refusal:
            open_reader(path)
        sentence = str(refusal.value)
        assert sentence.startswith(str(path))
        assert what in sentence
        assert what_to_do in sentence
        assert "\n" not in sentence


def test_a_file_without_read_permission_is_named(tmp_path: Path) -> None:
    path = _recording(tmp_path / "locked.mp4")
    path.chmod(0)
    with _not_as_superuser(), pytest.raises(RecordingError, match="may not be read by this user"):
        PyavReader(path)


@contextmanager
def _not_as_superuser() -> Iterator[None]:
    """Who may read everything, and in containers often runs the tests."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)  # nobody
    try:
        yield
    finally:
        os.seteuid(user)


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("truncated.mp4", INDEX_IN_FRONT),
        ("truncated.avi", Encoding()),
        ("growing.mp4", FRAGMENTED),
        ("growing.mkv", Encoding()),
        ("growing.ts", Encoding(b_frames=2)),
    ],
)
def test_of_a_file_that_is_cut_off_or_still_growing_what_is_there_is_read(
    tmp_path: Path, name: str, encoding: Encoding
) -> None:
    path = _recording(tmp_path / name, encoding)
    cut_short(path, 0.6)
    reader = PyavReader(path)
    frames = list(reader.frames())
    assert 10 < len(frames) < FRAMES
    # The last picture may be cut in its middle; the decoder shows what it has of it.
    assert [number_in(frame.image) for frame in frames[:-1]] == list(range(len(frames) - 1))
    assert [frame.time for frame in frames] == [Fraction(n, 25) for n in range(len(frames))]
    assert abs(reader.facts.duration - Fraction(len(frames), 25)) <= Fraction(1, 25)
    assert reader.frame_at(Fraction(1000)).time == frames[-1].time
    assert open_exact(path).frame_at(Fraction(1, 5)).time == Fraction(1, 5)


def test_a_file_that_has_grown_is_read_as_it_is_now(tmp_path: Path) -> None:
    path = _recording(tmp_path / "growing.ts")
    whole = path.read_bytes()
    cut_short(path, 0.4)
    with PyavReader(path) as reader:
        before = len(list(reader.frames()))
        path.write_bytes(whole)
        assert before < len(list(reader.frames())) == FRAMES


@pytest.mark.parametrize("name", ["damaged.mp4", "damaged.mkv", "damaged.avi"])
def test_damage_in_the_middle_costs_the_damaged_frames(tmp_path: Path, name: str) -> None:
    path = _recording(tmp_path / name)
    blank_packets(path, [17, 30])
    exact = open_exact(path)
    frames = list(PyavReader(path).frames())
    assert FRAMES - 2 <= len(frames) <= FRAMES
    for frame in [frame for frame in frames if frame.time >= Fraction(36, 25)]:  # the next GOP
        assert number_in(frame.image) == frame.time * 25
        assert np.array_equal(exact.frame_at(frame.time).image, frame.image)


@pytest.fixture(scope="module")
def folder_of_recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rubbish")
    for name in ("a.mp4", "a.mkv", "a.avi", "a.ts"):
        _recording(folder / name)
    return folder


@settings(max_examples=40)
@given(
    name=st.sampled_from(["a.mp4", "a.mkv", "a.avi", "a.ts"]),
    place=st.floats(0, 1, exclude_max=True),
    rubbish=st.binary(min_size=1, max_size=400),
)
def test_rubbish_anywhere_in_a_file_ends_in_frames_or_in_a_sentence(
    folder_of_recordings: Path, name: str, place: float, rubbish: bytes
) -> None:
    content = bytearray((folder_of_recordings / name).read_bytes())
    path = folder_of_recordings / f"damaged {name}"
    start = int(place * len(content))
    content[start : start + len(rubbish)] = rubbish
    path.write_bytes(content)
    try:
        reader = PyavReader(path)
        times = [frame.time for frame in reader.frames()]
        assert reader.facts.duration > 0
    except RecordingError as refusal:
        assert str(path) in str(refusal)
    else:
        assert times == sorted(set(times))
        assert times[0] == 0


@pytest.mark.parametrize(
    ("codec", "pixel_format", "container"),
    [
        ("ffv1", "gray16le", "mkv"),
        ("ffv1", "gray", "mkv"),
        ("ffv1", "yuv420p16le", "mkv"),
        ("ffv1", "bgra", "avi"),
        ("libx264", "gray", "mp4"),
        ("libx264", "yuv420p10le", "mp4"),
        ("libx264", "yuv444p", "mkv"),
        ("mjpeg", "yuvj422p", "avi"),
    ],
)
def test_unusual_pixels_become_rgb(
    tmp_path: Path, codec: str, pixel_format: str, container: str
) -> None:
    grey = np.full((48, 64, 3), 90, dtype=np.uint8)
    grey[:, 32:] = 200
    path = tmp_path / f"unusual.{container}"
    write_pictures(path, [(0, grey), (40, grey)], Encoding(codec, pixel_format=pixel_format))
    for reader in (PyavReader(path), open_exact(path)):
        image = reader.frame_at(Fraction(1, 25)).image
        assert (image.shape, image.dtype) == ((48, 64, 3), np.uint8)
        assert (
            np.abs(image.astype(int) - grey).mean() < 12
        )  # some encoders take grey for full range


@pytest.mark.parametrize("size", [(4, 4), (6, 2), (163, 121)])
def test_tiny_and_odd_sizes_are_read(tmp_path: Path, size: tuple[int, int]) -> None:
    width, height = size
    grey = np.full((height, width, 3), 90, dtype=np.uint8)
    path = tmp_path / "tiny.mkv"
    write_pictures(path, [(0, grey), (40, grey)], Encoding("ffv1", pixel_format="yuv444p"))
    reader = PyavReader(path)
    assert (reader.facts.width, reader.facts.height) == size
    assert reader.frame_at(Fraction(0)).image.shape == (height, width, 3)


@pytest.mark.parametrize(
    "name",
    ["concat:a.mp4", "http:b.mp4", "a\nb.mp4", 'it\'s "c".mp4', "Überwachung 監視.mp4", "%03d.mp4"],
)
def test_any_name_is_just_a_name(tmp_path: Path, name: str) -> None:
    path = _recording(tmp_path / name)
    assert len(list(PyavReader(path).frames())) == FRAMES
    assert open_exact(path).frame_at(Fraction(1)).time == 1


def test_a_name_that_is_not_unicode_is_just_a_name(tmp_path: Path) -> None:
    path = _recording(tmp_path / "a.mp4").rename(tmp_path / os.fsdecode(b"b\xff.mp4"))
    assert len(list(PyavReader(path).frames())) == FRAMES
    assert open_exact(path).frame_at(Fraction(1)).time == 1
