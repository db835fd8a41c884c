"""Sampling in a process of its own: a codec that crashes or hangs costs one recording."""

import pickle
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path

from mmrag_video.errors import DecoderError
from mmrag_video.settings import DecodeSettings
from mmrag_video.video.child_process import ChildProcess
from mmrag_video.video.decoder_child import Failed, Finished, Message, Progress, Request
from mmrag_video.video.frames import VideoFacts
from mmrag_video.video.sampled import WHOLE, Part, SampledFrame, SamplerSettings

_TICK = 0.2
"""Seconds between looks at the child while nothing comes from it."""
_SLOWEST_DISK = 10e6
"""Bytes a second; the facts come after the file has been read through once."""
_Handed = VideoFacts | SampledFrame | Failed | Finished
"""What goes from the receiving thread to the one that iterates: all messages but progress."""
_MAIN = "mmrag_video.video.decoder_child"


@contextmanager
def sample_in_child(
    path: Path,
    sampler: SamplerSettings,
    decode: DecodeSettings,
    on_progress: Callable[[Fraction], None] = lambda time: None,
    part: Part = WHOLE,
) -> Iterator["ChildSampling"]:
    """Starts a child that samples `path` ahead of its reader, by `decode.queue` frames at most.

    Entering waits for the recording's facts. Leaving kills the child if it still runs.
    `on_progress` is called by the iterating thread with the seconds looked at so far.

    Raises `RecordingError` as `sample` does, and `DecoderError` where the child died, or gave no
    sign of life for `decode.time_limit` seconds.
    """
    sampling = ChildSampling(ChildProcess(_MAIN), path, decode, on_progress)
    try:
        sampling.start(Request(path, sampler, part))
        yield sampling
    finally:
        sampling.close()


class ChildSampling:
    """The frames of one recording as they arrive from the child. Iterate once."""

    facts: VideoFacts
    """What the container says."""

    def __init__(
        self,
        child: ChildProcess,
        path: Path,
        decode: DecodeSettings,
        on_progress: Callable[[Fraction], None],
    ) -> None:
        self._child = child
        self._path = path
        self._time_limit = decode.time_limit
        self._on_progress = on_progress
        self._told = self._looked_until = Fraction(0)
        self._is_iterated = False
        self._arrived: queue.Queue[_Handed | None] = queue.Queue(decode.queue)
        self._received = 0
        self._is_closed = threading.Event()
        self._receiver = threading.Thread(
            target=self._receive, name="frames from the decoder", daemon=True
        )

    def start(self, request: Request) -> None:
        """Hands over the request and waits for the facts."""
        self._child.send(request)
        self._receiver.start()
        facts = self._next(self._time_limit + _size(request.path) / _SLOWEST_DISK)
        assert isinstance(facts, VideoFacts), "the child sends the facts first"
        self.facts = facts

    @property
    def looked_until(self) -> Fraction:
        """Seconds of the recording that were looked at, as told to `on_progress` last."""
        return self._told

    def __iter__(self) -> Iterator[SampledFrame]:
        self._is_iterated = True
        while not isinstance(message := self._next(self._time_limit), Finished):
            assert isinstance(message, SampledFrame), "the child sends frames after the facts"
            yield message

    def close(self) -> None:
        """Kills the child if it still runs, and lets go of pipes and thread."""
        self._is_closed.set()
        self._child.end()
        if self._receiver.ident is not None:
            self._receiver.join(timeout=5)
        self._child.answers.close()

    def _next(self, time_limit: float) -> VideoFacts | SampledFrame | Finished:
        message = self._wait(time_limit)
        self._tell_progress()
        if message is None:
            raise self._child.death(self._path)
        if isinstance(message, Failed):
            raise message.error
        return message

    def _wait(self, time_limit: float) -> _Handed | None:
        """The next message but progress; None when the child is gone.

        Silence is counted in ticks, not by the clock: while the whole computer sleeps, or this
        process is stopped, no tick passes.
        """
        silent_ticks, received = 0, self._received
        while silent_ticks * _TICK < time_limit:
            try:
                return self._arrived.get(timeout=_TICK)
            except queue.Empty:
                self._tell_progress()
                silent_ticks = silent_ticks + 1 if self._received == received else 0
                received = self._received
        self._child.kill()
        raise DecoderError(
            f"Decoding {self._path} gave no sign of life for {time_limit:.0f} s and was stopped: "
            "check that the disk answers and that the recording plays."
        )

    def _receive(self) -> None:
        """Runs in a thread, so that frames arrive while the model is at work."""
        message: Message | None = Progress(Fraction(0))
        while message is not None and not isinstance(message, Failed | Finished):
            try:
                message = pickle.load(self._child.answers)
            except (EOFError, pickle.UnpicklingError, OSError):
                message = None  # the child is gone, perhaps in the midst of a frame
            self._received += 1
            if isinstance(message, Progress):
                self._looked_until = message.time
            else:
                self._hand_over(message)

    def _hand_over(self, message: _Handed | None) -> None:
        while not self._is_closed.is_set():
            with suppress(queue.Full):
                self._arrived.put(message, timeout=_TICK)
                return

    def _tell_progress(self) -> None:
        # Not while the facts are waited for: who is told does not have them yet. On a busy machine
        # progress is there as soon as they are.
        if self._is_iterated and self._looked_until > self._told:
            self._told = self._looked_until
            self._on_progress(self._told)


def _size(path: Path) -> int:
    """Bytes; 0 where that cannot be told: the child says what is wrong with the file."""
    with suppress(OSError):
        return path.stat().st_size
    return 0
