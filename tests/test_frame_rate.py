"""SMPTE timecode: text and frame, at every rate, as OpenTimelineIO and FFmpeg count too."""

from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import settings as tried
from hypothesis import strategies as st
from opentimelineio import opentime

from mmrag_video.video.frame_rate import DROP_FRAME_RATES, FrameRate
from tests.footage import numbered_picture

NTSC, NTSC_60 = DROP_FRAME_RATES
RATES = [
    FrameRate(rate)
    for rate in (
        Fraction(24_000, 1001),
        Fraction(24),
        Fraction(25),
        NTSC,
        Fraction(30),
        Fraction(50),
        NTSC_60,
        Fraction(60),
        Fraction(25, 2),
        Fraction(15),
        Fraction(1),
        Fraction(1, 3),
        Fraction(120),
        Fraction(14_985, 1000),
    )
]
DROP_FRAME = [FrameRate(rate, is_drop_frame=True) for rate in DROP_FRAME_RATES]
KNOWN_TO_OTIO = [*RATES[:8], *DROP_FRAME]
any_rate = st.sampled_from([*RATES, *DROP_FRAME])
own_rates = st.fractions(Fraction(1, 10), 240).map(FrameRate)


@tried(deadline=None)
@given(any_rate | own_rates, st.data())
def test_every_frame_of_a_day_is_read_back_from_its_text(rate: FrameRate, data: st.DataObject):
    frame = data.draw(st.integers(0, rate.per_day - 1))
    assert rate.frame(rate.text(frame)) == frame


@given(any_rate, st.data())
def test_every_text_that_names_a_frame_is_written_again(rate: FrameRate, data: st.DataObject):
    draw = data.draw
    hours, minutes = draw(st.integers(0, 23)), draw(st.integers(0, 59))
    seconds, frames = draw(st.integers(0, 59)), draw(st.integers(0, rate.nominal - 1))
    mark = ";" if rate.is_drop_frame else ":"
    width = 3 if rate.nominal > 100 else 2
    text = f"{hours:02d}:{minutes:02d}:{seconds:02d}{mark}{frames:0{width}d}"
    is_dropped = rate.is_drop_frame and minutes % 10 and not seconds and frames < rate.nominal // 15
    if is_dropped:
        with pytest.raises(ValueError, match="leaves out"):
            rate.frame(text)
    else:
        assert rate.text(rate.frame(text)) == text


@given(st.sampled_from(KNOWN_TO_OTIO), st.data())
def test_opentimelineio_counts_alike(rate: FrameRate, data: st.DataObject):
    # Without drop-frame it begins anew after 24 hours at 29.97, and not after those of its numbers.
    day = min(rate.per_day, int(24 * 3600 * Fraction(f"{float(rate.rate):.3f}")))
    frame = data.draw(st.integers(0, day - 1))
    time = opentime.RationalTime(frame, float(rate.rate))
    theirs = opentime.to_timecode(time, time.rate, rate.is_drop_frame)
    assert rate.text(frame) == theirs
    assert opentime.from_timecode(theirs, float(rate.rate)).value == frame


@pytest.mark.parametrize("rate", DROP_FRAME)
def test_drop_frame_keeps_up_with_the_clock(rate: FrameRate):
    behind = timedelta(days=1).total_seconds() - rate.per_day / rate.rate
    assert abs(behind) < 0.1
    last = rate.text(0)
    for minute in range(0, 24 * 60, 7):
        now = rate.text(int(minute * 60 * rate.rate))
        assert now.startswith(f"{minute // 60:02d}:{minute % 60:02d}:0") or now > last
        last = now


@pytest.mark.parametrize(
    ("rate", "frame", "text"),
    [
        (FrameRate(NTSC, is_drop_frame=True), 1799, "00:00:59;29"),
        (FrameRate(NTSC, is_drop_frame=True), 1800, "00:01:00;02"),
        (FrameRate(NTSC, is_drop_frame=True), 17_982, "00:10:00;00"),
        (FrameRate(NTSC, is_drop_frame=True), 107_892, "01:00:00;00"),
        (FrameRate(NTSC_60, is_drop_frame=True), 3600, "00:01:00;04"),
        (FrameRate(NTSC), 1800, "00:01:00:00"),
        (FrameRate(Fraction(25)), 25 * 86_400, "00:00:00:00"),
        (FrameRate(Fraction(25)), -1, "23:59:59:24"),
        (FrameRate(Fraction(25, 2)), 13, "00:00:01:00"),
        (FrameRate(Fraction(120)), 119, "00:00:00:119"),
    ],
)
def test_texts_that_are_known(rate: FrameRate, frame: int, text: str):
    assert rate.text(frame) == text


@pytest.mark.parametrize("rate", [25, 30, Fraction(24_000, 1001), Fraction(2997, 100)])
def test_there_is_no_drop_frame_at_other_rates(rate: Fraction):
    with pytest.raises(ValueError, match="no drop-frame"):
        FrameRate(Fraction(rate), is_drop_frame=True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("24:00:00:00", "not a timecode"),
        ("1:2:3:4", "not a timecode"),
        ("01:60:00:00", "not a timecode"),
        ("１1:00:00:00", "not a timecode"),
        ("", "not a timecode"),
        ("00:00:00:25", "above 24"),
        ("00:00:00;00", "is drop-frame"),
    ],
)
def test_what_is_no_timecode_is_refused(text: str, words: str):
    with pytest.raises(ValueError, match=words):
        FrameRate(Fraction(25)).frame(text)


@pytest.mark.parametrize("text", ["01;02;03;04", "01:02:03.04", " 01:02:03;04 "])
def test_drop_frame_is_read_in_each_way_in_which_it_is_written(text: str):
    rate = FrameRate.as_written(NTSC, text)
    assert rate.is_drop_frame
    assert rate.text(rate.frame(text)) == "01:02:03;04"


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (Fraction(25), "10:11:12:13"),
        (NTSC, "23:59:59;28"),
        (NTSC, "01:01:01:01"),
        (NTSC, "00:09:00;02"),
        (NTSC_60, "01:01:00;04"),
        (Fraction(24_000, 1001), "01:00:00:23"),
        (Fraction(50), "00:00:01:49"),
    ],
)
def test_ffmpeg_stores_the_same_frame_for_a_text(tmp_path: Path, rate: Fraction, text: str):
    """FFmpeg turns the text into the frame number of a tmcd track."""
    path = tmp_path / "a.mov"
    write_with_timecode(path, rate, text)
    with av.open(path) as container:
        [track] = [stream for stream in container.streams if stream.type == "data"]
        stored = int.from_bytes(bytes(next(container.demux(track))), "big")
    assert FrameRate.as_written(rate, text).frame(text) == stored


def write_with_timecode(path: Path, rate: Fraction, text: str, frames: int = 30) -> None:
    """Numbered frames at an exact rate, with a start timecode."""
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=rate, options={"bf": "2"})
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        stream.codec_context.time_base = 1 / rate
        stream.metadata["timecode"] = text
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(numbered_picture(number, (160, 120)))
            frame.pts, frame.time_base = number, 1 / rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
