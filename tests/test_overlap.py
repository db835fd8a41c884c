"""Work that overlaps: in order, within bounds, and over when it fails."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmrag_video.overlap import overlapped


@given(st.lists(st.integers()), st.integers(1, 4))
def test_results_come_in_order_with_their_items(items: list[int], threads: int):
    assert list(overlapped(str, items, threads)) == [(item, str(item)) for item in items]


def test_the_next_is_worked_on_while_the_first_still_is():
    both_are_at_it = threading.Barrier(2, timeout=10)
    list(overlapped(lambda _: both_are_at_it.wait(), range(2), threads=2))


def test_no_more_is_taken_than_can_be_worked_on():
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(10):
            taken.append(number)
            yield number

    results = overlapped(lambda number: number, items(), threads=2)
    next(results)
    assert taken == [0, 1]
    assert len(list(results)) == 9


def test_a_failure_is_raised_in_its_turn_and_ends_the_work():
    begun: list[int] = []

    def work(number: int) -> int:
        begun.append(number)
        if number == 2:
            raise ValueError("two")
        return number

    results = overlapped(work, range(10), threads=2)
    assert [next(results), next(results)] == [(0, 0), (1, 1)]
    with pytest.raises(ValueError, match="two"):
        list(results)
    assert max(begun) <= 3


def test_nothing_goes_on_when_the_caller_leaves():
    results = overlapped(lambda number: number, iter(int, 1), threads=3)
    next(results)
    results.close()
    for thread in threading.enumerate():
        if thread.name.startswith("overlapped"):
            thread.join(10)
            assert not thread.is_alive()


def test_a_program_that_is_interrupted_does_not_wait_for_a_batch_that_takes_minutes():
    program = """
import time
from mmrag_video.overlap import overlapped

def work(number):
    print("at it", flush=True)
    time.sleep(600)

list(overlapped(work, range(10), threads=1))
"""
    running = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "at it\n"
    running.send_signal(signal.SIGINT)
    _, words = running.communicate(timeout=60)
    assert words.strip().endswith("KeyboardInterrupt")
