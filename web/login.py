"""Who is logged in: the cookie, and the login in the catalog that it stands for.

flask-login asks for the user of a request and turns away those that have none. What it would keep
in a signed cookie is kept in the catalog, so that a login can be ended from here.
"""

import secrets
from dataclasses import dataclass

from flask import Flask, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, current_user
from werkzeug.exceptions import Unauthorized
from werkzeug.wrappers import Request, Response

from mmrag_video.catalog.users import LOCAL, User
from web.access import is_open_to_all
from web.api.bearer import shows_token, unauthorized, user_of_token
from web.api.problems import is_for_api
from web.services import services

COOKIE = "mmrag_login"
BY_ITSELF = "X-By-Itself"
"""A header of what a page asks for while nobody does anything: see live.js."""
_NEEDED = "Please log in; a login ends by itself after a while."


@dataclass(frozen=True)
class LoggedIn:
    """A user with the login of the present request, as flask-login wants it."""

    user: User
    token: str
    """What the browser holds."""
    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        """The token: it says which user it is, and that only while the login lasts."""
        return self.token


def install_login(app: Flask) -> None:
    """Let nobody in who has to log in and has not."""
    manager = LoginManager()
    manager.request_loader(_load)
    manager.unauthorized_handler(_turn_away)
    manager.session_protection = None
    # Nothing is kept in signed cookies, so nobody may send one: flask-login looks for its own, and
    # fails over one with an é.
    app.secret_key = secrets.token_bytes(32)
    app.config["REMEMBER_COOKIE_NAME"] = secrets.token_hex(16)
    app.config["SESSION_COOKIE_NAME"] = secrets.token_hex(16)
    manager.init_app(app, add_context_processor=False)
    app.before_request(_ask_for_login)


def is_login_needed() -> bool:
    """Whether anybody has to log in: others than this machine reach the page, or it has users."""
    return not services().loopback_only or services().archive.catalog.users.exist()


def present_login() -> LoggedIn | None:
    """The login of the present request; None if it has none, or was refused before."""
    found: LoggedIn | None = g.get("login")
    return found


def begin(response: Response, user: User) -> None:
    """Log a user in, in the browser that gets this answer."""
    logins, limits = services().archive.catalog.logins, services().archive.settings.login
    before = present_login()
    if before is not None:
        logins.end(before.token)
    response.set_cookie(
        COOKIE,
        logins.begin(user.name, limits),
        max_age=limits.longest,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure,
    )


def forget(response: Response) -> None:
    """Take the cookie away from the browser that gets this answer."""
    response.delete_cookie(COOKIE, httponly=True, samesite="Lax", secure=request.is_secure)


def _load(asked: Request) -> LoggedIn | None:
    token = asked.cookies.get(COOKIE)
    if not token:
        return None
    archive = services().archive
    is_use = request.endpoint != "live.events" and BY_ITSELF not in request.headers
    user = archive.catalog.logins.user(token, archive.settings.login, is_use=is_use)
    return None if user is None else LoggedIn(user, token)


def _ask_for_login() -> ResponseReturnValue | None:
    if request.endpoint == "static":
        return None
    if shows_token():
        g.user = user_of_token()
        return None
    view = current_app.view_functions.get(request.endpoint or "")
    is_open = view is not None and is_open_to_all(view)
    if is_open and request.endpoint == "health.healthz":
        return None  # it must answer where the catalog does not
    if current_user.is_authenticated:
        g.login = current_user._get_current_object()
        g.user = g.login.user
    elif not is_login_needed():
        g.user = LOCAL
    elif not is_open:
        turned_away: ResponseReturnValue = current_app.login_manager.unauthorized()  # type: ignore[attr-defined]
        return turned_away
    return None


def _turn_away() -> ResponseReturnValue:
    """To the login page and back, where a person asks for a page; else 401 and a sentence."""
    if is_for_api():
        raise unauthorized("Log in, or send a token: Authorization: Bearer ...")
    if request.method == "GET" and "text/html" in request.headers.get("Accept", ""):
        asked = request.full_path.removesuffix("?")
        return redirect(url_for("login.page", next=asked if asked != "/" else None), code=303)
    raise Unauthorized(_NEEDED)
