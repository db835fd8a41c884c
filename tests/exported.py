"""Recordings whose frames say their number, and moments in them, for the tests of exports."""

import hashlib
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np

from mmrag_video.catalog.records import Recording
from mmrag_video.export.export_moment import ExportMoment
from mmrag_video.export.exporting import ExportOrder, prepare
from mmrag_video.export.formats import FORMATS
from mmrag_video.export.sheet import FormatName
from mmrag_video.moments import Confidence, Span
from mmrag_video.settings import Settings
from mmrag_video.video.wall_clock import Clock, ClockOrigin
from tests.footage import number_in, numbered_picture

SIZE = (160, 120)
START = datetime(2025, 3, 4, 14, 3, 22, tzinfo=UTC)


def write_exactly(
    path: Path, ticks: Sequence[int], time_base: Fraction, rate: Fraction, timecode: str = ""
) -> None:
    """H.264 with B-frames: frame n shows n, at `ticks[n]`. With a start timecode if given."""
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=rate, options={"bf": "2", "g": "12"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.codec_context.time_base = time_base
        if timecode:
            stream.metadata["timecode"] = timecode
        for number, tick in enumerate(ticks):
            frame = av.VideoFrame.from_ndarray(numbered_picture(number, SIZE))
            frame.pts, frame.time_base = tick, time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def recording_at(path: Path, duration: Fraction, camera: str = "yard") -> Recording:
    return Recording(
        id=hashlib.sha256(path.read_bytes()).hexdigest(),
        path=path,
        camera=camera,
        size=path.stat().st_size,
        container="mp4",
        codec="h264",
        width=SIZE[0],
        height=SIZE[1],
        rotation=0,
        duration=duration,
        average_rate=None,
        created=None,
        modified=datetime.fromtimestamp(path.stat().st_mtime, tz=UTC),
        clock=Clock(START.astimezone(), ClockOrigin.NAME, zone="UTC"),
    )


def moment_in(
    recording: Recording, start: Fraction, end: Fraction, best: Fraction | None = None
) -> ExportMoment:
    shown = start if best is None else best
    return ExportMoment(
        spans=(Span(recording, start, end),),
        best=Span(recording, shown, end),
        query='a "red" car, <fast> & loud -->',
        score=0.71,
        confidence=Confidence.STRONG,
        why="car (red)",
        note="=1+1\nsecond line",
        tags=("plate", "Tür 3; ost"),
    )


def exported(
    moments: Sequence[ExportMoment], name: FormatName, settings: Settings | None = None
) -> list[bytes]:
    """What the documents of a format hold."""
    order = ExportOrder(FORMATS[name], title="a red car")
    made = prepare(moments, order, settings or Settings())
    assert made.problems == ()
    return [document.content() for document in made.documents]


def conformed_numbers(path: Path, rate: Fraction) -> list[int]:
    """The number in each frame after FFmpeg has brought the recording to a constant rate."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(path)]
    command += ["-vf", f"fps={rate}", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    pictures = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    width, height = SIZE
    frames = np.frombuffer(pictures, np.uint8).reshape(-1, height, width, 3)
    return [number_in(frame) for frame in frames]


def without_clock(recording: Recording) -> Recording:
    return replace(recording, clock=Clock(None, ClockOrigin.UNKNOWN))
