"""Tokens of programs: `Authorization: Bearer ...`, for the API alone.

A token takes the place of a login. No other web site can make a browser send one, so that requests
with it need no form token.
"""

from flask import request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from mmrag_video.catalog.users import User
from web.api.problems import is_for_api
from web.services import services


def shows_token() -> bool:
    """Whether the present request is the API's, and comes with a token."""
    return is_for_api() and _scheme() == "bearer"


def user_of_token() -> User:
    """Whose token came with the present request. Raises Unauthorized if it opens nothing."""
    authorization = request.authorization
    secret = "" if authorization is None else authorization.token or ""
    user = services().archive.catalog.tokens.user(secret)
    if user is None:
        raise unauthorized("This token opens nothing, or nothing any more.")
    return user


def unauthorized(sentence: str) -> Unauthorized:
    """The refusal of a request that needs a login or a token."""
    return Unauthorized(sentence, www_authenticate=WWWAuthenticate("bearer"))


def _scheme() -> str:
    return request.headers.get("Authorization", "").partition(" ")[0].lower()
