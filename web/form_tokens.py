"""A token in every form, so that no other web site can send one with the user's login (CSRF).

It follows from the login's own token, which only this browser and nobody else's script holds: so
nothing has to be kept, and it ends with the login. Where there is no login, on the login page and
on a page for this machine alone, there is nothing that it could follow from; `security.py` looks
at where each form comes from in any case.
"""

import hashlib
import hmac

from flask import Flask, request
from markupsafe import Markup
from werkzeug.exceptions import Forbidden

from web.login import present_login
from web.security import SAFE_METHODS

FIELD = "form_token"
HEADER = "X-Form-Token"
"""For scripts that send something other than a form; base.html has the token in a `meta`."""


def install_form_tokens(app: Flask) -> None:
    """Check the token of every request that may change something.

    Templates get `form_token_field()` for their forms, and `form_token()`.
    """
    app.before_request(_check)
    app.jinja_env.globals.update(form_token=form_token, form_token_field=_field)


def form_token() -> str:
    """The token for forms of the present page; empty where there is no login."""
    login = present_login()
    return "" if login is None else token_for(login.token)


def token_for(login: str) -> str:
    """The token that goes with a login's, 64 hex digits; nobody gets from it to the login's."""
    return hmac.new(login.encode(errors="replace"), b"form", hashlib.sha256).hexdigest()


def _field() -> Markup:
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, form_token())


def _check() -> None:
    if request.method in SAFE_METHODS:
        return
    login = present_login()
    if login is None:
        return
    sent = request.headers.get(HEADER) or request.form.get(FIELD, "")
    if not hmac.compare_digest(sent.encode(errors="replace"), token_for(login.token).encode()):
        raise Forbidden("This form is not of your login; load the page again and send it anew.")
