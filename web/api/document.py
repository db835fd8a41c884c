"""The OpenAPI 3.1 document: made of the routes and of what their views were marked with."""

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from flask import current_app
from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode, JsonSchemaValue
from werkzeug.routing import Rule

from web.api.operation import Media, Operation, operation_of
from web.api.problems import MEDIA_TYPE, PREFIX, Problem
from web.form_tokens import HEADER
from web.login import COOKIE

_ARGUMENT = re.compile(r"<(?:(\w+):)?(\w+)>")
_ALWAYS = (401, 403, 421, 500)
"""No login; not one's own to do; another host's name; the program's own fault."""
_METHODS = ("GET", "POST", "PATCH", "DELETE")
_CHANGING = frozenset({"POST", "PATCH", "DELETE"})
_PATH_SCHEMAS: Mapping[str, JsonSchemaValue] = {
    "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    "ticks": {"type": "integer", "minimum": 0, "maximum": 10**20 - 1},
    "number": {"type": "integer", "minimum": 0, "maximum": 10**18 - 1},
    "camera": {"type": "string", "minLength": 1},
    "": {"type": "string", "pattern": "^[^/]+$"},
}
"""What the converters of `app.py` let through; without one, anything but a slash."""
_REFERENCE = "#/components/schemas/{model}"

_Placed = tuple[str, str, Operation, Rule]
"""Path, method, and what is there."""


def document() -> dict[str, Any]:
    """The document of the present application."""
    placed = sorted(_placed(), key=lambda one: (one[0], _METHODS.index(one[1])))
    schemas, definitions = _schemas(placed)
    paths: dict[str, dict[str, Any]] = {}
    for path, method, operation, rule in placed:
        paths.setdefault(path, {})[method.lower()] = _operation(operation, rule, method, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "mmrag-video",
            "version": version("mmrag-video"),
            "description": "Search inside surveillance recordings by describing what happened.",
        },
        "servers": [{"url": PREFIX}],
        "paths": paths,
        "security": [{"token": []}, {"login": []}, {}],
        "components": {
            "schemas": definitions,
            "responses": {
                "Problem": {
                    "description": "What went wrong, in one sentence.",
                    "content": {MEDIA_TYPE: {"schema": schemas[Problem, "serialization"]}},
                }
            },
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Made by `mmrag-video users token NAME`.",
                },
                "login": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": COOKIE,
                    "description": "The page's login.",
                },
            },
        },
    }


def _placed() -> Iterator[_Placed]:
    for rule in current_app.url_map.iter_rules():
        operation = operation_of(current_app.view_functions[rule.endpoint])
        if operation is not None:
            path = _ARGUMENT.sub(r"{\2}", rule.rule.removeprefix(PREFIX))
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                yield path, method, operation, rule


def _schemas(
    placed: list[_Placed],
) -> tuple[dict[tuple[Any, JsonSchemaMode], JsonSchemaValue], dict[str, Any]]:
    """The schema of each type that is taken or answered with, and what they refer to."""
    wanted: dict[tuple[Any, JsonSchemaMode], None] = {(Problem, "serialization"): None}
    for _, _, operation, _ in placed:
        for type_, mode in _types(operation):
            wanted[type_, mode] = None
    schemas, shared = TypeAdapter.json_schemas(
        [(type_, mode, TypeAdapter(type_)) for type_, mode in wanted], ref_template=_REFERENCE
    )
    return dict(schemas), shared.get("$defs", {})


def _types(operation: Operation) -> Iterator[tuple[Any, JsonSchemaMode]]:
    for taken in (operation.query, operation.body):
        if taken is not None and not isinstance(taken, Media):
            yield taken, "validation"
    if operation.answer is not None and not isinstance(operation.answer, Media):
        yield operation.answer, "serialization"


def _operation(
    operation: Operation,
    rule: Rule,
    method: str,
    schemas: Mapping[tuple[Any, JsonSchemaMode], JsonSchemaValue],
) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": rule.endpoint.removeprefix("api_").replace(".", "_"),
        "tags": [rule.endpoint.removeprefix("api_").partition(".")[0]],
        "summary": operation.summary,
        "description": f"For {operation.role.value}s"
        + ("." if operation.role.value == "admin" else " and those who may more."),
        "parameters": [*_path_parameters(rule), *_query_parameters(operation)],
        "responses": _responses(operation, rule, schemas),
    }
    if method in _CHANGING:
        told["parameters"].append(_FORM_TOKEN)
    body = operation.body
    if body is not None:
        types = body.types if isinstance(body, Media) else ("application/json",)
        schema = {} if isinstance(body, Media) else schemas[body, "validation"]
        told["requestBody"] = {
            "required": True,
            "content": {type_: {"schema": schema} for type_ in types},
        }
    return told


_FORM_TOKEN = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "Needed with a cookie, not with a token: `form_token` of /me.",
}


def _path_parameters(rule: Rule) -> Iterator[dict[str, Any]]:
    for converter, name in _ARGUMENT.findall(rule.rule):
        yield {"name": name, "in": "path", "required": True, "schema": _PATH_SCHEMAS[converter]}


def _query_parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    if operation.query is None:
        return
    schema = TypeAdapter(operation.query).json_schema()
    definitions = schema.get("$defs", {})
    for name, written in schema["properties"].items():
        field = _resolved(written, definitions)
        yield {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "description": field.pop("description", ""),
            "schema": field,
        }


def _resolved(field: JsonSchemaValue, definitions: Mapping[str, Any]) -> JsonSchemaValue:
    """A field without references or null: an argument that is there is never null."""
    choices = [one for one in field.get("anyOf", ()) if one.get("type") != "null"]
    if choices:
        field = {**field, **choices[0]}
        del field["anyOf"]
    if "$ref" in field:
        field = {**definitions[field["$ref"].rpartition("/")[2]], **field}
        del field["$ref"]
    if field.get("default", "") is None:
        del field["default"]
    return {name: value for name, value in field.items() if name != "title"}


def _responses(
    operation: Operation,
    rule: Rule,
    schemas: Mapping[tuple[Any, JsonSchemaMode], JsonSchemaValue],
) -> dict[str, Any]:
    answer, status = operation.answer, operation.status
    told: dict[str, Any] = {str(status): {"description": HTTPStatus(status).phrase}}
    if isinstance(answer, Media):
        content: dict[str, Any] = {"content": {type_: {} for type_ in answer.types}}
        told[str(status)] |= content
        if answer.in_parts:
            told["206"] = {"description": "A part of it, as asked for."} | content
            told["304"] = {"description": "It is as it was when it was fetched."}
    elif answer is not None:
        schema = schemas[answer, "serialization"]
        told[str(status)]["content"] = {"application/json": {"schema": schema}}
    for error in sorted(_errors(operation, rule)):
        told[str(error)] = {"$ref": "#/components/responses/Problem"}
    return told


def _errors(operation: Operation, rule: Rule) -> set[int]:
    errors = {*_ALWAYS, *operation.errors}
    if operation.query is not None or operation.body is not None:
        errors.add(400)
    if operation.body is not None:
        errors |= {413, 415}
    if rule.arguments:
        errors.add(404)
    if isinstance(operation.answer, Media) and operation.answer.in_parts:
        errors.add(416)
    return errors
