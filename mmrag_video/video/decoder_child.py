"""The decoding process: reads a request from standard input, writes messages to standard output.

It imports no more than decoding needs (0.3 s on 2 cores).
"""

import pickle
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from mmrag_video.errors import DecoderError, RecordingError
from mmrag_video.video.child_process import answer_parent
from mmrag_video.video.frames import VideoFacts
from mmrag_video.video.pyav_reader import PyavReader
from mmrag_video.video.sampled import Part, SampledFrame, SamplerSettings
from mmrag_video.video.sampler import sample


@dataclass(frozen=True)
class Request:
    """What the child is to do."""

    path: Path
    settings: SamplerSettings
    part: Part


@dataclass(frozen=True)
class Progress:
    """Seconds of the recording looked at; also the sign that the child lives."""

    time: Fraction


@dataclass(frozen=True)
class Failed:
    """The recording cannot be read (on)."""

    error: RecordingError


@dataclass(frozen=True)
class Finished:
    """There are no more frames."""


Message = VideoFacts | SampledFrame | Progress | Failed | Finished


def main() -> None:
    """Answers one request: `VideoFacts`, then frames and progress, then `Finished` or `Failed`."""
    answer_parent(_answer)


def _answer(request: Request, messages: BinaryIO) -> None:
    def send(message: Message) -> None:
        pickle.dump(message, messages, protocol=pickle.HIGHEST_PROTOCOL)
        messages.flush()

    try:
        send(PyavReader(request.path).facts)
        for frame in sample(
            request.path, request.settings, lambda time: send(Progress(time)), request.part
        ):
            send(frame)
        send(Finished())
    except RecordingError as error:
        send(Failed(error))
    except Exception as error:  # the last line before the process boundary
        send(Failed(DecoderError(f"{request.path} could not be decoded: {error!r}.")))
