"""Who is asking, what they may see and do, and the note of it in the audit log.

Every view goes through here: it takes recordings and cameras from these functions and not from the
catalog, so that nobody sees a camera that is not theirs.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import g, request
from werkzeug.exceptions import Forbidden, NotFound, Unauthorized

from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.records import Camera, Recording
from mmrag_video.catalog.users import Role, User
from mmrag_video.index.frames import FrameFilter
from web.services import services

P = ParamSpec("P")
R = TypeVar("R")
V = TypeVar("V", bound=Callable[..., Any])
_OPEN: set[Callable[..., Any]] = set()
"""Views that answer without a login."""


def visitor() -> User | None:
    """Who is asking; None if that is not known: on the login page, and where one is refused."""
    known: User | None = g.get("user")
    return known


def user() -> User:
    """Who is asking. Raises Unauthorized if that is not known."""
    known = visitor()
    if known is None:
        raise Unauthorized("Please log in.")
    return known


def may(role: Role) -> bool:
    """Whether the one who asks may do what this role may: for links and buttons."""
    known = visitor()
    return known is not None and known.role.may(role)


def sees_all_cameras() -> bool:
    """Whether no camera is kept from the one who asks."""
    known = visitor()
    return known is not None and not known.cameras


def open_to_all(view: V) -> V:
    """Mark a view that answers without a login."""
    _OPEN.add(view)
    return view


def is_open_to_all(view: Callable[..., Any]) -> bool:
    """Whether a view answers without a login."""
    return view in _OPEN


def needs(role: Role) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Mark a view that only some may use; others get 403 and a sentence."""

    def mark(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*arguments: P.args, **named: P.kwargs) -> R:
            own = user().role
            if not own.may(role):
                raise Forbidden(f"Only {role.value}s may do this; your role is {own.value}.")
            return view(*arguments, **named)

        return guarded

    return mark


def check_sees_all_cameras() -> None:
    """Raise Forbidden for those who see only some: what is asked for is about all of them."""
    if user().cameras:
        raise Forbidden("This is about all cameras, and you see only some of them.")


def cameras() -> list[Camera]:
    """The same as `camera_names`, with how much there is of each."""
    return [one for one in services().archive.catalog.cameras() if user().may_see(one.name)]


def camera_names() -> list[str]:
    """The cameras that have recordings and may be seen."""
    return [name for name in services().archive.catalog.camera_names() if user().may_see(name)]


def recordings(camera: str | None = None) -> list[Recording]:
    """Those of a camera, or of all, that may be seen: by camera, wall-clock start and path."""
    known = services().archive.catalog.recordings(camera=camera)
    return [one for one in known if user().may_see(one.camera)]


def camera(name: str) -> Camera:
    """A camera that has recordings and may be seen.

    Raises NotFound for every other: whether there is one is nobody's business.
    """
    for known in cameras():
        if known.name == name:
            return known
    raise NotFound("There is no such camera in the collection.")


def latest_recordings(camera: str, limit: int) -> list[Recording]:
    """The newest of a camera that may be seen, the newest first."""
    if not user().may_see(camera):
        return []
    return services().archive.catalog.footage.latest(camera, limit)


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
