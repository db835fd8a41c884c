"""Sampling in a child: what arrives, and that nothing is left over however it ends."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import psutil
import pytest

from mmrag_video.errors import DecoderError, RecordingError
from mmrag_video.settings import DecodeSettings
from mmrag_video.video.decoder_process import sample_in_child
from mmrag_video.video.pyav_reader import PyavReader
from mmrag_video.video.sampled import SamplerSettings
from mmrag_video.video.sampler import sample
from tests.conftest import decoders_of
from tests.footage import Scene, write_scene, write_sound_only

SETTINGS = SamplerSettings()
DECODE = DecodeSettings(queue=2)
Parent = subprocess.Popen[str]
PATIENCE = 20.0
"""Seconds within which what must happen has happened, also on a busy machine."""


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty seconds full of movement: more frames than the queue takes."""
    path = tmp_path_factory.mktemp("busy") / "busy.mp4"
    write_scene(path, Scene(seconds=20, movements=((1.0, 19.0),)))
    return path


@pytest.fixture(autouse=True)
def nothing_left_over() -> Iterator[None]:
    """No child, no zombie, no thread and no descriptor more than before."""
    before = leftovers()
    yield
    assert comes_true(lambda: no_more_than(before)), (before, leftovers())


def leftovers() -> tuple[int, int, int]:
    process = psutil.Process()
    return len(process.children()), threading.active_count(), process.num_fds()


def no_more_than(before: tuple[int, int, int]) -> bool:
    """Fewer may be left: a server of an earlier test may end meanwhile."""
    return all(now <= then for now, then in zip(leftovers(), before, strict=True))


def comes_true(condition: Callable[[], bool]) -> bool:
    until = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < until:
        time.sleep(0.05)
    return condition()


def only_decoder() -> psutil.Process:
    (decoder,) = decoders_of(psutil.Process())
    return decoder


def test_frames_and_facts_are_those_of_sampling_here(busy: Path) -> None:
    with sample_in_child(busy, SETTINGS, DECODE) as sampling:
        assert sampling.facts == PyavReader(busy).facts
        arrived = list(sampling)
    here = list(sample(busy, SETTINGS))
    assert [(f.time, f.valid_until, f.reason, f.movement) for f in arrived] == [
        (f.time, f.valid_until, f.reason, f.movement) for f in here
    ]
    assert all(np.array_equal(a.image, b.image) for a, b in zip(arrived, here, strict=True))


def test_nobody_is_told_of_progress_before_the_facts_are_there(busy: Path) -> None:
    """The child may be far ahead when the parent gets to look: on a busy machine it is."""
    told: list[Fraction] = []
    with sample_in_child(busy, SETTINGS, DECODE, told.append) as sampling:
        assert comes_true(lambda: sampling._looked_until > 0)
        sampling._tell_progress()
        assert told == []
        next(iter(sampling))
        assert told


def test_progress_is_told_by_the_thread_that_iterates(busy: Path) -> None:
    told: list[tuple[Fraction, threading.Thread]] = []
    with sample_in_child(
        busy, SETTINGS, DECODE, lambda at: told.append((at, threading.current_thread()))
    ) as sampling:
        list(sampling)
    assert [at for at, _ in told] == sorted(at for at, _ in told)
    assert told[-1][0] > 15
    assert {thread for _, thread in told} == {threading.current_thread()}


def test_decoding_waits_when_the_queue_is_full(busy: Path) -> None:
    told: list[Fraction] = []
    with sample_in_child(busy, SETTINGS, DECODE, told.append) as sampling:
        next(iter(sampling))
        time.sleep(1.0)
        next(iter(sampling))
        # Beside the queue there is room in the pipe and in the thread: a few frames, not all.
        assert max(told, default=Fraction(0)) < 15


def test_a_slow_reader_is_not_a_silent_child(busy: Path) -> None:
    with sample_in_child(busy, SETTINGS, DecodeSettings(queue=1, time_limit=4)) as sampling:
        frames = iter(sampling)
        next(frames)
        time.sleep(6)
        assert len(list(frames)) > 10


def test_an_unreadable_recording_arrives_as_the_same_error(tmp_path: Path) -> None:
    write_sound_only(tmp_path / "sound.mp4")
    for name, words in (("sound.mp4", "sound but no picture"), ("absent.mp4", "is not there")):
        with (
            pytest.raises(RecordingError, match=words),
            sample_in_child(tmp_path / name, SETTINGS, DECODE),
        ):
            pass


def test_a_killed_child_is_an_error_that_names_file_and_signal(busy: Path) -> None:
    with (
        pytest.raises(DecoderError, match=r"busy\.mp4.*SIGKILL"),
        sample_in_child(busy, SETTINGS, DECODE) as sampling,
    ):
        next(iter(sampling))
        only_decoder().kill()
        list(sampling)


def test_a_child_that_hangs_is_stopped(busy: Path) -> None:
    with (
        pytest.raises(DecoderError, match="no sign of life for 4 s"),
        sample_in_child(busy, SETTINGS, DecodeSettings(queue=1, time_limit=4)) as sampling,
    ):
        decoder = only_decoder()
        decoder.suspend()
        list(sampling)
    assert not decoder.is_running()


def test_leaving_early_ends_the_child_at_once(busy: Path) -> None:
    with sample_in_child(busy, SETTINGS, DECODE) as sampling:
        decoder = only_decoder()
        next(iter(sampling))
    assert not decoder.is_running()


def test_an_error_of_the_caller_passes_through_and_ends_the_child(busy: Path) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        sample_in_child(busy, SETTINGS, DECODE) as sampling,
    ):
        decoder = only_decoder()
        next(iter(sampling))
        raise ZeroDivisionError
    assert not decoder.is_running()


def test_it_works_in_a_thread_and_several_at_a_time(busy: Path) -> None:
    counts: list[int] = []

    def count() -> None:
        with sample_in_child(busy, SETTINGS, DECODE) as sampling:
            counts.append(sum(1 for _ in sampling))

    threads = [threading.Thread(target=count) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(counts) == 2 and len(set(counts)) == 1


SLOW_READER = """
import sys, time
from pathlib import Path
from mmrag_video.settings import DecodeSettings
from mmrag_video.video.decoder_process import sample_in_child
from mmrag_video.video.sampled import SamplerSettings

# Without the guard that multiprocessing would ask for: this runs in no child.
with sample_in_child(Path(sys.argv[1]), SamplerSettings(), DecodeSettings(queue=1)) as sampling:
    next(iter(sampling))
    print("first", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def parent(busy: Path) -> Iterator[Parent]:
    """Another process that has a child at work."""
    command = [sys.executable, "-c", SLOW_READER, str(busy)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "first\n"
        yield process
        process.kill()


def test_the_child_goes_when_its_parent_is_killed(parent: Parent) -> None:
    (decoder,) = decoders_of(psutil.Process(parent.pid))
    parent.kill()
    assert comes_true(lambda: not decoder.is_running())


def test_an_interrupt_is_for_the_parent_alone(parent: Parent) -> None:
    (decoder,) = decoders_of(psutil.Process(parent.pid))
    assert os.getpgid(decoder.pid) != os.getpgid(parent.pid), "Ctrl-C goes to a process group"
    parent.send_signal(signal.SIGINT)
    _, errors = parent.communicate(timeout=PATIENCE)
    assert errors.count("KeyboardInterrupt") == 1
    assert comes_true(lambda: not decoder.is_running())
