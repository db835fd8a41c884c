"""When frames are shown, as packets say it: the same that decoding says."""

from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest

from mmrag_video.errors import RecordingError
from mmrag_video.video.frame_times import frame_times
from tests.footage import Encoding, Numbered, steadily, write_numbered

STEADY = steadily(75)
UNSTEADY = [0, 40, 500, 540, 1300, 1340, 1900, 2500, 6500, 6540, 9000]
LATE = steadily(75, start=1480)
OPEN_GOPS = Encoding(b_frames=2, codec_options={"x264-params": "open-gop=1:keyint=12:scenecut=0"})
HEVC = Encoding(
    "libx265", b_frames=2, codec_options={"x265-params": "log-level=none:pools=1:keyint=12"}
)
KINDS = {
    "h264.mp4": Encoding(b_frames=2),
    "open-gops.mp4": OPEN_GOPS,
    "open-gops.ts": OPEN_GOPS,
    "one-keyframe.mp4": Encoding(gop=1000),
    "h264.mkv": Encoding(b_frames=2),
    "h264.ts": Encoding(b_frames=2),
    "hevc.mp4": HEVC,
    "mpeg4.avi": Encoding("mpeg4"),
    "reordered.avi": Encoding("mpeg4", b_frames=2),
}


@cache
def written(folder: Path, name: str, milliseconds: tuple[int, ...]) -> Numbered:
    path = folder / f"{milliseconds[0]}-{len(milliseconds)}-{name}"
    return write_numbered(path, milliseconds, KINDS[name])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("times")


def test_what_an_edit_list_hides_is_no_frame(folder: Path) -> None:
    recording = written(folder, "h264.mp4", tuple(steadily(75, start=-520)))
    for start, end in [(Fraction(0), Fraction(1)), (Fraction(1, 2), Fraction(3, 5))]:
        shown = frame_times(recording.path, start, end).seconds
        assert shown == expected(replace(recording, times=recording.times[13:]), start, end)


def expected(recording: Numbered, start: Fraction, end: Fraction) -> tuple[Fraction, ...]:
    before = [time for time in recording.times if time < start][-1:]
    inside = [time for time in recording.times if start <= time < end]
    after = [time for time in recording.times if time >= end][:1]
    return (*before, *inside, *after)


@pytest.mark.parametrize("milliseconds", [STEADY, LATE, UNSTEADY], ids=["steady", "late", "rates"])
@pytest.mark.parametrize("name", KINDS)
def test_a_span_has_its_frames_and_those_beside_it(
    folder: Path, name: str, milliseconds: list[int]
) -> None:
    if name.endswith(".avi") and milliseconds is not STEADY:
        pytest.skip("an AVI has one rate and begins at 0")
    recording = written(folder, name, tuple(milliseconds))
    for start, end in [(0, 1), (0, 100), (1, 2), (Fraction(13, 25), Fraction(14, 25)), (2, 5)]:
        span = Fraction(start), Fraction(end)
        found = frame_times(recording.path, *span).seconds
        # MPEG-TS rounds to a tick of 1/90000 s.
        assert len(found) == len(expected(recording, *span)), span
        for time, at in zip(found, expected(recording, *span), strict=True):
            assert abs(time - at) < Fraction(1, 5000), span


def test_behind_the_end_there_is_the_last_frame(folder: Path) -> None:
    recording = written(folder, "h264.mp4", tuple(STEADY))
    assert frame_times(recording.path, Fraction(50), Fraction(60)).seconds == recording.times[-1:]


def test_a_file_that_is_none_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "notes.mp4"
    path.write_text("no video")
    with pytest.raises(RecordingError, match="is not a video this program can read"):
        frame_times(path, Fraction(0), Fraction(1))
