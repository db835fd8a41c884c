"""Clips of moments: the frame at the exported time is the frame that was shown."""

import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
import pytest

from mmrag_video.archive import Archive
from mmrag_video.errors import ExitCode, RecordingError
from mmrag_video.export.clips import ClipKind, ClipOrder, WantedClip, wanted_clips, write_clip
from mmrag_video.export.other_cameras import with_other_cameras
from mmrag_video.moments import Span
from mmrag_video.settings import SamplerSection, Settings
from mmrag_video.video.pyav_reader import PyavReader
from tests.conftest import Command, ingest_all, passing_block
from tests.exported import moment_in, recording_at
from tests.footage import Encoding, Numbered, number_in, steadily, write_numbered, write_pictures

pytestmark = pytest.mark.toy_model

UNSTEADY = [0, 40, 95, 120, 300, 310, 340, 400, 410, 480, 560, 600, 700, 800, 850, 900, 1000, 1010]
HEVC = {"x265-params": "log-level=none:bframes=3"}
FILES = {
    "steady.mp4": (Encoding(), steadily(80)),
    "b-frames.mp4": (Encoding(b_frames=2, gop=25, with_sound=True), steadily(80)),
    "unsteady.mkv": (Encoding(b_frames=2, gop=30, with_sound=True), UNSTEADY),
    "late-start.ts": (Encoding(b_frames=2, gop=25, with_sound=True), steadily(80, start=1000)),
    "sound.avi": (Encoding(with_sound=True), steadily(60)),
    "turned.mp4": (Encoding(rotation=90), steadily(60)),
    "edit-list.mp4": (
        Encoding(b_frames=2, gop=50, with_sound=True),
        steadily(110, start=-1200),
    ),
    "hevc.mp4": (Encoding(codec="libx265", codec_options=HEVC, gop=25), steadily(60)),
}


@pytest.fixture(scope="module")
def numbered(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Numbered]:
    folder = tmp_path_factory.mktemp("numbered")
    return {
        name: write_numbered(folder / name, times, encoding)
        for name, (encoding, times) in FILES.items()
    }


def wanted(recorded: Numbered, start: Fraction, end: Fraction, kind: ClipKind) -> WantedClip:
    recording = recording_at(recorded.path, recorded.times[-1] + Fraction(1, 25))
    [clip] = wanted_clips([moment_in(recording, start, end)], ClipOrder(kind))
    assert isinstance(clip, WantedClip)
    return clip


def frames_in(path: Path) -> list[tuple[Fraction, int]]:
    return [(frame.time, number_in(frame.image)) for frame in PyavReader(path).frames()]


def numbers_seen_by_ffmpeg(path: Path, size: tuple[int, int]) -> list[int]:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-xerror", "-i", str(path)]
    command += ["-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    pictures = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    width, height = size
    frames = np.frombuffer(pictures, np.uint8).reshape(-1, height, width, 3)
    return [number_in(frame) for frame in frames]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kind", ClipKind)
def test_the_frame_at_the_exported_time_is_the_frame_that_was_shown(
    numbered: dict[str, Numbered], name: str, kind: ClipKind, tmp_path: Path
) -> None:
    recorded = numbered[name]
    count = len(recorded.times)
    begin = recorded.first
    for first, after in ((count // 2, count - 3), (begin, begin + 5), (count - 1, count)):
        start = recorded.times[first] + Fraction(1, 1000)
        end = recorded.times[after] if after < count else start + Fraction(1, 50)
        clip = write_clip(wanted(recorded, start, end, kind), tmp_path)
        shown = frames_in(clip.path)
        assert all(time + clip.cut.start == recorded.times[number] for time, number in shown)
        numbers = [number for _, number in shown]
        assert numbers == list(range(numbers[0], numbers[-1] + 1))
        assert set(range(first, after)) <= set(numbers)
        assert number_in(PyavReader(clip.path).frame_at(start - clip.cut.start).image) == first
        # By somebody else's reading too, who complains of what cannot be decoded.
        assert numbers_seen_by_ffmpeg(clip.path, recorded.size) == numbers
        if kind is ClipKind.EXACT:
            assert numbers[0] == first and numbers[-1] == after - 1


def test_a_copy_holds_the_pictures_that_are_stored(
    numbered: dict[str, Numbered], tmp_path: Path
) -> None:
    recorded = numbered["b-frames.mp4"]
    span = wanted(recorded, recorded.times[30], recorded.times[60], ClipKind.COPY)
    clip = write_clip(span, tmp_path)
    assert clip.cut.start == recorded.times[25]
    with av.open(str(recorded.path)) as whole, av.open(str(clip.path)) as part:
        stored = [bytes(packet) for packet in whole.demux(video=0)]
        assert all(bytes(packet) in stored for packet in part.demux(video=0))


@pytest.mark.parametrize("kind", ClipKind)
def test_sound_is_copied_where_an_mp4_takes_it(
    numbered: dict[str, Numbered], kind: ClipKind, tmp_path: Path
) -> None:
    for name in ("b-frames.mp4", "unsteady.mkv", "late-start.ts", "sound.avi"):
        recorded = numbered[name]
        start, end = recorded.times[8], recorded.times[-4]
        clip = write_clip(wanted(recorded, start, end, kind), tmp_path)
        with av.open(str(clip.path)) as container:
            [sound] = container.streams.audio
            heard = [packet for packet in container.demux(sound) if packet.size]
            last = (heard[-1].pts + heard[-1].duration) * sound.time_base
            first = heard[0].pts * sound.time_base
        assert clip.cut.sound_left_out == ""
        # A packet of sound lasts 1024 samples at 8000 a second.
        assert 0 <= first <= Fraction(128, 1000)
        assert abs(last - (end - clip.cut.start)) <= Fraction(256, 1000)


def test_sound_that_an_mp4_cannot_hold_is_left_out_and_named(tmp_path: Path) -> None:
    path = tmp_path / "phone.mov"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        sound = container.add_stream("pcm_mulaw", rate=8000, layout="mono")
        for number in range(25):
            picture = np.full((120, 160, 3), number, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        container.mux(stream.encode(None))
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.int16), layout="mono")
        silence.sample_rate, silence.pts = 8000, 0
        container.mux(sound.encode(silence))
    recording = recording_at(path, Fraction(1))
    span = Span(recording, Fraction(0), Fraction(1, 2))
    clip = write_clip(WantedClip("phone.mp4", span, span, ClipKind.COPY), tmp_path / "out")
    assert clip.cut.sound_left_out == "pcm_mulaw"
    with av.open(str(clip.path)) as container:
        assert not container.streams.audio


@pytest.mark.parametrize(("rotation", "shown"), [(0, Fraction(16, 11)), (90, Fraction(11, 16))])
def test_pixels_that_are_not_square_stay_so(rotation: int, shown: Fraction, tmp_path: Path) -> None:
    wide = Encoding(rotation=rotation, pixel_aspect=Fraction(16, 11))
    recorded = write_numbered(tmp_path / "d1.mp4", steadily(20), wide, (176, 144))
    for kind, aspect in ((ClipKind.COPY, Fraction(16, 11)), (ClipKind.EXACT, shown)):
        clip = write_clip(wanted(recorded, Fraction(0), Fraction(1, 2), kind), tmp_path / "out")
        with av.open(str(clip.path)) as container:
            assert container.streams.video[0].sample_aspect_ratio == aspect


def test_what_cannot_be_copied_into_an_mp4_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    out = tmp_path / "out"
    vp8 = write_numbered(
        tmp_path / "old.webm", steadily(30), Encoding(codec="libvpx", codec_options={})
    )
    xvid = write_numbered(
        tmp_path / "old.avi",
        steadily(30),
        Encoding(codec="mpeg4", b_frames=2, codec_options={}),
    )
    for recorded, why in ((vp8, r"\(vp8\) cannot be put"), (xvid, "stores no times")):
        copy = wanted(recorded, recorded.times[10], recorded.times[20], ClipKind.COPY)
        with pytest.raises(RecordingError, match=why):
            write_clip(copy, out)
        exact = write_clip(replace(copy, kind=ClipKind.EXACT), out)
        numbers = [number for _, number in frames_in(exact.path)]
        assert numbers == list(range(10, 20))
        exact.path.unlink()
    assert list(out.iterdir()) == []


def test_a_disk_that_takes_no_more_is_said_and_leaves_nothing(
    numbered: dict[str, Numbered], tmp_path: Path
) -> None:
    recorded = numbered["b-frames.mp4"]
    script = f"""
import resource
from fractions import Fraction
from pathlib import Path
from mmrag_video.errors import RecordingError
from mmrag_video.export.clips import ClipKind, WantedClip, write_clip
from mmrag_video.moments import Span
from tests.exported import recording_at
recording = recording_at(Path({str(recorded.path)!r}), Fraction(3))
span = Span(recording, Fraction(0), Fraction(3))
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
for kind in ClipKind:
    try:
        write_clip(WantedClip("a.mp4", span, span, kind),
            Path({str(tmp_path / "full")!r}))
    except RecordingError as error:
        print(error)
"""
    told = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert told.stderr == ""
    assert told.stdout.count("check the folder and the disk") == 2
    assert list((tmp_path / "full").iterdir()) == []


def test_the_other_cameras_stand_beside_a_moment_unless_they_are_kept_from_one(
    archive: Archive, tmp_path: Path
) -> None:
    for name in (
        "gate_2026-03-01_12-00-00",
        "yard_2026-03-01_12-00-04",
        "hall_2026-03-01_13-00-00",
    ):
        write_pictures(tmp_path / f"{name}.mp4", passing_block(6))
    # The same pictures would be the same recording.
    with (tmp_path / "yard_2026-03-01_12-00-04.mp4").open("ab") as file:
        file.write(b"\0\0\0\x08free")
    with (tmp_path / "hall_2026-03-01_13-00-00.mp4").open("ab") as file:
        file.write(b"\0\0\0\x09free\0")
    ingest_all(archive, *sorted(tmp_path.glob("*.mp4")))
    recordings = {one.camera: one for one in archive.catalog.recordings()}
    moment = moment_in(recordings["gate"], Fraction(3), Fraction(5))
    [gate, yard] = with_other_cameras(archive, [moment], lambda camera: True)
    assert gate == moment
    assert (yard.spans[0].recording, yard.spans[0].start, yard.spans[0].end) == (
        recordings["yard"],
        Fraction(0),
        Fraction(1),
    )
    assert yard.wall_start == moment.wall_start + timedelta(seconds=1)
    assert list(with_other_cameras(archive, [moment], lambda camera: camera != "yard")) == [moment]


def test_the_command_makes_clips_says_how_much_earlier_they_begin_and_goes_on(
    run: Command, settings: Settings, yard_clip: Path, long_clip: Path, tmp_path: Path
) -> None:
    yard, gate = (Path(shutil.copy(clip, tmp_path)) for clip in (yard_clip, long_clip))
    # As often as by default: of a frame a second the first that is red stands for the quiet too.
    with Archive(settings.model_copy(update={"sampler": SamplerSection()})) as archive:
        ingest_all(archive, yard, gate)
    gate.unlink()
    search = ["export", "something red", "--weak", "--before", 1, "--format"]
    made = []
    for _ in range(2):
        told = run(*search, "clip", "--output", f"{tmp_path}/out/", "--name", "{camera}")
        assert told.returncode == ExitCode.SOME_RECORDINGS_FAILED
        assert f"{gate} is not there any more" in told.stderr
        assert "s earlier, with the keyframe before" in told.stderr
        made.append({path.name for path in (tmp_path / "out").iterdir()})
    assert made[0] < made[1] and len(made[1]) == 2 * len(made[0])
    exact = run(
        *search, "clip-exact", "--camera", "yard", "--limit", 1, "--output", tmp_path / "red.mp4"
    )
    assert exact.returncode == ExitCode.OK, exact.stderr
    assert exact.stderr == f"Written: {tmp_path / 'red.mp4'}\n"
    for output, why in (("-", "name a folder"), (f"{tmp_path}/red.mov", "A clip is an .mp4 file")):
        told = run(*search, "clip", "--camera", "yard", "--output", output)
        assert told.returncode == ExitCode.USAGE and why in told.stderr
