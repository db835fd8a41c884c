"""What the page's player is given: recordings a browser plays, or exact cuts of the others."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import psutil
import pytest

from mmrag_video.errors import DecoderError, RecordingError, UsageError
from mmrag_video.video.clips import UNFINISHED, cut_for_browser, plays_in_browser
from mmrag_video.video.pyav_reader import PyavReader
from tests.conftest import decoders_of
from tests.footage import Encoding, number_in, steadily, write_numbered

STEADY = steadily(50)
LONG = steadily(500)
UNSTEADY = [0, 40, 500, 540, 1300, 1340, 1900, 2500]
VP9 = Encoding("libvpx-vp9", codec_options={"deadline": "realtime", "cpu-used": "8"})
HEVC = Encoding("libx265", codec_options={"x265-params": "log-level=none:pools=1"})


@pytest.mark.parametrize(
    ("name", "encoding", "plays"),
    [
        ("a.mp4", Encoding(b_frames=2), True),
        ("a.MP4", Encoding(), True),
        ("a.webm", VP9, True),
        ("a.mp4", VP9, True),
        ("a.mp4", Encoding(rotation=90), True),
        ("a.mp4", Encoding(pixel_format="yuv420p10le"), False),
        ("a.mp4", Encoding(pixel_format="yuv444p"), False),
        ("a.mp4", Encoding("mpeg4"), False),
        ("a.mp4", HEVC, False),
        ("a.mkv", Encoding(), False),
        ("a.avi", Encoding(), False),
        ("a.ts", Encoding(), False),
    ],
)
def test_a_browser_plays_common_codecs_in_its_own_containers(
    tmp_path: Path, name: str, encoding: Encoding, plays: bool
) -> None:
    recording = write_numbered(tmp_path / name, STEADY, encoding)
    codec = PyavReader(recording.path).facts.codec
    assert plays_in_browser(recording.path, codec) == plays


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "avi", "ts"])
@pytest.mark.parametrize("encoding", [Encoding(b_frames=2), Encoding("mpeg4")])
def test_a_cut_shows_exactly_the_frames_of_its_span(
    tmp_path: Path, suffix: str, encoding: Encoding
) -> None:
    recording = write_numbered(tmp_path / f"a.{suffix}", STEADY, encoding)
    start, end = Fraction(17, 25), Fraction(38, 25)
    clip = PyavReader(_cut(recording.path, start, end))
    frames = list(clip.frames())
    assert [number_in(frame.image) for frame in frames] == list(range(17, 38))
    assert [frame.time for frame in frames] == [Fraction(n, 25) for n in range(21)]
    assert clip.facts.duration == end - start
    assert plays_in_browser(clip.facts.path, clip.facts.codec)


def test_a_cut_shows_nothing_that_an_edit_list_hides(tmp_path: Path) -> None:
    recording = write_numbered(
        tmp_path / "a.mp4", steadily(80, start=-1200), Encoding(b_frames=2, gop=50)
    )
    clip = PyavReader(_cut(recording.path, Fraction(0), Fraction(1)))
    assert [number_in(frame.image) for frame in clip.frames()] == list(range(30, 55))


def test_a_cut_between_frames_starts_with_the_one_on_screen(tmp_path: Path) -> None:
    recording = write_numbered(tmp_path / "a.mkv", UNSTEADY, Encoding(b_frames=2))
    clip = PyavReader(_cut(recording.path, Fraction(1), Fraction(3, 2)))
    frames = list(clip.frames())
    assert [number_in(frame.image) for frame in frames] == [3, 4, 5]
    assert [frame.time for frame in frames] == [0, Fraction(3, 10), Fraction(17, 50)]
    assert clip.facts.duration == Fraction(1, 2)


def test_a_cut_of_one_still_moment_lasts_as_long_as_asked(tmp_path: Path) -> None:
    recording = write_numbered(tmp_path / "a.mp4", UNSTEADY)
    clip = PyavReader(_cut(recording.path, Fraction(2), Fraction(9, 4)))
    assert [number_in(frame.image) for frame in clip.frames()] == [6]
    assert clip.facts.duration == Fraction(1, 4)


def test_a_cut_ends_with_the_recording(tmp_path: Path) -> None:
    recording = write_numbered(tmp_path / "a.mp4", STEADY)
    clip = PyavReader(_cut(recording.path, Fraction(9, 5), Fraction(60)))
    assert [number_in(frame.image) for frame in clip.frames()] == [45, 46, 47, 48, 49]
    assert clip.facts.duration == Fraction(1, 5)


@pytest.mark.parametrize(
    ("size", "rotation", "expected"),
    [
        ((163, 121), 0, (162, 120)),
        ((120, 160), 90, (120, 160)),
        ((1920, 1080), 0, (1280, 720)),
        ((4, 4), 0, (4, 4)),
    ],
)
def test_a_cut_is_upright_even_sided_silent_and_at_most_1280_wide(
    tmp_path: Path, size: tuple[int, int], rotation: int, expected: tuple[int, int]
) -> None:
    encoding = Encoding("ffv1", pixel_format="yuv444p", rotation=rotation, with_sound=True)
    suffix = "mov" if rotation else "mkv"
    encoding = Encoding("mpeg4", rotation=90, with_sound=True) if rotation else encoding
    recording = write_numbered(tmp_path / f"a.{suffix}", steadily(3), encoding, size)
    facts = PyavReader(clip := _cut(recording.path, Fraction(0), Fraction(1))).facts
    assert (facts.width, facts.height, facts.rotation) == (*expected, 0)
    with av.open(clip) as container:
        assert not container.streams.audio
    if size != (4, 4):
        assert number_in(PyavReader(clip).frame_at(Fraction(0)).image) == 0


@pytest.mark.parametrize(("rotation", "shown"), [(0, Fraction(16, 11)), (270, Fraction(11, 16))])
def test_pixels_that_are_not_square_stay_so_in_a_cut(
    tmp_path: Path, rotation: int, shown: Fraction
) -> None:
    wide = Encoding(rotation=rotation, pixel_aspect=Fraction(16, 11))
    recording = write_numbered(tmp_path / "960h.mp4", steadily(5), wide, (176, 144))
    with av.open(str(_cut(recording.path, Fraction(0), Fraction(1, 5)))) as container:
        assert container.streams.video[0].sample_aspect_ratio == shown


def test_colours_survive_a_cut(tmp_path: Path) -> None:
    recording = write_numbered(tmp_path / "a.mp4", STEADY)
    ours = PyavReader(recording.path).frame_at(Fraction(1)).image
    clip = _cut(recording.path, Fraction(1), Fraction(2))
    assert np.abs(PyavReader(clip).frame_at(Fraction(0)).image.astype(int) - ours).mean() < 4


def test_a_cut_plays_while_it_loads(tmp_path: Path) -> None:
    recording = write_numbered(tmp_path / "a.ts", STEADY)
    content = _cut(recording.path, Fraction(0), Fraction(1)).read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_a_file_that_is_no_video_any_more_is_said_to_be(tmp_path: Path) -> None:
    recording = write_numbered(tmp_path / "a.mp4", STEADY).path
    recording.write_bytes(b"nothing that could be decoded")
    with pytest.raises(RecordingError, match=r"a\.mp4 is not a video"):
        plays_in_browser(recording, "h264")


def test_nothing_unfinished_is_left_where_a_cut_fails(tmp_path: Path) -> None:
    recording = write_numbered(tmp_path / "a.ts", STEADY).path
    clips = tmp_path / "clips"
    clips.mkdir()
    with pytest.raises(UsageError, match="must end after it starts"):
        cut_for_browser(recording, Fraction(2), Fraction(2), clips / "a.mp4")
    with pytest.raises(RecordingError, match="is not there"):
        cut_for_browser(tmp_path / "b.ts", Fraction(0), Fraction(1), clips / "a.mp4")
    with pytest.raises(RecordingError, match="cannot be written to"):
        cut_for_browser(recording, Fraction(0), Fraction(1), clips / "no folder" / "a.mp4")
    assert list(clips.iterdir()) == []


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGSEGV])
def test_a_child_that_dies_over_a_cut_is_an_error_that_names_file_and_signal(
    tmp_path: Path, sign: signal.Signals
) -> None:
    recording = write_numbered(tmp_path / "a.ts", LONG).path
    with (
        _child_that_gets(sign, tmp_path),
        pytest.raises(DecoderError, match=rf"a\.ts was killed by {sign.name}"),
    ):
        _cut(recording, Fraction(0), Fraction(20))
    assert [path.name for path in tmp_path.iterdir()] == ["a.ts"]


def test_a_cut_that_hangs_is_stopped(tmp_path: Path) -> None:
    recording = write_numbered(tmp_path / "a.ts", LONG).path
    with (
        _child_that_gets(signal.SIGSTOP, tmp_path),
        pytest.raises(DecoderError, match=r"a\.ts took more than 4 s and was stopped"),
    ):
        cut_for_browser(recording, Fraction(0), Fraction(20), tmp_path / "clip.mp4", time_limit=4)
    assert [path.name for path in tmp_path.iterdir()] == ["a.ts"]
    assert decoders_of(psutil.Process()) == []


@contextmanager
def _child_that_gets(sign: signal.Signals, folder: Path) -> Iterator[None]:
    """Sends the signal as soon as the child has begun to write into the folder."""

    def strike() -> None:
        until = time.monotonic() + 20
        while not list(folder.glob(f".*{UNFINISHED}")) and time.monotonic() < until:
            time.sleep(0.001)
        (child,) = decoders_of(psutil.Process())
        child.send_signal(sign)

    striker = threading.Thread(target=strike)
    striker.start()
    yield
    striker.join()


def _cut(path: Path, start: Fraction, end: Fraction) -> Path:
    clip = path.with_name("clip.mp4")
    cut_for_browser(path, start, end, clip)
    return clip
