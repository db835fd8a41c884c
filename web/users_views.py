"""The users: who may log in, what they may do, and which cameras they see. For admins."""

from collections.abc import Callable

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.users import Account, Role, Users
from mmrag_video.errors import UsageError
from web import access, login
from web.services import services

blueprint = Blueprint("users", __name__)


@blueprint.get("/users")
@access.needs(Role.ADMIN)
def page() -> ResponseReturnValue:
    """All users, and the form for another."""
    return _page()


@blueprint.post("/users")
@access.needs(Role.ADMIN)
def add() -> ResponseReturnValue:
    """Add a user."""
    name, cameras = request.form.get("name", ""), request.form.getlist("camera")

    def change() -> Account:
        return _users().add(name, request.form.get("password", ""), _role(), cameras)

    return _changed("user added", change)


@blueprint.post("/users/change")
@access.needs(Role.ADMIN)
def change() -> ResponseReturnValue:
    """Give the user of the field `name` another role and other cameras."""
    cameras = request.form.getlist("camera")
    return _changed("user changed", lambda: _users().change(_name(), _role(), cameras))


@blueprint.post("/users/password")
@access.needs(Role.ADMIN)
def change_password() -> ResponseReturnValue:
    """Give the user of the field `name` a new password; their logins end."""
    password = request.form.get("password", "")
    return _changed("password changed", lambda: _users().change_password(_name(), password))


@blueprint.post("/users/disable")
@access.needs(Role.ADMIN)
def disable() -> ResponseReturnValue:
    """Keep the user of the field `name` out, until they are enabled."""
    return _changed("user disabled", lambda: _users().disable(_name()))


@blueprint.post("/users/enable")
@access.needs(Role.ADMIN)
def enable() -> ResponseReturnValue:
    """Let the user of the field `name` in again."""
    return _changed("user enabled", lambda: _users().disable(_name(), False))


@blueprint.post("/users/remove")
@access.needs(Role.ADMIN)
def remove() -> ResponseReturnValue:
    """Take the user of the field `name` away."""

    def take_away() -> Account:
        account = _users().named(_name())
        _users().remove(account.user.name)
        return account

    return _changed("user removed", take_away)


def _changed(what: str, change: Callable[[], Account]) -> ResponseReturnValue:
    try:
        account = change()
    except UsageError as error:
        return _page(problem=str(error)), 400
    user = account.user
    about = {"user": user.name, "role": user.role.value, "cameras": list(user.cameras)}
    access.note(Action.CHANGE, what=what, **about)
    return redirect(url_for("users.page"), code=303)


def _page(problem: str = "") -> str:
    catalog = services().archive.catalog
    accounts = catalog.users.all()
    assigned = {camera for account in accounts for camera in account.user.cameras}
    return render_template(
        "users.html",
        accounts=accounts,
        # Those that a user was given stay in the list, with or without recordings.
        cameras=sorted(assigned | set(access.camera_names())),
        roles=list(Role),
        problem=problem,
        name=request.form.get("name", ""),
        own=login.present_login(),
        zone=services().archive.settings.clock.zone,
    )


def _users() -> Users:
    return services().archive.catalog.users


def _name() -> str:
    return request.form.get("name", "")


def _role() -> Role:
    try:
        return Role(request.form.get("role", ""))
    except ValueError:
        raise UsageError("Choose one of the roles.") from None
