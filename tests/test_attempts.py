"""How often somebody may try to log in."""

from dataclasses import dataclass

import pytest

from web.attempts import FOR_NAME, FROM_ADDRESS, NAME_PAUSE, WINDOW, Attempts, network_of


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def attempts(clock: Clock) -> Attempts:
    return Attempts(clock)


def tried(attempts: Attempts, name: str, address: str, known: bool = False) -> int:
    return attempts.begin(name, address, lambda: known)


def test_an_address_may_be_wrong_so_often_and_then_waits(attempts: Attempts, clock: Clock) -> None:
    waits = [tried(attempts, f"name {n}", "192.0.2.7") for n in range(FROM_ADDRESS + 5)]
    assert waits == [0] * FROM_ADDRESS + [WINDOW] * 5
    assert tried(attempts, "ana", "192.0.2.8") == 0, "nobody else waits"
    clock.now += WINDOW
    assert tried(attempts, "ana", "192.0.2.7") == 0


def test_what_is_refused_does_not_make_the_wait_longer(attempts: Attempts, clock: Clock) -> None:
    for _ in range(FROM_ADDRESS):
        tried(attempts, "ana", "192.0.2.7")
    clock.now += 600
    assert tried(attempts, "ana", "192.0.2.7") == WINDOW - 600
    clock.now += 200
    assert tried(attempts, "ana", "192.0.2.7") == WINDOW - 800


def test_whoever_is_right_may_have_been_wrong_before(attempts: Attempts) -> None:
    for _ in range(20):
        for _ in range(FROM_ADDRESS - 1):
            assert tried(attempts, "ana", "192.0.2.7") == 0
        attempts.succeeded("ana", "192.0.2.7")


def test_an_own_login_in_between_does_not_help_to_guess_anothers(attempts: Attempts) -> None:
    guesses = 0
    for _ in range(3 * FROM_ADDRESS):
        guesses += tried(attempts, "ana", "192.0.2.7") == 0
        if tried(attempts, "mallory", "192.0.2.7") == 0:
            attempts.succeeded("mallory", "192.0.2.7")
    assert guesses == FROM_ADDRESS


def test_a_name_that_many_addresses_guess_at_is_slow_but_never_locked_for_long(
    attempts: Attempts, clock: Clock
) -> None:
    for number in range(FOR_NAME):
        assert tried(attempts, "ana", f"192.0.2.{number}") == 0
    assert tried(attempts, "ana", "198.51.100.1") == NAME_PAUSE
    assert tried(attempts, "bob", "198.51.100.1") == 0, "another name is another matter"
    clock.now += NAME_PAUSE
    assert tried(attempts, "ana", "198.51.100.2") == 0


def test_no_more_of_a_name_is_kept_than_a_user_can_have(attempts: Attempts) -> None:
    longest = "n" * 64
    for number in range(FOR_NAME):
        assert tried(attempts, longest + "x" * 100_000 * number, f"192.0.2.{number}") == 0
    assert tried(attempts, longest, "198.51.100.1") > 0, "all were one name"
    attempts.succeeded(longest + "x", "192.0.2.0")
    assert tried(attempts, longest, "198.51.100.1") == 0


def test_strangers_do_not_hold_up_whoever_comes_from_where_they_came_before(
    attempts: Attempts,
) -> None:
    for number in range(100):
        tried(attempts, "ana", f"192.0.2.{number}")
    assert tried(attempts, "ana", "203.0.113.5") > 0
    assert tried(attempts, "ana", "203.0.113.5", known=True) == 0


def test_from_a_known_address_the_addresss_own_limit_still_holds(attempts: Attempts) -> None:
    waits = [tried(attempts, "ana", "192.0.2.7", known=True) for _ in range(FROM_ADDRESS + 1)]
    assert waits[:-1] == [0] * FROM_ADDRESS and waits[-1] > 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.7", "192.0.2.7", True),
        ("192.0.2.7", "192.0.2.8", False),
        ("", "", True),
        ("no address", "no address", True),
    ],
)
def test_one_machine_with_many_ipv6_addresses_counts_once(one: str, other: str, same: bool) -> None:
    assert (network_of(one) == network_of(other)) == same
