"""The cameras: what there is of each, and its settings. Admins change them; all see their own."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mmrag_video.camera_settings import (
    CameraError,
    CameraInForce,
    camera_in_force,
    change_camera,
    noted_change,
)
from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.records import Camera
from mmrag_video.catalog.users import Role
from mmrag_video.renaming import rename_camera
from mmrag_video.retention import Limits, limits_of
from web import access
from web.camera_form import CameraForm
from web.camera_frames import CameraFrame, frames_by_day_and_night, newest_frame
from web.services import services

blueprint = Blueprint("cameras", __name__)


@dataclass(frozen=True)
class KnownCamera:
    """A camera as the list shows it."""

    camera: Camera
    own: CameraInForce
    zone: str
    limits: Limits
    newest: CameraFrame | None


@blueprint.get("/cameras")
def page() -> str:
    """All cameras."""
    known = [_known(camera) for camera in access.cameras()]
    return render_template("cameras.html", known=known)


@blueprint.get("/cameras/<camera:name>", merge_slashes=False)
def camera(name: str) -> str:
    """One camera: what there is of it, its settings, and where its movement does not count."""
    known = _known(access.camera(name))
    return _page(known, CameraForm.of(known.own.settings), {})


@blueprint.post("/cameras")
@access.needs(Role.ADMIN)
def change() -> ResponseReturnValue:
    """Set what the form says of the camera of the field `camera`."""
    known = _known(access.camera(request.form.get("camera", "")))
    form = CameraForm.read(request.form)
    try:
        set_camera(known.camera.name, form.fields)
    except CameraError as error:
        return _page(known, form, error.problems), 400
    return redirect(url_for("cameras.camera", name=known.camera.name, done="saved"), code=303)


@blueprint.post("/cameras/rename")
@access.needs(Role.ADMIN)
def rename() -> ResponseReturnValue:
    """Give the camera of the field `camera` the name of the field `name`."""
    known = _known(access.camera(request.form.get("camera", "")))
    name = request.form.get("name", "").strip()
    try:
        give_name(known.camera.name, name)
    except CameraError as error:
        return _page(known, CameraForm.of(known.own.settings), error.problems, name), 400
    return redirect(url_for("cameras.camera", name=name, done="renamed"), code=303)


def set_camera(name: str, values: Mapping[str, object]) -> None:
    """Set fields of a camera, and note those that changed. Raises CameraError."""
    archive = services().archive
    before = camera_in_force(archive.settings, archive.catalog, name).settings
    after = change_camera(archive.settings, archive.catalog, name, values)
    if about := noted_change(name, before, after, values):
        access.note(Action.CHANGE, **about)


def give_name(camera: str, name: str) -> None:
    """Rename a camera, and note it. Raises CameraError."""
    archive = services().archive
    rename_camera(archive.settings, archive.catalog, camera, name)
    access.note(Action.CHANGE, what="camera renamed", camera=camera, name=name)


def _known(camera: Camera) -> KnownCamera:
    archive = services().archive
    own = camera_in_force(archive.settings, archive.catalog, camera.name)
    return KnownCamera(
        camera=camera,
        own=own,
        zone=own.settings.zone or archive.settings.clock.zone,
        limits=limits_of(archive.settings_in_force, camera.name),
        newest=newest_frame(camera.name),
    )


def _page(
    known: KnownCamera, form: CameraForm, problems: Mapping[str, str], name: str | None = None
) -> str:
    """The page of a camera; `name`: the new one as it was typed."""
    archive = services().archive
    frames = frames_by_day_and_night(known.camera.name)
    asked = request.args.get("frame", type=int, default=len(frames) // 2)
    return render_template(
        "camera.html",
        known=known,
        form=form,
        problems=problems,
        name=known.camera.name if name is None else name,
        frames=frames,
        drawn_on=frames[asked] if 0 <= asked < len(frames) else None,
        settings=archive.settings,
        is_being_renamed=known.camera.name in archive.catalog.renamed.former(pending=True).values(),
        done=request.args.get("done", ""),
    )
