"""What an operation of the API takes and answers with, in one place.

Requests are checked by it, and the OpenAPI document is made of it. pydantic does both from the same
types; `document.py` says which routes there are.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, wraps
from inspect import get_annotations
from typing import Any

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from werkzeug.exceptions import UnsupportedMediaType

from mmrag_video.catalog.users import Role
from web import access
from web.api.problems import FieldsError

_LARGEST_BODY = 1024 * 1024
"""Bytes of JSON: as many findings as can be selected, with the longest words in any script."""
_SAID_BY_PYDANTIC = "Value error, "


class Fields(BaseModel):
    """Arguments of an address, or what a body of JSON holds; what is not named is refused."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False
    )


@dataclass(frozen=True)
class Media:
    """An answer, or a body, that is no JSON."""

    types: tuple[str, ...]
    in_parts: bool = False
    """Whether ranges of it can be asked for."""


@dataclass(frozen=True)
class Operation:
    """One operation."""

    summary: str
    role: Role
    """Who may use it."""
    query: type[Fields] | None
    body: type[Fields] | Media | None
    answer: Any
    """The type of its JSON, Media, or None where there is nothing to say."""
    status: int
    errors: tuple[int, ...]
    """Beside those that its parts make possible."""


_OPERATIONS: dict[Callable[..., Any], Operation] = {}


def operation(
    answer: Any,
    *,
    status: int = 200,
    role: Role = Role.VIEWER,
    errors: tuple[int, ...] = (),
    takes: Media | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., ResponseReturnValue]]:
    """Mark a view as an operation.

    Its argument `query` gets the address's arguments and `body` the JSON that was sent, both
    checked by their types, which are Fields; the others are of the path. What it returns is sent
    as JSON, unless it is a response. `takes`: what else than JSON is sent.
    """

    def mark(view: Callable[..., Any]) -> Callable[..., ResponseReturnValue]:
        hints = get_annotations(view)
        query, body = hints.get("query"), hints.get("body")

        @access.needs(role)
        @wraps(view)
        def answered(**given: Any) -> ResponseReturnValue:
            if query is not None:
                given["query"] = _read_query(query)
            if body is not None:
                given["body"] = _read_body(body)
            value = view(**given)
            if isinstance(value, Response):
                return value
            return ("", status) if value is None else (jsonify(value), status)

        summary = " ".join((view.__doc__ or "").split())
        _OPERATIONS[answered] = Operation(
            summary, role, query, body or takes, answer, status, errors
        )
        return answered

    return mark


def operation_of(view: Callable[..., Any]) -> Operation | None:
    """What a view was marked as; None if it is no operation."""
    return _OPERATIONS.get(view)


def _read_query(fields: type[Fields]) -> Fields:
    """Raises FieldsError."""
    several = _lists(fields)
    given = {
        name: values if name in several or len(values) > 1 else values[0]
        for name, values in request.args.lists()
    }
    try:
        return fields.model_validate(given)
    except ValidationError as error:
        raise _told(error) from None


def _read_body(fields: type[Fields]) -> Fields:
    """Raises FieldsError, and UnsupportedMediaType for what is not sent as JSON."""
    if request.mimetype != "application/json":
        # A web page elsewhere cannot send this type without being allowed to.
        raise UnsupportedMediaType("Send this as JSON, with Content-Type: application/json.")
    request.max_content_length = _LARGEST_BODY
    try:
        return fields.model_validate_json(request.get_data(), strict=True)
    except ValidationError as error:
        raise _told(error) from None


@cache
def _lists(fields: type[Fields]) -> frozenset[str]:
    """The arguments that may be given several times."""
    properties: Mapping[str, Any] = TypeAdapter(fields).json_schema()["properties"]
    return frozenset(name for name, field in properties.items() if field.get("type") == "array")


def _told(error: ValidationError) -> FieldsError:
    problems = {}
    for problem in error.errors(include_url=False):
        place = ".".join(map(str, problem["loc"])) or "body"
        problems[place[:80]] = f"{problem['msg'].removeprefix(_SAID_BY_PYDANTIC)}."
    return FieldsError(problems)
