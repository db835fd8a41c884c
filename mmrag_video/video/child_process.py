"""Work in a process of its own: a codec that crashes or hangs ends that process alone."""

import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Generic, TypeVar, TypeVarTuple, cast

import mmrag_video
from mmrag_video.end_with_parent import when_parent_ends
from mmrag_video.errors import DecoderError, MmragError

_Value = TypeVar("_Value")
_Rest = TypeVarTuple("_Rest")
_MAIN = "mmrag_video.video.child_process"
_LOOKED_EVERY = 0.2
"""Seconds from one look at whether the work is still wanted to the next."""


class WorkStoppedError(Exception):
    """The work is wanted no more. No MmragError: nothing is wrong, and nothing is to go on."""


_IS_WANTED: ContextVar[Callable[[], bool] | None] = ContextVar("is_wanted", default=None)


@contextmanager
def while_wanted(is_wanted: Callable[[], bool]) -> Iterator[None]:
    """Let `call_in_child` end its child, and raise WorkStoppedError, once this is no longer so.

    It holds for what this thread does meanwhile. A clip may take minutes to make, several calls
    below whoever knows that somebody cancelled it.
    """
    before = _IS_WANTED.set(is_wanted)
    try:
        yield
    finally:
        _IS_WANTED.reset(before)


class ChildProcess:
    """A started child: it is sent one request and answers on its standard output."""

    def __init__(self, main_module: str) -> None:
        # Not by multiprocessing: its spawn imports the caller's main module into every child, and
        # fork would copy the model and the threads of the store's client.
        self._process = subprocess.Popen(
            [sys.executable, "-c", f"from {main_module} import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": _import_path()},
            start_new_session=True,  # a Ctrl-C in the terminal is for the parent alone
        )
        self.answers = cast(BinaryIO, self._process.stdout)
        """What the child writes. Whoever reads it closes it."""

    def send(self, request: object) -> None:
        """Hand over the request; a child that died already shows when its answer is read."""
        with suppress(BrokenPipeError):
            pickle.dump(request, self._requests)
            self._requests.flush()

    def kill(self) -> None:
        """Kill it if it still runs."""
        self._process.kill()

    def end(self) -> None:
        """Kill it if it still runs, and let go of it; its answers stay open."""
        self._process.kill()
        with suppress(subprocess.TimeoutExpired):  # it hangs in the kernel, on a dead disk
            self._process.wait(timeout=5)
        with suppress(BrokenPipeError):
            self._requests.close()

    def death(self, recording: Path) -> DecoderError:
        """Why a child that no longer answers does not, for the one who waited for it."""
        try:
            status = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            how = "closed its pipe"
        else:
            killed = f"was killed by {signal.Signals(-status).name}" if status < 0 else ""
            how = killed or f"ended with status {status}"
        return DecoderError(
            f"The process that decoded {recording} {how}: the recording may be damaged, "
            "or the memory too small."
        )

    @property
    def _requests(self) -> BinaryIO:
        return cast(BinaryIO, self._process.stdin)


def answer_parent(answer: Callable[[Any, BinaryIO], None]) -> None:
    """The child's side: reads its request, lets `answer` write to the parent, and ends.

    The child also ends when its standard input does, so when the parent is killed outright.
    """
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as answers:
        # Whatever a library prints goes to the terminal, never between the answers.
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        request = pickle.load(sys.stdin.buffer)
        when_parent_ends(lambda: os._exit(0))
        with suppress(BrokenPipeError):
            answer(request, answers)
    # The thread above still reads, which an ordinary exit would wait for or complain about.
    os._exit(0)


@dataclass(frozen=True)
class _Returned(Generic[_Value]):
    value: _Value


@dataclass(frozen=True)
class _Raised:
    error: MmragError


def call_in_child(
    work: Callable[[Path, *_Rest], _Value], recording: Path, *rest: *_Rest, time_limit: float
) -> _Value:
    """`work(recording, *rest)`, done by a child: a function of a module, and plain values.

    Raises the `MmragError` that the work raised, `DecoderError` where the child died or was not
    done within `time_limit` seconds, and WorkStoppedError as `while_wanted` says.
    """
    child = ChildProcess(_MAIN)
    arrived: queue.SimpleQueue[_Returned[_Value] | _Raised | None] = queue.SimpleQueue()
    # In a thread, because a pipe cannot be read with a time limit on every system.
    receiver = threading.Thread(target=lambda: arrived.put(_receive(child)), daemon=True)
    receiver.start()
    try:
        child.send((work, recording, rest))
        outcome = _awaited(arrived, time_limit)
        if outcome is None:
            raise child.death(recording)
    except queue.Empty:
        raise DecoderError(
            f"Decoding {recording} took more than {time_limit:.0f} s and was stopped: "
            "check that the disk answers and that the recording plays."
        ) from None
    finally:
        child.end()
        receiver.join(timeout=5)
    if isinstance(outcome, _Raised):
        raise outcome.error
    return outcome.value


def _awaited(arrived: "queue.SimpleQueue[_Value]", time_limit: float) -> _Value:
    """What arrives. Raises queue.Empty if nothing does in time, WorkStoppedError as above."""
    is_wanted = _IS_WANTED.get()
    if is_wanted is None:
        return arrived.get(timeout=time_limit)
    deadline = time.monotonic() + time_limit
    while is_wanted():
        left = deadline - time.monotonic()
        try:
            return arrived.get(timeout=max(0.0, min(_LOOKED_EVERY, left)))
        except queue.Empty:
            if left <= _LOOKED_EVERY:
                raise
    raise WorkStoppedError


def _receive(child: ChildProcess) -> Any:
    """The child's outcome; None where it died before it had one."""
    with child.answers as answers, suppress(EOFError, pickle.UnpicklingError, OSError):
        return pickle.load(answers)
    return None


def main() -> None:
    """The process of `call_in_child`."""
    answer_parent(_work)


def _work(request: Any, answers: BinaryIO) -> None:
    work, recording, rest = request
    outcome: _Returned[Any] | _Raised
    try:
        outcome = _Returned(work(recording, *rest))
    except MmragError as error:
        outcome = _Raised(error)
    except Exception as error:  # the last line before the process boundary
        outcome = _Raised(DecoderError(f"{recording} could not be decoded: {error!r}."))
    pickle.dump(outcome, answers)


def _import_path() -> str:
    """So that the child finds this very package, wherever the parent has it from."""
    package = str(Path(mmrag_video.__file__).parents[1])
    return os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])])
