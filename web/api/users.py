"""The API's users, for admins; and who is asking, for everybody."""

from flask import Blueprint
from pydantic import Field
from typing_extensions import TypedDict
from werkzeug.exceptions import NotFound

from mmrag_video import json_shapes as shapes
from mmrag_video.as_json import account_to_json
from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.passwords import LEAST_CHARACTERS, MOST_CHARACTERS
from mmrag_video.catalog.users import Account, Role, Users, as_kept
from mmrag_video.json_shapes import shape
from web import access
from web.api.operation import Fields, operation
from web.api.problems import PREFIX
from web.form_tokens import form_token
from web.services import services

blueprint = Blueprint("api_users", __name__, url_prefix=PREFIX)


class NewUser(Fields):
    """A user to add."""

    name: str = Field(min_length=1, max_length=64, examples=["bob"])
    password: str = Field(
        examples=["correct horse battery"], min_length=LEAST_CHARACTERS, max_length=MOST_CHARACTERS
    )
    role: Role = Role.VIEWER
    cameras: tuple[str, ...] = ()
    """Those that they may see; none: all."""


class UserChange(Fields):
    """What to change; what is not named stays."""

    role: Role | None = None
    cameras: tuple[str, ...] | None = None
    password: str | None = Field(None, min_length=LEAST_CHARACTERS, max_length=MOST_CHARACTERS)
    """All their logins end."""
    disabled: bool | None = None


@shape
class Me(TypedDict):
    """Who is asking."""

    name: str
    role: Role
    cameras: list[str]
    """Empty: all."""
    form_token: str
    """What a request that changes something sends as X-Form-Token, if it comes with a cookie; empty
    where none is needed."""


@shape
class UserList(TypedDict):
    """Users, by name."""

    users: list[shapes.Account]


@blueprint.get("/me")
@operation(Me)
def me() -> Me:
    """Who is asking, and what they may do."""
    user = access.user()
    return {
        "name": user.name,
        "role": user.role,
        "cameras": list(user.cameras),
        "form_token": form_token(),
    }


@blueprint.get("/users")
@operation(UserList, role=Role.ADMIN)
def users() -> UserList:
    """The users."""
    return {"users": [account_to_json(one) for one in _users().all()]}


@blueprint.post("/users")
@operation(shapes.Account, status=201, role=Role.ADMIN)
def add(body: NewUser) -> shapes.Account:
    """Add a user."""
    account = _users().add(body.name, body.password, body.role, body.cameras)
    return _noted("user added", account)


@blueprint.patch("/users/<name>")
@operation(shapes.Account, role=Role.ADMIN)
def change(name: str, body: UserChange) -> shapes.Account:
    """Change what a user may do, their password, or keep them out. It holds at once."""
    told = account_to_json(_known(name))
    if body.role is not None or body.cameras is not None:
        told = _noted("user changed", _users().change(name, body.role, body.cameras))
    if body.disabled is not None:
        what = "user disabled" if body.disabled else "user enabled"
        told = _noted(what, _users().disable(name, body.disabled))
    if body.password is not None:
        told = _noted("password changed", _users().change_password(name, body.password))
    return told


@blueprint.delete("/users/<name>")
@operation(None, status=204, role=Role.ADMIN, errors=(400,))
def remove(name: str) -> None:
    """Take a user away; what they did stays in the audit log."""
    account = _known(name)
    _users().remove(account.user.name)
    _noted("user removed", account)


def _known(name: str) -> Account:
    """The user of a name. Raises NotFound if there is none."""
    for account in _users().all():
        if account.user.name == as_kept(name):
            return account
    raise NotFound("There is no such user.")


def _noted(what: str, account: Account) -> shapes.Account:
    user = account.user
    about = {"user": user.name, "role": user.role.value, "cameras": list(user.cameras)}
    access.note(Action.CHANGE, what=what, **about)
    return account_to_json(account)


def _users() -> Users:
    return services().archive.catalog.users
