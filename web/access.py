"""Who is asking, what they may see and do, and the note of it in the audit log.

Every view goes through here: it takes recordings and cameras from these functions and not from the
catalog, so that nobody sees a camera that is not theirs.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import g, request
from werkzeug.exceptions import Forbidden, NotFound

from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.records import Recording
from mmrag_video.catalog.users import LOCAL, Role, User
from mmrag_video.index.frames import FrameFilter
from web.services import services

P = ParamSpec("P")
R = TypeVar("R")


def user() -> User:
    """Who is asking."""
    known: User = g.get("user", LOCAL)
    return known


def needs(role: Role) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Mark a view that only some may use; others get 403 and a sentence."""

    def mark(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*arguments: P.args, **named: P.kwargs) -> R:
            if not user().role.may(role):
                raise Forbidden(f"Only {role.value}s may do this; you are {user().role.value}.")
            return view(*arguments, **named)

        return guarded

    return mark


def camera_names() -> list[str]:
    """The cameras that have recordings and may be seen."""
    return [name for name in services().archive.catalog.camera_names() if user().may_see(name)]


def recording(recording_id: str) -> Recording:
    """A recording that may be seen.

    Raises NotFound for every other: whether there is one is nobody's business.
    """
    known = services().archive.catalog.recording(recording_id)
    if known is None or not user().may_see(known.camera):
        raise NotFound("There is no such recording in the collection.")
    return known


def restricted(where: FrameFilter) -> FrameFilter:
    """The filter, with all but the user's cameras left out."""
    own = user().cameras
    if not own:
        return where
    cameras = tuple(camera for camera in where.cameras or own if camera in own)
    # Nothing is left of a filter for other people's cameras alone; empty would mean all.
    return replace(where, cameras=cameras or ("",))


def note(action: Action, **about: Any) -> None:
    """Put what the user does into the audit log; `about`: plain JSON."""
    services().archive.catalog.audit.note(user().name, action, about, request.remote_addr or "")
