"""EDL, OpenTimelineIO and Final Cut XML, read back by OpenTimelineIO: the frame that was shown."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import opentimelineio as otio
import pytest

from mmrag_video.catalog.records import Recording
from mmrag_video.errors import UsageError
from mmrag_video.export.export_moment import ExportMoment
from mmrag_video.export.exporting import ExportOrder, prepare
from mmrag_video.export.formats import FORMATS
from mmrag_video.export.sheet import FormatName
from mmrag_video.settings import CameraSettings, Settings
from mmrag_video.video.frame_rate import DROP_FRAME_RATES, FrameRate
from mmrag_video.video.source_timecode import read_source_frames, source_timecode
from tests.exported import conformed_numbers, exported, moment_in, recording_at, write_exactly

NTSC, DOUBLE_NTSC = DROP_FRAME_RATES
MILLISECOND = Fraction(1, 1000)
EDITORS = [FormatName.EDL, FormatName.OTIO, FormatName.FCPXML]
UNSTEADY = [0, 40, 500, 540, 1300, 1340, 1900, 2500, 2540, 2580]


@dataclass(frozen=True)
class Footage:
    recording: Recording
    times: list[Fraction]
    rate: FrameRate
    """At which an editor counts it."""
    first: int
    """Count of its first frame."""


def footage(
    path: Path, ticks: list[int], time_base: Fraction, rate: Fraction, timecode: str = ""
) -> Footage:
    write_exactly(path, ticks, time_base, rate, timecode)
    times = [(tick - ticks[0]) * time_base for tick in ticks]
    recording = recording_at(path, times[-1] + 1 / rate)
    source = source_timecode(read_source_frames(path))
    return Footage(recording, times, source.rate, source.first)


def even(count: int, rate: Fraction) -> list[int]:
    return [int(n * 1000 / rate) for n in range(count)]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Footage]:
    folder = tmp_path_factory.mktemp("a folder, Tür=3")
    return {
        "constant": footage(folder / "a b.mp4", [*range(60)], Fraction(1, 25), Fraction(25)),
        "rounded clock": footage(folder / "n.mkv", even(70, NTSC), MILLISECOND, NTSC),
        "drop-frame": footage(
            folder / "d.mov", [*range(60)], 1 / NTSC, NTSC, timecode="00:00:59;20"
        ),
        "not dropped": footage(
            folder / "z.mov", [*range(60)], 1 / NTSC, NTSC, timecode="01:00:59:20"
        ),
        "24": footage(
            folder / "f.mov", [*range(60)], Fraction(1001, 24_000), Fraction(24_000, 1001)
        ),
        "slow": footage(folder / "s.mkv", even(40, Fraction(25, 2)), MILLISECOND, Fraction(25, 2)),
        "variable": footage(folder / "v.mkv", UNSTEADY, MILLISECOND, Fraction(25)),
        "variable mp4": footage(folder / "v.mp4", UNSTEADY, MILLISECOND, Fraction(25)),
    }


def read(content: bytes, name: FormatName, rate: Fraction) -> list[otio.schema.Clip]:
    adapter = {
        FormatName.EDL: "cmx_3600",
        FormatName.OTIO: "otio_json",
        FormatName.FCPXML: "fcp_xml",
    }[name]
    options = {"rate": float(rate)} if name is FormatName.EDL else {}
    return list(otio.adapters.read_from_string(content.decode(), adapter, **options).find_clips())


KINDS = [
    "constant",
    "rounded clock",
    "drop-frame",
    "not dropped",
    "24",
    "slow",
    "variable",
    "variable mp4",
]


@pytest.mark.parametrize("name", EDITORS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_frame_at_the_timecode_is_the_frame_that_was_shown(
    recorded: dict[str, Footage], kind: str, name: FormatName
):
    shot = recorded[kind]
    wanted = [(0, 1, 0), (3, 7, 4), (6, len(shot.times) - 1, 7)]
    moments = [
        moment_in(shot.recording, shot.times[start], shot.times[end], shot.times[best])
        for start, end, best in wanted
    ]
    [content] = exported(moments, name)
    clips = read(content, name, shot.rate.rate)
    shown = conformed_numbers(shot.recording.path, shot.rate.rate)
    for clip, (start, end, best) in zip(clips, wanted, strict=True):
        source = clip.source_range
        begin = round(source.start_time.value) - shot.first
        until = round(source.end_time_exclusive().value) - shot.first
        assert source.start_time.rate == pytest.approx(float(shot.rate.rate))
        assert (shown[begin], shown[until - 1]) == (start, end - 1)
        for marker in clip.markers:
            marked = round(marker.marked_range.start_time.value)
            offset = 0 if name is FormatName.FCPXML else shot.first
            assert shown[marked - offset] == best
    assert all(clip.markers for clip in clips) == (name is not FormatName.EDL)


def test_a_list_says_how_it_counts(recorded: dict[str, Footage]):
    for kind, mode in [
        ("constant", "NON-DROP FRAME"),
        ("drop-frame", "DROP FRAME"),
        ("not dropped", "NON-DROP FRAME"),
    ]:
        shot = recorded[kind]
        [content] = exported([moment_in(shot.recording, shot.times[15], shot.times[30])], "edl")
        lines = content.decode().splitlines()
        assert lines[:2] == ["TITLE: a red car", f"FCM: {mode}"]
    # Frame 15 after 00:01:00:05, which no number was left out before.
    assert " 01:01:00:05 01:01:00:20 01:00:00:00 01:00:00:15" in lines[3]
    shot = recorded["drop-frame"]
    [content] = exported([moment_in(shot.recording, shot.times[15], shot.times[30])], "edl")
    assert " 00:01:00;07 00:01:00;22 01:00:00;00 01:00:00;15" in content.decode()


def test_a_list_tells_from_which_file_each_event_is(recorded: dict[str, Footage]):
    shots = [recorded["constant"], recorded["drop-frame"]]
    moments = [moment_in(s.recording, s.times[0], s.times[5]) for s in shots]
    [content] = exported(moments, FormatName.EDL)
    clips = read(content, FormatName.EDL, NTSC)
    assert [clip.name for clip in clips] == ["a b.mp4", "d.mov"]
    assert [clip.metadata["cmx_3600"]["reel"] for clip in clips] == [
        shot.recording.id[:8].upper() for shot in shots
    ]


def test_in_one_list_recordings_of_different_rates_are_counted_at_the_highest(
    recorded: dict[str, Footage],
):
    slow, fast = recorded["constant"], recorded["rounded clock"]
    moments = [moment_in(s.recording, s.times[10], s.times[20]) for s in (slow, fast)]
    [content] = exported(moments, FormatName.EDL)
    first, second = read(content, FormatName.EDL, NTSC)
    assert (
        conformed_numbers(slow.recording.path, NTSC)[round(first.source_range.start_time.value)]
        == 10
    )
    assert round(second.source_range.start_time.value) == 10


@pytest.mark.parametrize("name", [FormatName.OTIO, FormatName.FCPXML])
def test_a_timeline_leads_to_the_files(recorded: dict[str, Footage], name: FormatName):
    shots = [recorded["constant"], recorded["drop-frame"], recorded["variable"]]
    moments = [moment_in(s.recording, s.times[2], s.times[5]) for s in shots]
    [content] = exported(moments, name)
    for clip, shot in zip(read(content, name, NTSC), shots, strict=True):
        media = clip.media_reference
        assert unquote(urlsplit(media.target_url).path) == str(shot.recording.path)
        assert round(media.available_range.start_time.value) == shot.first


def test_final_cut_is_told_which_timecodes_are_drop_frame(recorded: dict[str, Footage]):
    for kind, text, mode in [
        ("drop-frame", "00:00:59;20", "DF"),
        ("not dropped", "01:00:59:20", "NDF"),
        ("constant", "00:00:00:00", "NDF"),
    ]:
        shot = recorded[kind]
        [content] = exported([moment_in(shot.recording, shot.times[0], shot.times[5])], "fcp7")
        timecode = ElementTree.fromstring(content).find(".//file/timecode")
        assert timecode is not None
        assert (timecode.findtext("string"), timecode.findtext("displayformat")) == (text, mode)


def test_a_timeline_tells_what_was_found(recorded: dict[str, Footage]):
    shot = recorded["constant"]
    [content] = exported([moment_in(shot.recording, shot.times[2], shot.times[5])], "otio")
    [clip] = read(content, FormatName.OTIO, Fraction(25))
    facts = clip.metadata["mmrag_video"]
    assert clip.name.startswith('yard: a "red" car')
    assert facts["sha256"] == shot.recording.id
    assert facts["timecode"] == "00:00:00:02" and facts["timecode_origin"] == "zero"
    assert facts["wall_start"] == "2025-03-04T14:03:22.080+00:00"


@pytest.mark.parametrize("name", EDITORS)
def test_the_end_of_a_recording_is_the_end_of_its_last_frame(
    recorded: dict[str, Footage], name: FormatName
):
    shot = recorded["constant"]
    [content] = exported([moment_in(shot.recording, shot.times[50], Fraction(60, 25))], name)
    [clip] = read(content, name, Fraction(25))
    assert round(clip.source_range.end_time_exclusive().value) == 60


def test_a_camera_may_be_given_a_start_timecode(recorded: dict[str, Footage]):
    shot = recorded["constant"]
    settings = Settings(cameras={"yard": CameraSettings(start_timecode="10:00:00:00")})
    moments = [moment_in(shot.recording, shot.times[2], shot.times[5])]
    [content] = exported(moments, FormatName.EDL, settings)
    assert " 10:00:00:02 10:00:00:05 " in content.decode()
    settings = Settings(cameras={"yard": CameraSettings(start_timecode="clock")})
    [content] = exported(moments, FormatName.EDL, settings)
    assert " 14:03:22:02 14:03:22:05 " in content.decode()


@pytest.mark.parametrize("name", EDITORS)
def test_a_start_timecode_that_does_not_fit_is_told(recorded: dict[str, Footage], name: FormatName):
    shot = recorded["constant"]
    settings = Settings(cameras={"yard": CameraSettings(start_timecode="10:00:00;00")})
    moments = [moment_in(shot.recording, shot.times[2], shot.times[5])]
    made = prepare(moments, ExportOrder(FORMATS[name], "a red car"), settings)
    assert made.problems == (
        f"{shot.recording.path}: the setting start_timecode cannot be counted from (there is no "
        "drop-frame timecode at 25 frames a second); its frames are counted from 00:00:00:00.",
    )
    assert len(made.documents) == 1


def test_in_one_list_each_recording_is_counted_as_its_own_timecode_is(
    recorded: dict[str, Footage], tmp_path: Path
):
    shots = [recorded["not dropped"], recorded["drop-frame"]]
    fast = footage(tmp_path / "fast.mp4", [*range(60)], 1 / DOUBLE_NTSC, DOUBLE_NTSC)
    moments = [moment_in(s.recording, s.times[0], s.times[5]) for s in (*shots, fast)]
    [content] = exported(moments, FormatName.EDL)
    text = content.decode()
    assert "FCM: NON-DROP FRAME" in text
    assert " 01:00:59:40 01:00:59:50 01:00:00:00 01:00:00:10" in text
    assert " 00:00:59;40 00:00:59;50 01:00:00:10 01:00:00:20" in text
    assert " 00:00:00;00 00:00:00;05 01:00:00:20 01:00:00:25" in text


def test_a_moment_across_two_recordings_is_two_events(recorded: dict[str, Footage]):
    first, second = recorded["constant"], recorded["variable"]
    begun = moment_in(first.recording, first.times[50], first.recording.duration)
    ended = moment_in(second.recording, second.times[0], second.times[4])
    both = ExportMoment(
        (*begun.spans, *ended.spans), ended.best, "x", None, None, why="", note="\x1b[31m"
    )
    for name in EDITORS:
        [content] = exported([both], name)
        assert len(read(content, name, Fraction(25))) == 2


def test_more_events_than_a_list_can_number_are_refused(recorded: dict[str, Footage]):
    shot = recorded["constant"]
    moment = moment_in(shot.recording, shot.times[0], shot.times[1])
    with pytest.raises(UsageError, match="at most 999 events"):
        exported([moment] * 1000, FormatName.EDL)
