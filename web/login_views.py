"""Logging in and out, and what everybody may do about their own login."""

from datetime import UTC, datetime, timedelta

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound, TooManyRequests

from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.users import User, as_kept
from mmrag_video.errors import UsageError
from web import access, login
from web.own_paths import own_path
from web.services import services

blueprint = Blueprint("login", __name__)

_WRONG = "Name or password is wrong."
_KNOWN_FOR = timedelta(days=30)
"""Since a login from there, for which an address is known as the user's."""


@blueprint.get("/login")
@access.open_to_all
def page() -> ResponseReturnValue:
    """The form; on to the page for those who need none."""
    if access.visitor() is not None:
        return redirect(_next(request.args.get("next", "")), code=303)
    return _form(request.args.get("next", ""))


@blueprint.post("/login")
@access.open_to_all
def enter() -> ResponseReturnValue:
    """Let somebody in, and on to where they wanted to go."""
    wanted = request.form.get("next", "")
    if not login.is_login_needed():
        return redirect(_next(wanted), code=303)
    name = request.form.get("name", "")
    user = _checked(name, request.form.get("password", ""))
    if user is None:
        return _form(wanted, name=name, problem=_WRONG), 401
    response = redirect(_next(wanted), code=303)
    login.begin(response, user)
    _note(user.name, Action.LOGIN)
    return response


@blueprint.post("/logout")
def leave() -> ResponseReturnValue:
    """End this login, or all of the user's with the field `everywhere`."""
    present = _own_login()
    logins = services().archive.catalog.logins
    if "everywhere" in request.form:
        logins.end_all(present.user.name)
    else:
        logins.end(present.token)
    access.note(Action.LOGOUT, **({"everywhere": True} if "everywhere" in request.form else {}))
    response = redirect(url_for("login.page"), code=303)
    login.forget(response)
    return response


@blueprint.get("/account")
def account() -> ResponseReturnValue:
    """One's own name, role and cameras, and a new password."""
    return _account()


@blueprint.post("/account/password")
def change_password() -> ResponseReturnValue:
    """Take a new password for the old one. All logins end but the one that begins here."""
    user = _own_login().user
    if _checked(user.name, request.form.get("old", "")) is None:
        return _account("The old password is wrong."), 400
    try:
        services().archive.catalog.users.change_password(user.name, request.form.get("new", ""))
    except UsageError as error:
        return _account(str(error)), 400
    access.note(Action.CHANGE, what="own password changed")
    response = redirect(url_for("login.account", changed="yes"), code=303)
    login.begin(response, user)
    return response


def _checked(name: str, password: str) -> User | None:
    """The user, if both are right; what is not is noted.

    Raises TooManyRequests if it was tried too often, ServiceUnavailable if many are at it.
    """
    users, attempts = services().archive.catalog.users, services().attempts
    kept, address = as_kept(name), request.remote_addr or ""
    # Before anything is counted: who finds no place has not tried a password.
    with services().hashing.turn():
        wait = attempts.begin(kept, address, lambda: _has_come_from(kept, address))
        if wait:
            raise TooManyRequests(
                f"There were too many wrong passwords; please try again in {wait} seconds.",
                retry_after=wait,
            )
        user = users.who_has(name, password)
    if user is None:
        is_known = any(account.user.name == kept for account in users.all())
        # Not the name as it was typed, where there is none: it may be a password.
        _note(kept if is_known else "", Action.LOGIN_REFUSED)
        return None
    attempts.succeeded(kept, address)
    return user


def _has_come_from(name: str, address: str) -> bool:
    since = datetime.now(UTC) - _KNOWN_FOR
    return services().archive.catalog.audit.has(name, Action.LOGIN, address, since)


def _note(name: str, action: Action) -> None:
    services().archive.catalog.audit.note(name, action, {}, request.remote_addr or "")


def _own_login() -> login.LoggedIn:
    present = login.present_login()
    if present is None:
        raise NotFound("There is no login on this page: whoever sits at its machine may use it.")
    return present


def _next(wanted: str) -> str:
    return own_path(wanted) or url_for("search.page")


def _form(wanted: str, name: str = "", problem: str = "") -> str:
    return render_template(
        "login.html",
        wanted=own_path(wanted) or "",
        name=name,
        problem=problem,
        has_users=services().archive.catalog.users.exist(),
    )


def _account(problem: str = "") -> str:
    user, archive = _own_login().user, services().archive
    return render_template(
        "account.html",
        user=user,
        logins=archive.catalog.logins.count(user.name, archive.settings.login),
        problem=problem,
        changed="changed" in request.args and not problem,
    )
