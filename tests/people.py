"""Users of the page, and clients that are logged in as one of them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from flask.testing import FlaskClient
from sqlalchemy import delete
from werkzeug.test import TestResponse

from mmrag_video.archive import Archive
from mmrag_video.catalog import passwords
from mmrag_video.catalog.people_schema import UserRow
from mmrag_video.catalog.users import Role
from tests.page_client import LOCAL, get
from web.app import create_app

PASSWORD = "correct horse battery"
ADMIN = "ana"
_QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""As real as the program's, which takes a good part of a second on purpose."""


@contextmanager
def with_users(archive: Archive, **others: tuple[Role, tuple[str, ...]]) -> Iterator[None]:
    """ADMIN and these others, by name, all with PASSWORD; they are gone at the end."""
    users = archive.catalog.users
    usual, passwords._HASHER = passwords._HASHER, _QUICK
    passwords._nobodys.cache_clear()
    users.add(ADMIN, PASSWORD, Role.ADMIN)
    for name, (role, cameras) in others.items():
        users.add(name, PASSWORD, role, cameras)
    try:
        yield
    finally:
        passwords._HASHER = usual
        passwords._nobodys.cache_clear()
        with archive.catalog.database.writing() as session:
            session.execute(delete(UserRow))


def send(client: FlaskClient, path: str, **fields: str | list[str]) -> TestResponse:
    """Post a form as this page's own browser does, with the token of the client's login."""
    token = form_token(client)
    return client.post(
        path, data={"form_token": token, **fields}, base_url=LOCAL, headers={"Origin": LOCAL}
    )


def form_token(client: FlaskClient) -> str:
    """What the page that the client sees has in its forms."""
    page = get(client, "/login?next=/nowhere", follow_redirects=True).get_data(as_text=True)
    found = re.search(r'<meta name="form-token" content="(\w*)">', page)
    assert found is not None
    return found[1]


def log_in(
    client: FlaskClient, name: str = ADMIN, password: str = PASSWORD, **options: object
) -> TestResponse:
    """Send the form of the login page."""
    fields = {"name": name, "password": password}
    return client.post("/login", data=fields, base_url=LOCAL, **options)


def logged_in(archive: Archive, name: str = ADMIN, **options: bool) -> FlaskClient:
    """A client of a page of its own that has logged in."""
    client = create_app(archive, **options).test_client()
    assert log_in(client, name).status_code == 303
    return client
