"""Doing the next while the last is still being done, in order and within bounds."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def overlapped(
    function: Callable[[Item], Result], items: Iterable[Item], threads: int
) -> Generator[tuple[Item, Result]]:
    """Each item with the function's result, in order, worked on by as many threads.

    No more items are taken than threads can work on, so that who gives the items and who takes the
    results both hold the others back, and memory stays flat. What the function raises is raised in
    its turn; nothing further is begun then, nor when the caller closes it.
    """
    under_way: deque[tuple[Item, Future[Result]]] = deque()
    pool = ThreadPoolExecutor(threads)
    try:
        for item in items:
            under_way.append((item, pool.submit(function, item)))
            if len(under_way) == threads:
                first, future = under_way.popleft()
                yield first, future.result()
        while under_way:
            first, future = under_way.popleft()
            yield first, future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
