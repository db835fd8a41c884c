"""The API's cameras: what is particular about each, and its name."""

from flask import Blueprint
from pydantic import Field

from mmrag_video import json_shapes as shapes
from mmrag_video.as_json import camera_details_to_json
from mmrag_video.camera_settings import camera_in_force, checked_values
from mmrag_video.catalog.users import Role
from web import access, camera_views
from web.api.operation import Fields, operation
from web.api.problems import PREFIX
from web.services import services

blueprint = Blueprint("api_cameras", __name__, url_prefix=PREFIX)

_Corners = list[tuple[float, float]]
"""Shares of the picture's width and height, from 0 to 1."""


class CameraSettingsChange(Fields):
    """What to set; null takes it back, and what is not named stays."""

    zone: str | None = Field(None, examples=["Europe/Lisbon"])
    clock_offset: float | None = None
    """Seconds that are added to the camera's clock."""
    region: _Corners | None = None
    """Movement counts only inside this polygon."""
    masks: list[_Corners] | None = Field(None, examples=[[[[0, 0], [0.4, 0], [0.4, 0.06]]]])
    """Polygons in which movement is ignored."""
    sensitivity: float | None = Field(None, ge=0, le=1)
    interval: float | None = Field(None, gt=0)
    heartbeat: float | None = Field(None, gt=0)
    start_timecode: str | None = None
    keep_days: float | None = Field(None, gt=0)
    keep_gigabytes: float | None = Field(None, gt=0)


class CameraChange(Fields):
    """What to change; what is not named stays."""

    settings: CameraSettingsChange | None = None
    name: str | None = Field(None, min_length=1, max_length=80)
    """Another name. Recordings that arrive under the old one are given to the camera too."""


@blueprint.get("/cameras/<camera:camera>", merge_slashes=False)
@operation(shapes.CameraDetails)
def camera(camera: str) -> shapes.CameraDetails:
    """One camera, with what is particular about it."""
    return _told(camera)


@blueprint.patch("/cameras/<camera:camera>", merge_slashes=False)
@operation(shapes.CameraDetails, role=Role.ADMIN)
def change(camera: str, body: CameraChange) -> shapes.CameraDetails:
    """Set what is particular about a camera, or give it another name."""
    name, archive = access.camera(camera).name, services().archive
    asked = body.settings
    values = None if asked is None else asked.model_dump(mode="json", exclude_unset=True)
    # What can be refused comes first: a change is made as a whole, or not at all. No camera that
    # the settings name is renamed, so what may be set is the same under the new name.
    if values is not None:
        checked_values(archive.settings, archive.catalog, name, values)
    if body.name is not None and body.name != name:
        camera_views.give_name(name, body.name)
        name = body.name
    if values is not None:
        camera_views.set_camera(name, values)
    return _told(name)


def _told(name: str) -> shapes.CameraDetails:
    archive = services().archive
    known = access.camera(name)
    return camera_details_to_json(known, camera_in_force(archive.settings, archive.catalog, name))
