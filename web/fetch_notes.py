"""The note in the audit log of a file that somebody fetches, whole or in parts."""

from typing import Any

from flask import Response, request

from mmrag_video.catalog.audit import Action
from web import access
from web.login import present_login
from web.services import services


def note_fetched(response: Response, file: str, action: Action, **about: Any) -> None:
    """Note that some of a file is in this answer, once for all parts that are asked for together.

    `file` tells it from all others; `about`: plain JSON. Nothing is noted of an answer that holds
    none of it.
    """
    is_sent = request.method == "GET" and response.status_code in (200, 206)
    if is_sent and services().fetches.begins(_who(), file):
        access.note(action, **about)


def _who() -> tuple[str, ...]:
    """The user, the address that asks, and the login or the token that came along."""
    login = present_login()
    shown = request.headers.get("Authorization", "") if login is None else login.token
    return access.user().name, request.remote_addr or "", shown
