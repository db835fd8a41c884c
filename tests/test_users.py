"""Users and their logins, as the catalog keeps them."""

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher, extract_parameters
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from mmrag_video.catalog.catalog import Catalog
from mmrag_video.catalog.passwords import is_right
from mmrag_video.catalog.people_schema import LoginRow, UserRow
from mmrag_video.catalog.users import Role, User, as_kept
from mmrag_video.errors import UsageError
from mmrag_video.settings import LoginSettings

PASSWORD = "correct horse battery"
LIMITS = LoginSettings(unused_hours=2, longest_days=3)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog(tmp_path / "catalog.sqlite") as catalog:
        yield catalog


@pytest.fixture
def staffed(catalog: Catalog) -> Catalog:
    catalog.users.add("ana", PASSWORD, Role.ADMIN)
    catalog.users.add("bob", PASSWORD, Role.VIEWER, ["gate", "yard"])
    return catalog


def moved(catalog: Catalog, **columns: timedelta) -> None:
    """Every login was begun or seen so much earlier."""
    with catalog.database.writing() as session:
        for login in session.query(LoginRow):
            values = {name: getattr(login, name) - by for name, by in columns.items()}
            session.execute(update(LoginRow).where(LoginRow.token == login.token).values(values))


def test_a_user_is_known_by_name_and_password(staffed: Catalog) -> None:
    assert staffed.users.who_has("ana", PASSWORD) == User("ana", Role.ADMIN)
    assert staffed.users.who_has("bob", PASSWORD) == User("bob", Role.VIEWER, ("gate", "yard"))
    assert staffed.users.who_has("bob", PASSWORD + " ") is None
    assert staffed.users.who_has("nobody", PASSWORD) is None
    assert [account.user.name for account in staffed.users.all()] == ["ana", "bob"]


def test_capitals_and_ways_of_writing_make_no_other_name(staffed: Catalog) -> None:
    staffed.users.add(" Zoé ", PASSWORD)
    assert staffed.users.who_has("ZOE\N{COMBINING ACUTE ACCENT}", PASSWORD) is not None
    with pytest.raises(UsageError, match="There is a user named 'ana' already"):
        staffed.users.add("Ana", PASSWORD)


@pytest.mark.parametrize("name", ["", " ", "=1+1", "@x", "a\nb", "a\x00", "\udc80", "x" * 65, "-"])
def test_what_cannot_be_a_name_is_refused(staffed: Catalog, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be a user's name"):
        staffed.users.add(name, PASSWORD)


def test_nobody_takes_the_name_of_whoever_sits_at_the_machine(catalog: Catalog) -> None:
    with pytest.raises(UsageError, match="whoever sits at this machine"):
        catalog.users.add("Local", PASSWORD, Role.ADMIN)


def test_a_short_password_is_refused_with_a_sentence(catalog: Catalog) -> None:
    with pytest.raises(UsageError, match="has 11 characters; please take at least 12"):
        catalog.users.add("ana", "x" * 11, Role.ADMIN)
    assert not catalog.users.exist()


@settings(deadline=None)
@given(st.text(min_size=12, max_size=40), st.text(min_size=12, max_size=40))
def test_only_the_password_itself_is_right(one: str, other: str) -> None:
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    kept = quick.hash(one.encode(errors="replace"))
    same = one.encode(errors="replace") == other.encode(errors="replace")
    assert is_right(one, kept) and is_right(other, kept) == same


def test_a_name_that_nobody_has_costs_what_a_wrong_password_costs(
    monkeypatch: pytest.MonkeyPatch, staffed: Catalog
) -> None:
    looked_at = []
    verify = PasswordHasher.verify

    def watched(self: PasswordHasher, kept: str, password: bytes) -> bool:
        looked_at.append(extract_parameters(kept))
        return verify(self, kept, password)

    monkeypatch.setattr(PasswordHasher, "verify", watched)
    assert staffed.users.who_has("bob", "wrong") is staffed.users.who_has("nobody", "wrong") is None
    assert len(looked_at) == 2 and looked_at[0] == looked_at[1]


def test_a_password_is_not_in_the_file_and_nobody_else_reads_the_file(catalog: Catalog) -> None:
    catalog.file.chmod(0o644)
    catalog.users.add("ana", PASSWORD, Role.ADMIN)
    assert catalog.file.stat().st_mode & 0o007 == 0
    with sqlite3.connect(catalog.file) as connection:
        [(kept,)] = connection.execute("SELECT password FROM user")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$") and PASSWORD not in kept


def test_an_old_hash_is_made_anew_when_its_password_comes(staffed: Catalog) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with staffed.database.writing() as session:
        session.execute(update(UserRow).where(UserRow.name == "bob").values(password=old))
    for _ in range(2):
        assert staffed.users.who_has("bob", PASSWORD) is not None
    with staffed.database.reading() as session:
        kept = session.query(UserRow.password).where(UserRow.name == "bob").scalar()
    assert "m=65536" in kept


def test_the_first_user_must_be_an_admin(catalog: Catalog) -> None:
    with pytest.raises(UsageError, match="The first user must be an admin"):
        catalog.users.add("bob", PASSWORD, Role.OPERATOR)
    assert not catalog.users.exist()


def test_the_last_admin_stays(staffed: Catalog) -> None:
    users = staffed.users
    users.add("zoe", PASSWORD, Role.ADMIN)
    users.disable("zoe")
    for change in (
        lambda: users.remove("ana"),
        lambda: users.disable("ana"),
        lambda: users.change("ana", Role.OPERATOR),
    ):
        with pytest.raises(UsageError, match="This would leave no admin"):
            change()
    assert users.named("ana").user.role is Role.ADMIN and not users.named("ana").disabled
    users.disable("zoe", False)
    users.remove("ana")
    assert [account.user.name for account in users.all()] == ["bob", "zoe"]


def test_an_admin_has_no_cameras_of_their_own(staffed: Catalog) -> None:
    with pytest.raises(UsageError, match="An admin sees all cameras"):
        staffed.users.change("ana", cameras=["gate"])
    assert staffed.users.change("bob", Role.ADMIN).user == User("bob", Role.ADMIN)
    assert staffed.users.change("bob", Role.VIEWER, ["gate"]).user.cameras == ("gate",)
    assert staffed.users.change("bob", Role.OPERATOR).user.cameras == ("gate",)
    assert staffed.users.change("bob", cameras=[]).user.cameras == ()


def test_who_is_not_there_is_a_mistake(staffed: Catalog) -> None:
    for change in (
        lambda: staffed.users.remove("nobody"),
        lambda: staffed.users.change("nobody", Role.ADMIN),
        lambda: staffed.users.change_password("nobody", PASSWORD),
    ):
        with pytest.raises(UsageError, match="There is no user named 'nobody'"):
            change()


@given(st.text())
def test_a_name_as_kept_is_kept_as_it_is(name: str) -> None:
    assert as_kept(as_kept(name)) == as_kept(name)


# Logins


def test_a_login_is_known_by_its_token_which_is_not_in_the_file(staffed: Catalog) -> None:
    token = staffed.logins.begin("bob", LIMITS)
    assert staffed.logins.user(token, LIMITS) == staffed.users.named("bob").user
    assert staffed.logins.user(token[:-1], LIMITS) is None
    assert staffed.logins.user("\udc80", LIMITS) is None
    with sqlite3.connect(staffed.file) as connection:
        assert token not in str(list(connection.execute("SELECT * FROM login")))
    assert len(token) >= 43


def test_a_change_holds_from_the_next_request_on(staffed: Catalog) -> None:
    token = staffed.logins.begin("bob", LIMITS)
    staffed.users.change("bob", Role.OPERATOR, ["gate"])
    assert staffed.logins.user(token, LIMITS) == User("bob", Role.OPERATOR, ("gate",))


def test_a_login_ends_when_it_is_not_used(staffed: Catalog) -> None:
    token = staffed.logins.begin("bob", LIMITS)
    moved(staffed, seen=timedelta(hours=1.9))
    assert staffed.logins.user(token, LIMITS) is not None, "and that was a use"
    moved(staffed, seen=timedelta(hours=1.9))
    assert staffed.logins.user(token, LIMITS) is not None
    moved(staffed, seen=timedelta(hours=2.1))
    assert staffed.logins.user(token, LIMITS) is None


def test_a_login_ends_however_much_it_is_used(staffed: Catalog) -> None:
    token = staffed.logins.begin("bob", LIMITS)
    moved(staffed, created=timedelta(days=2.9))
    assert staffed.logins.user(token, LIMITS) is not None
    moved(staffed, created=timedelta(days=0.2))
    assert staffed.logins.user(token, LIMITS) is None


def test_what_has_ended_is_cleared_away(staffed: Catalog) -> None:
    staffed.logins.begin("bob", LIMITS)
    moved(staffed, seen=timedelta(days=1))
    staffed.logins.begin("ana", LIMITS)
    with staffed.database.reading() as session:
        assert session.query(LoginRow).count() == 1


def test_one_login_or_all_of_a_user_are_ended(staffed: Catalog) -> None:
    first, second, third = (staffed.logins.begin("bob", LIMITS) for _ in range(3))
    other = staffed.logins.begin("ana", LIMITS)
    staffed.logins.end(first)
    assert staffed.logins.user(first, LIMITS) is None
    assert staffed.logins.count("bob", LIMITS) == 2
    staffed.logins.end_all("bob")
    assert staffed.logins.user(second, LIMITS) is staffed.logins.user(third, LIMITS) is None
    assert staffed.logins.user(other, LIMITS) is not None


@pytest.mark.parametrize("how", ["password", "disabled", "removed"])
def test_a_new_password_and_being_kept_out_end_all_logins(staffed: Catalog, how: str) -> None:
    token = staffed.logins.begin("bob", LIMITS)
    if how == "password":
        staffed.users.change_password("bob", PASSWORD + "!")
        assert staffed.users.who_has("bob", PASSWORD) is None
    elif how == "disabled":
        staffed.users.disable("bob")
        assert staffed.users.who_has("bob", PASSWORD) is None
    else:
        staffed.users.remove("bob")
    assert staffed.logins.user(token, LIMITS) is None
    with staffed.database.reading() as session:
        assert session.query(LoginRow).count() == 0
