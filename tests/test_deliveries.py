"""Deliveries: a hit reaches its webhook or command, once if it can be, and holds nobody up."""

import json
import multiprocessing
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mmrag_video.catalog.catalog import Catalog
from mmrag_video.catalog.hits import Delivery, Hit
from mmrag_video.catalog.saved_searches import SavedSearch, Target
from tests.conftest import Command
from tests.hits import hit_of
from tests.hook import SECRET, Hook, hook
from workers.deliveries import MOST_ATTEMPTS, Deliveries, deliver

pytestmark = pytest.mark.toy_model


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog(tmp_path / "data" / "catalog.sqlite") as opened:
        yield opened


@pytest.fixture
def webhook() -> Iterator[Hook]:
    with hook() as listening:
        yield listening


def saved(catalog: Catalog, target: Target, name: str = "red") -> SavedSearch:
    return catalog.saved.add(name, "a red wall", [], target, [])


def deliver_due(catalog: Catalog, now: datetime | None = None) -> int:
    """How many of all that are due were delivered."""
    return sum(deliver(catalog, search, now) for search in catalog.saved.all())


def only(catalog: Catalog) -> Hit:
    [hit] = catalog.hits.newest()
    return hit


def test_a_webhook_gets_a_signed_message_that_says_all(catalog: Catalog, webhook: Hook) -> None:
    hit = hit_of(catalog, saved(catalog, Target(webhook.address, SECRET)))
    assert deliver_due(catalog) == 1
    assert deliver_due(catalog, datetime.now(UTC) + timedelta(days=9)) == 0
    [body], [identity], [signed] = webhook.bodies, webhook.ids, webhook.signed
    assert signed
    assert body["id"] == identity == f"{catalog.id}-{hit.id}"
    assert (body["search"], body["camera"], body["score"]) == ("red", "yard", 0.9)
    assert (body["threshold"], body["why"]) == (0.4, "a wall (red)")
    assert (body["start"], body["end"]) == ("00:00:02.000", "00:00:03.333")
    assert body["wall_start"] == "2026-03-01T12:01:02.000+00:00"
    assert (body["zone"], body["clock_origin"]) == ("Europe/Lisbon", "name")
    assert body["page"] == f"/recordings/{hit.moment.recording}/play?t=2.000,3.334"
    assert only(catalog).delivery is Delivery.DELIVERED


def test_a_message_signed_with_another_secret_is_told_from_ours(
    catalog: Catalog, webhook: Hook
) -> None:
    hit_of(catalog, saved(catalog, Target(webhook.address, "not the secret of it")))
    deliver_due(catalog)
    assert webhook.signed == [False]


def test_what_failed_is_sent_again_under_the_same_id(catalog: Catalog, webhook: Hook) -> None:
    webhook.answers = [500, 302]
    hit_of(catalog, saved(catalog, Target(webhook.address, SECRET)))
    now = datetime.now(UTC)
    assert deliver_due(catalog, now) == 0
    assert "status 500" in only(catalog).error
    assert "confidential" not in only(catalog).error, "an address may hold a secret"
    assert deliver_due(catalog, now + timedelta(seconds=59)) == 0
    assert len(webhook.ids) == 1, "it is not due yet"
    now += timedelta(minutes=1)
    assert deliver_due(catalog, now) == 0
    assert "redirects are not followed" in only(catalog).error
    assert deliver_due(catalog, now + timedelta(minutes=4)) == 1
    assert len(webhook.ids) == 3 and len(set(webhook.ids)) == 1
    assert webhook.bodies[0] == webhook.bodies[2]
    assert (only(catalog).delivery, only(catalog).error) == (Delivery.DELIVERED, "")


def test_what_fails_too_often_is_given_up_with_its_reason(catalog: Catalog) -> None:
    with hook() as gone:
        address = gone.address
    hit_of(catalog, saved(catalog, Target(address, SECRET)))
    now = datetime.now(UTC)
    for attempt in range(1, MOST_ATTEMPTS + 1):
        assert only(catalog).delivery is Delivery.PENDING
        assert deliver_due(catalog, now) == 0
        assert only(catalog).attempts == attempt
        now = max(now, only(catalog).due)
    assert only(catalog).delivery is Delivery.GIVEN_UP
    assert "cannot be reached" in only(catalog).error
    deliver_due(catalog, now + timedelta(days=30))
    assert only(catalog).attempts == MOST_ATTEMPTS


def test_a_slow_webhook_holds_up_neither_the_caller_nor_other_searches(
    catalog: Catalog, webhook: Hook, tmp_path: Path
) -> None:
    webhook.hold.clear()
    slow = saved(catalog, Target(webhook.address, SECRET), "slow")
    file = tmp_path / "told"
    quick = saved(catalog, Target(command=("touch", str(file))), "quick")
    slow_hit = hit_of(catalog, slow)
    deliveries = Deliveries(catalog)
    deliveries.start()
    try:
        wait_until(lambda: bool(webhook.ids))
        quick_hit = hit_of(catalog, quick, 2)
        wait_until(lambda: states(catalog)[quick_hit.id] is Delivery.DELIVERED)
        assert file.exists()
        assert states(catalog)[slow_hit.id] is Delivery.PENDING
        webhook.hold.set()
        wait_until(lambda: states(catalog)[slow_hit.id] is Delivery.DELIVERED)
    finally:
        deliveries.stop()


def test_any_number_of_hits_of_a_dead_webhook_keeps_no_other_out(catalog: Catalog) -> None:
    with hook() as gone:
        dead = saved(catalog, Target(gone.address, SECRET), "dead")
    for number in range(130):
        hit_of(catalog, dead, number)
    told = hit_of(catalog, saved(catalog, Target(command=("true",)), "quick"), 200)
    deliveries = Deliveries(catalog)
    deliveries.start()
    wait_until(lambda: states(catalog)[told.id] is Delivery.DELIVERED)
    deliveries.stop()


def test_a_webhook_that_goes_on_answering_for_ever_has_not_answered(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.deliveries._HTTP_SECONDS", 1.0)
    with dripping() as address:
        hit_of(catalog, saved(catalog, Target(address, SECRET)))
        assert deliver_due(catalog) == 0
    assert "did not answer within 1 s" in only(catalog).error


@contextmanager
def dripping() -> Iterator[str]:
    """A webhook that sends a header of 5 s, letter by letter, before it takes the message."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            connection, _ = listening.accept()
            with connection, suppress(OSError):
                connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                for _ in range(50):
                    time.sleep(0.1)
                    connection.sendall(b"x")
                connection.sendall(b"\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/hook"
        thread.join()


def states(catalog: Catalog) -> dict[int, Delivery]:
    return {hit.id: hit.delivery for hit in catalog.hits.newest(1000)}


def wait_until(is_so: object) -> None:
    deadline = time.monotonic() + 60
    while not is_so():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_command_gets_the_message_on_its_standard_input(catalog: Catalog, tmp_path: Path) -> None:
    file = tmp_path / "told; rm -rf x"
    program = "import sys; open(sys.argv[1], 'w').write(sys.stdin.read())"
    hit = hit_of(
        catalog, saved(catalog, Target(command=(sys.executable, "-c", program, str(file))))
    )
    assert deliver_due(catalog) == 1
    assert json.loads(file.read_text())["id"] == f"{catalog.id}-{hit.id}"


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ((sys.executable, "-c", "import sys; sys.exit('no lamp there')"), "code 1: no lamp there"),
        (("/nowhere/at/all",), "cannot be run: No such file"),
    ],
)
def test_a_command_that_fails_is_run_again(
    catalog: Catalog, command: tuple[str, ...], sentence: str
) -> None:
    hit_of(catalog, saved(catalog, Target(command=command)))
    assert deliver_due(catalog) == 0
    assert sentence in only(catalog).error
    assert only(catalog).delivery is Delivery.PENDING


def test_a_stop_ends_a_command_with_all_that_it_started(catalog: Catalog, tmp_path: Path) -> None:
    file = tmp_path / "begun"
    script = f"sleep 60 & echo $! > {file}.part; mv {file}.part {file}; wait"
    hit_of(catalog, saved(catalog, Target(command=("sh", "-c", script))))
    deliveries = Deliveries(catalog)
    deliveries.start()
    wait_until(file.exists)
    deliveries.stop()
    below = int(file.read_text())
    wait_until(lambda: not is_running(below))
    assert (only(catalog).delivery, only(catalog).attempts) == (Delivery.PENDING, 0)


def test_a_command_ends_with_all_that_it_started_when_the_worker_is_killed(
    catalog: Catalog, tmp_path: Path
) -> None:
    file = tmp_path / "begun"
    script = f"sleep 60 & echo $! > {file}.part; mv {file}.part {file}; wait"
    hit_of(catalog, saved(catalog, Target(command=("sh", "-c", script))))
    worker = multiprocessing.get_context("spawn").Process(
        target=deliver_elsewhere, args=(catalog.file,)
    )
    worker.start()
    wait_until(file.exists)
    below = int(file.read_text())
    assert is_running(below)
    worker.kill()
    worker.join()
    wait_until(lambda: not is_running(below))


def deliver_elsewhere(file: Path) -> None:
    with Catalog(file) as catalog:
        deliver_due(catalog)


def test_of_a_command_that_says_very_much_the_last_words_are_told(catalog: Catalog) -> None:
    script = "yes what it says | head -n 1000000 >&2; echo no lamp there >&2; exit 3"
    hit_of(catalog, saved(catalog, Target(command=("sh", "-c", script))))
    assert deliver_due(catalog) == 0
    assert only(catalog).error.endswith("says no lamp there.")


def test_what_is_to_be_told_again_waits_as_long_as_before_when_the_clock_is_set(
    catalog: Catalog, webhook: Hook
) -> None:
    webhook.answers = [500]
    hit_of(catalog, saved(catalog, Target(webhook.address, SECRET)))
    now = datetime.now(UTC)
    assert deliver_due(catalog, now) == 0
    back = timedelta(days=-700)
    catalog.hits.shift_due(back)
    assert deliver_due(catalog, now + back + timedelta(seconds=59)) == 0
    assert len(webhook.ids) == 1
    assert deliver_due(catalog, now + back + timedelta(seconds=61)) == 1


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_two_of_a_search_that_fails_are_not_both_waited_for(
    catalog: Catalog, webhook: Hook
) -> None:
    webhook.answers = [500]
    search = saved(catalog, Target(webhook.address, SECRET))
    hit_of(catalog, search, 1), hit_of(catalog, search, 2)
    assert deliver_due(catalog) == 0
    assert len(webhook.ids) == 1
    assert deliver_due(catalog) == 1, "the other one, at the next call"


def test_the_command_line_saves_lists_tests_and_removes(run: Command, webhook: Hook) -> None:
    added = run(
        "saved", "add", "red", "a red wall", "--webhook", webhook.address, "--secret-env", "HOOK",
        HOOK=SECRET,
    )  # fmt: skip
    assert added.returncode == 0, added.stderr
    tested = run("saved", "test", "red")
    assert (tested.returncode, webhook.signed) == (0, [True])
    assert "answered with status 200" in tested.stdout
    webhook.answers = [503]
    refused = run("saved", "test", "red")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert len(set(webhook.ids)) == 2, "one who drops what came before drops no second test"
    assert [body["id"] for body in webhook.bodies] == webhook.ids
    assert "status 503" in refused.stderr and "Traceback" not in refused.stderr
    listed = [run("saved", "list").stdout, run("saved", "list", "--json").stdout]
    for words in (*listed, tested.stdout, refused.stderr, added.stderr):
        assert SECRET not in words and "confidential" not in words
    [found] = json.loads(listed[1])["saved"]
    assert found["webhook"] == webhook.address.partition("/hook")[0]
    assert json.loads(run("saved", "hits", "--json").stdout) == {"hits": []}
    assert run("saved", "remove", "red").returncode == 0
    assert run("saved", "remove", "red").returncode == 2


@pytest.mark.parametrize(
    "options",
    [
        ["--webhook", "https://example.org/"],
        ["--webhook", "nowhere", "--secret-env", "HOOK"],
        ["--camera", "unknown"],
        ["--command", "'"],
        ["--secret-env", "NOT_SET", "--webhook", "https://example.org/"],
    ],
)
def test_what_cannot_be_saved_is_one_sentence(run: Command, options: list[str]) -> None:
    told = run("saved", "add", "red", "a red wall", *options, HOOK=SECRET)
    assert told.returncode == 2
    [_sentence] = told.stderr.strip().splitlines()


def test_a_hit_is_delivered_by_the_thread_soon_after_it_is_found(
    catalog: Catalog, webhook: Hook
) -> None:
    search = saved(catalog, Target(webhook.address, SECRET))
    deliveries = Deliveries(catalog)
    deliveries.start()
    hit_of(catalog, search)
    wait_until(lambda: only(catalog).delivery is Delivery.DELIVERED)
    deliveries.stop()
    assert "deliveries" not in {thread.name for thread in threading.enumerate()}
