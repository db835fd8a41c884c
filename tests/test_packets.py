"""Distances between keyframes, found in one pass over packets that are only nearly in order."""

import tracemalloc
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mmrag_video.video.packets import LongestGap


def longest_gap(ticks: list[int], end: int) -> int:
    gap = LongestGap()
    for tick in ticks:
        gap.add(tick)
    return gap.up_to(end)


@given(st.lists(st.integers(0, 10_000), max_size=300), st.integers(0, 128))
def test_the_longest_gap_is_that_of_the_ticks_in_order(ticks: list[int], late: int) -> None:
    ordered = sorted(ticks)
    expected = max(after - before for before, after in pairwise([0, *ordered, 10_001]))
    blocks = [ordered[n : n + late + 1][::-1] for n in range(0, len(ordered), late + 1)]
    nearly_ordered = [tick for block in blocks for tick in block]
    assert longest_gap(nearly_ordered, 10_001) == expected


def test_memory_does_not_grow_with_the_recording() -> None:
    gap = LongestGap()
    tracemalloc.start()
    for tick in range(0, 40_000 * 3600, 3600):
        gap.add(tick)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 100_000 and gap.up_to(40_000 * 3600) == 3600
