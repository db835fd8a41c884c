"""Work that overlaps: in order, within bounds, and over when it fails."""

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
    assert not any("ThreadPoolExecutor" in thread.name for thread in threading.enumerate())
