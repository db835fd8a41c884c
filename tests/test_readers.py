"""What every reader of recordings does, on every kind of recording: the same, and exactly.

Each recording's frame n shows the number n, so a test knows which frame it was given.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmrag_video.errors import RecordingError
from mmrag_video.video.decord_reader import DecordReader
from mmrag_video.video.exact import open_exact
from mmrag_video.video.frames import FrameReader
from mmrag_video.video.pyav_reader import PyavReader
from tests.footage import Encoding, Numbered, number_in, steadily, write_numbered

HAS_DECORD = find_spec("decord") is not None
"""It has wheels for x86-64 only."""
needs_decord = pytest.mark.skipif(not HAS_DECORD, reason="decord is not installed")
FRAMES = 30
STEADY = steadily(FRAMES)
UNSTEADY = [0, 40, 80, 400, 440, 1000, 1010, 1020, 2000, *range(2040, 5000, 170)]
LATE = steadily(FRAMES, start=7480)
NOT_AVI, NOT_TS = "is a recording of the kind avi", "is a recording of the kind mpegts"
FRAGMENTED = {"movflags": "frag_keyframe+empty_moov"}


@dataclass(frozen=True)
class Kind:
    """A kind of recording."""

    suffix: str
    encoding: Encoding
    milliseconds: list[int]
    decord_refuses: str = ""
    """Why decord must not read it; empty where it is exact."""


def _of_every_container(name: str, encoding: Encoding, refused: str = "") -> dict[str, Kind]:
    fragmented = replace(encoding, container_options=FRAGMENTED)
    return {
        f"{name} mp4": Kind("mp4", encoding, STEADY, refused),
        f"{name} fragmented mp4": Kind("mp4", fragmented, STEADY, refused),
        f"{name} mkv": Kind("mkv", encoding, STEADY, refused),
        f"{name} avi": Kind("avi", encoding, STEADY, NOT_AVI),
        f"{name} ts": Kind("ts", encoding, STEADY, NOT_TS),
    }


OPEN_GOPS = Encoding(b_frames=3, codec_options={"x264-params": "open-gop=1:scenecut=0"})
REFRESHED = Encoding(gop=20, codec_options={"x264-params": "intra-refresh=1"})
HEVC = Encoding("libx265", b_frames=3, codec_options={"x265-params": "log-level=none:pools=1"})
VP9 = Encoding("libvpx-vp9", codec_options={"deadline": "realtime", "cpu-used": "8"})

KINDS = {
    **_of_every_container("H.264", Encoding()),
    **_of_every_container("H.264 with B-frames", Encoding(b_frames=2)),
    **_of_every_container("MPEG-4", Encoding("mpeg4")),
    **_of_every_container(
        "MPEG-4 with B-frames", Encoding("mpeg4", b_frames=2), "has MPEG-4 B-frames"
    ),
    "unsteady rate mp4": Kind("mp4", Encoding(b_frames=2), UNSTEADY),
    "unsteady rate mkv": Kind("mkv", Encoding(b_frames=2), UNSTEADY),
    "unsteady rate ts": Kind("ts", Encoding(b_frames=2), UNSTEADY, NOT_TS),
    "late start mp4": Kind("mp4", Encoding(b_frames=2), LATE),
    "late start mkv": Kind("mkv", Encoding(b_frames=2), LATE),
    "late start ts": Kind("ts", Encoding(b_frames=2), LATE, NOT_TS),
    "turned by 90": Kind("mp4", Encoding(rotation=90), STEADY, "has a rotation flag"),
    "turned by 180": Kind("mp4", Encoding(rotation=180), STEADY, "has a rotation flag"),
    "turned by 270": Kind("mov", Encoding(rotation=270), STEADY, "has a rotation flag"),
    "turned by 45": Kind("mp4", Encoding(rotation=45), STEADY),
    "one keyframe": Kind("mp4", Encoding(gop=250, b_frames=2), STEADY),
    "open GOPs": Kind("mp4", OPEN_GOPS, STEADY, "keyframes that are not IDR"),
    "open GOPs ts": Kind("ts", OPEN_GOPS, STEADY, NOT_TS),
    "intra refresh": Kind("mkv", REFRESHED, steadily(60), "keyframes that are not IDR"),
    "HEVC": Kind("mp4", HEVC, STEADY, "is coded as hevc"),
    "VP9": Kind("webm", VP9, STEADY, "is coded as vp9"),
}
CASES = [
    pytest.param(name, reader, id=f"{name}, {reader.__name__}")
    for name, kind in KINDS.items()
    for reader in (PyavReader, DecordReader)
    if reader is PyavReader or (HAS_DECORD and not kind.decord_refuses)
]
READ_BY_BOTH = [name for name, kind in KINDS.items() if HAS_DECORD and not kind.decord_refuses]
REFUSED = [name for name, kind in KINDS.items() if kind.decord_refuses]
"""On most of these decord returns other frames than it is asked for: see decord_reader.py."""

OpenReader = Callable[[Path], FrameReader]


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Numbered]:
    folder = tmp_path_factory.mktemp("recordings")
    return {
        name: write_numbered(folder / f"{name}.{kind.suffix}", kind.milliseconds, kind.encoding)
        for name, kind in KINDS.items()
    }


@pytest.fixture
def recording(recordings: dict[str, Numbered], name: str) -> Numbered:
    return recordings[name]


@pytest.fixture
def reader(recording: Numbered, opener: OpenReader) -> Iterator[FrameReader]:
    reader = opener(recording.path)
    yield reader
    reader.close()


on_every_kind = pytest.mark.parametrize(("name", "opener"), CASES)


@on_every_kind
def test_every_frame_is_given_once_upright_and_at_the_time_it_was_written(
    recording: Numbered, reader: FrameReader
) -> None:
    frames = list(reader.frames())
    assert [frame.time for frame in frames] == list(recording.times)
    assert [number_in(frame.image) for frame in frames] == list(range(len(frames)))
    assert frames[0].is_keyframe


@on_every_kind
def test_facts_tell_size_extent_and_rotation(
    name: str, recording: Numbered, reader: FrameReader
) -> None:
    facts = reader.facts
    assert (facts.width, facts.height) == recording.size
    assert facts.rotation == (0 if name == "turned by 45" else KINDS[name].encoding.rotation)
    assert recording.times[-1] < facts.duration <= recording.times[-1] + Fraction(1, 5)
    assert Fraction(0) < facts.longest_keyframe_gap <= facts.duration


@on_every_kind
def test_the_frame_on_screen_is_given_whatever_was_asked_before(
    recording: Numbered, reader: FrameReader
) -> None:
    numbers = list(range(len(recording.times)))
    random.Random(5).shuffle(numbers)
    for number in numbers:
        shortly_after = recording.times[number] + Fraction(1, 250)
        frame = reader.frame_at(shortly_after)
        assert (frame.time, number_in(frame.image)) == (recording.times[number], number)


@on_every_kind
def test_first_and_last_frame_stand_for_all_time_outside(
    recording: Numbered, reader: FrameReader
) -> None:
    last = recording.times[-1]
    for asked, given_time in ((-5, 0), (0, 0), (last, last), (last + 1, last), (10**7, last)):
        assert reader.frame_at(Fraction(asked)).time == given_time


@on_every_kind
def test_a_span_is_given_from_its_start_and_without_its_end(
    recording: Numbered, reader: FrameReader
) -> None:
    times = recording.times
    for start, end in ((times[7], times[20]), (times[7] + Fraction(1, 1000), times[9])):
        expected = [number for number, time in enumerate(times) if start <= time < end]
        assert [number_in(frame.image) for frame in reader.frames(start, end)] == expected
    assert list(reader.frames(times[-1] + 1)) == []


@pytest.mark.parametrize("name", READ_BY_BOTH)
def test_readers_give_the_same_pictures(recording: Numbered) -> None:
    theirs = DecordReader(recording.path).frames()
    for ours, other in zip(PyavReader(recording.path).frames(), theirs, strict=True):
        assert (ours.time, ours.is_keyframe) == (other.time, other.is_keyframe)
        assert np.abs(ours.image.astype(int) - other.image).mean() < 2


@needs_decord
@pytest.mark.parametrize("name", REFUSED)
def test_decord_refuses_what_it_would_get_wrong(name: str, recording: Numbered) -> None:
    with pytest.raises(RecordingError, match=KINDS[name].decord_refuses) as refusal:
        DecordReader(recording.path)
    assert str(recording.path) in str(refusal.value)
    assert isinstance(open_exact(recording.path), PyavReader)


@pytest.mark.parametrize("name", READ_BY_BOTH)
def test_exact_frames_come_from_decord_where_it_is_exact(recording: Numbered) -> None:
    assert isinstance(open_exact(recording.path), DecordReader)


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(["H.264 with B-frames avi", "MPEG-4 with B-frames ts", "open GOPs"]),
    start=st.fractions(-1, 2, max_denominator=999),
    length=st.fractions(0, 2, max_denominator=999),
)
def test_any_span_holds_what_all_frames_hold_there(
    recordings: dict[str, Numbered], name: str, start: Fraction, length: Fraction
) -> None:
    recording = recordings[name]
    frames = PyavReader(recording.path).frames(start, start + length)
    expected = [
        number for number, time in enumerate(recording.times) if start <= time < start + length
    ]
    assert [number_in(frame.image) for frame in frames] == expected


@pytest.mark.parametrize("name", KINDS)
def test_keyframes_are_those_among_all_frames(recording: Numbered) -> None:
    reader = PyavReader(recording.path)
    expected = [frame for frame in reader.frames() if frame.is_keyframe]
    keyframes = list(reader.keyframes())
    assert [frame.time for frame in keyframes] == [frame.time for frame in expected]
    for keyframe, frame in zip(keyframes, expected, strict=True):
        assert np.array_equal(keyframe.image, frame.image)


@pytest.mark.parametrize("name", KINDS)
def test_packets_tell_when_each_picture_is_shown(recording: Numbered) -> None:
    packets = list(PyavReader(recording.path).packets())
    assert sorted(packet.time for packet in packets) == list(recording.times)
    assert all(packet.size > 0 for packet in packets)
    assert packets[0].is_keyframe
