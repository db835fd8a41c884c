"""Work that only so many may have done at a time."""

from concurrent.futures import ThreadPoolExecutor, as_completed
from threading import Event

import pytest
from werkzeug.exceptions import ServiceUnavailable

from web.turns import Turns

REFUSAL = "Others are at it; come again."


def turns(at_once: int = 1, waiting: int = 0, longest_wait: float = 0.0) -> Turns:
    return Turns(at_once, REFUSAL, 7, waiting, longest_wait)


@pytest.mark.parametrize("waiting", [0, 1])
def test_whoever_gets_no_turn_is_told_when_to_come_again(waiting: int) -> None:
    work = turns(waiting=waiting, longest_wait=0.05)
    with work.turn(), pytest.raises(ServiceUnavailable) as refused, work.turn():
        pass
    assert (refused.value.description, refused.value.retry_after) == (REFUSAL, 7)
    with work.turn():
        pass


def test_a_few_wait_and_all_others_are_refused_at_once() -> None:
    work, release = turns(at_once=2, waiting=3, longest_wait=600), Event()

    def take() -> bool:
        try:
            with work.turn():
                return release.wait(60)
        except ServiceUnavailable:
            return False

    with ThreadPoolExecutor(12) as people:
        taken = as_completed([people.submit(take) for _ in range(12)])
        assert [next(taken).result() for _ in range(12 - work.places)] == 7 * [False]
        release.set()
        assert [one.result() for one in taken] == 5 * [True]


def test_what_fails_gives_its_turn_back() -> None:
    work = turns()
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), work.turn():
            raise ZeroDivisionError


def test_two_never_make_the_same_thing() -> None:
    work = turns(at_once=2)
    with work.turn("a clip"):
        with pytest.raises(ServiceUnavailable), work.turn("a clip", lambda: True):
            pass
        with work.turn("another"):
            pass


def test_what_is_there_already_needs_no_place() -> None:
    work = turns()
    with work.turn("a clip"):
        with work.turn("another", lambda: True):
            pass
        with pytest.raises(ServiceUnavailable), work.turn("another", lambda: False):
            pass
