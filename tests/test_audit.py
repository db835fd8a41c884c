"""The audit log: entries chained by their hashes, so that nobody changes one without a mark."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mmrag_video.catalog.audit import FIRST, Action, broken_at
from mmrag_video.catalog.catalog import Catalog


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog(tmp_path / "catalog.sqlite") as catalog:
        yield catalog


def noted(catalog: Catalog, count: int) -> None:
    for number in range(count):
        catalog.audit.note("ana", Action.SEARCH, {"query": f"a red car {number} é"}, "192.0.2.7")


def changed(catalog: Catalog, statement: str) -> None:
    with sqlite3.connect(catalog.file) as connection:
        connection.execute(statement)


def test_entries_tell_who_did_what_and_when_newest_first(catalog: Catalog) -> None:
    before = datetime.now(UTC)
    catalog.audit.note("ana", Action.LOGIN, {}, "192.0.2.7")
    catalog.audit.note("ana", Action.SEARCH, {"query": "two people", "cameras": ["gate"]})
    newest, oldest = catalog.audit.entries()
    assert (newest.user, newest.action, newest.address) == ("ana", Action.SEARCH, "")
    assert newest.about == {"query": "two people", "cameras": ["gate"]}
    assert before <= oldest.at <= newest.at <= datetime.now(UTC)
    assert (oldest.number, oldest.previous) == (1, FIRST)
    assert newest.previous == oldest.hash


def test_entries_are_read_page_by_page(catalog: Catalog) -> None:
    noted(catalog, 5)
    assert [entry.number for entry in catalog.audit.entries(limit=2)] == [5, 4]
    assert [entry.number for entry in catalog.audit.entries(before=4, limit=2)] == [3, 2]


def test_a_chain_that_nobody_touched_holds(catalog: Catalog) -> None:
    assert broken_at(catalog.audit.oldest_first()) is None, "an empty one"
    noted(catalog, 20)
    assert broken_at(catalog.audit.oldest_first()) is None


@pytest.mark.parametrize(
    "column, value",
    [
        ("user", "'bob'"),
        ("address", "'192.0.2.8'"),
        ("action", "'export'"),
        ("about", "'{}'"),
        ("at", "'2026-01-01 00:00:00.000000'"),
        ("previous", f"'{FIRST}'"),
        ("hash", f"'{FIRST}'"),
    ],
)
def test_a_changed_entry_is_found(catalog: Catalog, column: str, value: str) -> None:
    noted(catalog, 5)
    changed(catalog, f'UPDATE audit SET "{column}" = {value} WHERE id = 3')
    assert broken_at(catalog.audit.oldest_first()) == 3


def test_a_missing_entry_is_found(catalog: Catalog) -> None:
    noted(catalog, 5)
    changed(catalog, "DELETE FROM audit WHERE id = 3")
    assert broken_at(catalog.audit.oldest_first()) == 4


def test_an_entry_written_anew_with_a_fitting_hash_breaks_the_next(catalog: Catalog) -> None:
    noted(catalog, 5)
    third = next(entry for entry in catalog.audit.oldest_first() if entry.number == 3)
    changed(catalog, f"UPDATE audit SET user = 'bob', hash = '{third.hash[::-1]}' WHERE id = 3")
    altered = next(entry for entry in catalog.audit.oldest_first() if entry.number == 3)
    changed(catalog, f"UPDATE audit SET hash = '{altered.hash_of_content()}' WHERE id = 3")
    assert broken_at(catalog.audit.oldest_first()) == 4


def test_many_who_write_at_once_make_one_chain(tmp_path: Path) -> None:
    file = tmp_path / "catalog.sqlite"

    def write(writer: int) -> None:
        with Catalog(file) as catalog:
            for _ in range(10):
                catalog.audit.note(f"user {writer}", Action.VIEW, {})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    with Catalog(file) as catalog:
        assert len(list(catalog.audit.entries())) == 40
        assert broken_at(catalog.audit.oldest_first()) is None
