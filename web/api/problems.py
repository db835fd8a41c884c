"""Errors of the API: one JSON shape for all of them, RFC 9457's `application/problem+json`."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import NotRequired

from flask import Response, json, request
from typing_extensions import TypedDict

from mmrag_video.errors import FieldProblemsError, MmragError, UsageError
from mmrag_video.json_shapes import shape

PREFIX = "/api/v1"
MEDIA_TYPE = "application/problem+json"
SENTENCES: Mapping[int | None, str] = {
    400: "This is no request that the API understands.",
    404: f"The API has nothing at this address; {PREFIX}/openapi.json says what it has.",
    413: "What was sent is too large.",
    415: "The API takes this in another form; send the Content-Type that it is described with.",
    416: "The video has no such part.",
}
"""In place of the page's, where those speak of what is seen there."""


@shape
class Problem(TypedDict):
    """What went wrong."""

    type: str
    """about:blank: it is of the kind that the status says."""
    title: str
    """The status in words."""
    status: int
    detail: str
    """One sentence for a person: what is wrong, and what to do."""
    fields: NotRequired[dict[str, str]]
    """Where fields of the request are wrong: a sentence for each."""


class FieldsError(UsageError):
    """Fields of a request are not as they have to be."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        """`problems`: a sentence for each field."""
        super().__init__(" ".join(f"{name}: {told}" for name, told in problems.items()))
        self.problems = problems


def is_for_api() -> bool:
    """Whether the present request is to be answered by the API, errors included."""
    return request.path.startswith("/api/")


def fields_of(error: MmragError) -> Mapping[str, str]:
    """What is wrong with which field; empty where it is not about fields."""
    return error.problems if isinstance(error, FieldsError | FieldProblemsError) else {}


def problem_text(status: int, sentence: str, fields: Mapping[str, str] | None = None) -> str:
    """The JSON of a problem."""
    problem: Problem = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": sentence,
    }
    if fields:
        problem["fields"] = dict(fields)
    return json.dumps(problem)


def problem_response(
    status: int, sentence: str, fields: Mapping[str, str] | None = None
) -> Response:
    """The answer to a request that failed."""
    return Response(problem_text(status, sentence, fields), status, content_type=MEDIA_TYPE)
