"""Asks the API as a program on this machine does, or with a user's token."""

from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from mmrag_video.archive import Archive
from tests.page_client import LOCAL
from web.app import create_app


@dataclass(frozen=True)
class ApiClient:
    """Paths are below /api/v1."""

    client: FlaskClient
    headers: dict[str, str]

    def get(self, path: str, **options: object) -> TestResponse:
        return self._ask("GET", path, **options)

    def post(self, path: str, **options: object) -> TestResponse:
        return self._ask("POST", path, **options)

    def patch(self, path: str, **options: object) -> TestResponse:
        return self._ask("PATCH", path, **options)

    def delete(self, path: str, **options: object) -> TestResponse:
        return self._ask("DELETE", path, **options)

    def value(self, path: str, **query: object) -> Any:
        """What a GET answers with, which must be 200."""
        response = self.get(path, query_string=query)
        assert response.status_code == 200, response.text
        return response.get_json()

    def _ask(self, method: str, path: str, **options: object) -> TestResponse:
        return self.client.open(
            f"/api/v1{path}", method=method, base_url=LOCAL, headers=self.headers, **options
        )


def api_of(archive: Archive, name: str | None = None, **options: bool) -> ApiClient:
    """As the user of a name, by a new token; without one as whoever sits at this machine."""
    headers = {}
    if name is not None:
        headers["Authorization"] = f"Bearer {archive.catalog.tokens.make(name)[1]}"
    return ApiClient(create_app(archive, **options).test_client(), headers)


def problem(response: TestResponse, status: int) -> str:
    """The sentence of an answer that has to be a problem of this status."""
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"
    told = response.get_json()
    assert told["status"] == status and told["type"] == "about:blank" and told["title"]
    sentence: str = told["detail"]
    return sentence
