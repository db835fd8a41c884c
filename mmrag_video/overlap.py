"""Doing the next while the last is still being done, in order and within bounds."""

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, wait
from queue import SimpleQueue
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_NAME = "overlapped-"
_PATIENCE = 2.0
"""Seconds that work under way gets to end in when nobody wants it any more: most batches take
less, and one of a large model on a CPU takes minutes, which Ctrl-C must not wait for."""


def overlapped(
    function: Callable[[Item], Result], items: Iterable[Item], threads: int
) -> Generator[tuple[Item, Result]]:
    """Each item with the function's result, in order, worked on by as many threads.

    No more items are taken than threads can work on, so that who gives the items and who takes the
    results both hold the others back, and memory stays flat. What the function raises is raised in
    its turn; nothing further is begun then, nor when the caller closes it. What is under way by
    then is left to end by itself, and does not keep the program from ending.
    """
    under_way: deque[tuple[Item, Future[Result]]] = deque()
    todo: SimpleQueue[tuple[Item, Future[Result]] | None] = SimpleQueue()
    # Not a ThreadPoolExecutor: the interpreter waits for its threads before it ends.
    for number in range(threads):
        name = f"{_NAME}{number}"
        threading.Thread(target=_work, args=(function, todo), name=name, daemon=True).start()
    try:
        for item in items:
            under_way.append((item, Future()))
            todo.put(under_way[-1])
            if len(under_way) == threads:
                first, future = under_way.popleft()
                yield first, future.result()
        while under_way:
            first, future = under_way.popleft()
            yield first, future.result()
    finally:
        for _ in range(threads):
            todo.put(None)
        wait([future for _, future in under_way], timeout=_PATIENCE)


def is_at_work() -> bool:
    """Whether a batch that was begun still goes on, wanted or not."""
    return any(thread.name.startswith(_NAME) for thread in threading.enumerate())


def _work(
    function: Callable[[Item], Result], todo: "SimpleQueue[tuple[Item, Future[Result]] | None]"
) -> None:
    while (task := todo.get()) is not None:
        item, future = task
        try:
            future.set_result(function(item))
        except BaseException as error:  # it belongs to who waits for the result
            future.set_exception(error)
