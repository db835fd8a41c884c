"""Opens a file as a container with a picture in it, or says in one sentence why that cannot be."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import av.error
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.stream import VideoStream

from mmrag_video.errors import RecordingError

if TYPE_CHECKING:
    VideoPacket = Packet[VideoStream]
else:
    VideoPacket = Packet  # generic only in its type stub

# What recorders, phones and editors write. Without such a list libavformat also "plays" text
# files, still pictures and playlists, and playlists may name files and hosts of their own.
_FORMATS = "mov,matroska,avi,mpegts,mpeg,flv,asf,ogg,mxf,h264,hevc,mjpeg,m4v"
_CLOCK_JITTER = Fraction(1)
"""Seconds that a packet's DTS may fall behind the one before: a camera's clock being set."""
_MP4_FIRST_BOXES = {b"ftyp", b"mdat", b"free", b"wide", b"skip"}


def open_container(path: Path) -> InputContainer:
    """The file, opened for reading and known to hold a picture. The caller closes it.

    Raises `RecordingError` where the file is not there, may not be read, is empty, is not a
    video, was cut off before its index was written, or has sound only.
    """
    _check_is_readable(path)
    try:
        # "file:" keeps a name such as "concat:a" or "http:b" from being taken for a protocol.
        container: InputContainer = av.open(
            f"file:{path}", options={"format_whitelist": _FORMATS}, metadata_errors="replace"
        )
    except (av.error.FFmpegError, ValueError) as error:
        raise RecordingError(_why_not(path)) from error
    if not _pictures(container):
        has_sound = bool(container.streams.audio)
        container.close()
        what = "has sound but no picture" if has_sound else "holds no picture in a known codec"
        raise RecordingError(f"{path} {what}: only recordings with a picture can be searched.")
    return container


def picture_stream(container: InputContainer) -> VideoStream:
    """The first stream with moving pictures, cover art passed over."""
    return _pictures(container)[0]


def time_base_of(stream: VideoStream) -> Fraction:
    """Seconds per tick."""
    assert stream.time_base is not None, "libavformat gives every stream one"
    return stream.time_base


def declared_duration(container: InputContainer) -> Fraction | None:
    """Seconds that the container says the recording has.

    None where it says nothing of the picture alone. AVI says how many frames; what libavformat
    makes of a cut one's length is an estimate from its size, as in MPEG-TS, which says nothing.
    """
    stream = picture_stream(container)
    if container.format.name == "avi" and stream.average_rate:
        return Fraction(stream.frames) / stream.average_rate or None
    if stream.duration is not None:
        return stream.duration * time_base_of(stream)
    # Matroska's and Flash's length counts from zero, and is that of the longest stream.
    if container.duration is None or len(container.streams) > 1:
        return None
    start = (stream.start_time or 0) * time_base_of(stream)
    return Fraction(container.duration, av.time_base) - start


def stored_packets(container: InputContainer) -> Iterator[VideoPacket]:
    """The picture's packets in stored order; ends quietly where a damaged file can go no further.

    Raises `RecordingError` where packets carry no time, their clock starts anew, or the disk fails.
    """
    jitter = int(_CLOCK_JITTER / time_base_of(picture_stream(container)))
    latest: int | None = None
    for packet in _packets(container):
        _check_has_time(container, packet)
        if packet.dts is not None:
            if latest is not None and packet.dts < latest - jitter:
                jump = (latest - packet.dts) * packet.time_base
                raise RecordingError(_clock_starts_anew(container, jump))
            latest = packet.dts
        yield packet


def _packets(container: InputContainer) -> Iterator[VideoPacket]:
    stream = picture_stream(container)
    packets = container.demux(stream)
    has_gone_on = True
    while True:
        try:
            packet = next(packets)
        except BlockingIOError:  # "ask again": MPEG-TS does after damage
            if not has_gone_on:
                return
            packets, has_gone_on = container.demux(stream), False
            continue
        except OSError as error:  # the disk's fault, not the recording's
            raise RecordingError(_cannot_be_read(_name(container), error)) from error
        # IndexError: PyAV 18.1 at the end of a file in which further streams came up.
        except (StopIteration, IndexError, av.error.FFmpegError):
            return
        if packet.size:  # the last one is empty, a word from PyAV to decoders
            has_gone_on = True
            yield packet


def _check_has_time(container: InputContainer, packet: VideoPacket) -> None:
    if packet.pts is None and packet.dts is None:
        raise RecordingError(
            f"{_name(container)} is a bare stream without times: "
            "put it into a container, for example with ffmpeg -r 25 -i IN -c copy OUT.mkv."
        )


def _clock_starts_anew(container: InputContainer, jump: Fraction) -> str:
    return (
        f"{_name(container)} is several recordings joined, its clock jumps back "
        f"{float(jump):.1f} s: mend it with ffmpeg -i IN -c copy OUT.mkv."
    )


def _name(container: InputContainer) -> str:
    return container.name.removeprefix("file:")


def _check_is_readable(path: Path) -> None:
    try:
        if path.is_dir():
            raise RecordingError(f"{path} is a folder: name a video file in it.")
        with path.open("rb") as file:
            is_empty = not file.read(1)
    except FileNotFoundError:
        raise RecordingError(f"{path} is not there: check the name.") from None
    except PermissionError:
        raise RecordingError(
            f"{path} may not be read by this user: change its permissions or run as another user."
        ) from None
    except OSError as error:
        raise RecordingError(_cannot_be_read(str(path), error)) from error
    if is_empty:
        raise RecordingError(f"{path} is empty (0 bytes): copy it from the recorder again.")


def _cannot_be_read(name: str, error: OSError) -> str:
    return f"{name} cannot be read ({error.strerror}): check the disk or the network folder."


def _why_not(path: Path) -> str:
    with path.open("rb") as file:
        first_box = file.read(8)[4:]
    if first_box in _MP4_FIRST_BOXES:
        return (
            f"{path} has no index (moov), as an MP4 that was cut off or is still being written: "
            "wait until the recorder has finished it, or copy it again."
        )
    return f"{path} is not a video this program can read: check that it plays in a video player."


def _pictures(container: InputContainer) -> list[VideoStream]:
    return [
        stream
        for stream in container.streams.video
        if stream.codec_context is not None and not stream.disposition & Disposition.attached_pic
    ]
