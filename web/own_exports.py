"""The exports that were made in the background, as far as they are the user's business.

One belongs to whoever ordered it; admins have all. The cameras whose pictures it holds must be the
user's when it is ordered, and still be when it is fetched.
"""

from collections.abc import Mapping

from werkzeug.exceptions import NotFound

from mmrag_video.catalog.users import Role
from web import access
from web.making.job import ExportJob
from web.services import services


def own_exports() -> list[ExportJob]:
    """Those that the user may fetch, the newest first."""
    names = _names_now()
    return [job for job in services().exports.shelf.all() if _is_theirs(job, names)]


def own_export(number: int) -> ExportJob:
    """One of them. Raises NotFound for every other: whether there is one is nobody's business."""
    job = services().exports.shelf.job(number)
    if job is None or not _is_theirs(job, _names_now()):
        raise NotFound("There is no such export, or not any more.")
    return job


def _names_now() -> Mapping[str, str]:
    """Present names of cameras by former ones: an export keeps those of when it was ordered."""
    return services().archive.catalog.renamed.former()


def _is_theirs(job: ExportJob, names: Mapping[str, str]) -> bool:
    user = access.user()
    if user.role.may(Role.ADMIN):
        return True
    cameras = (names.get(camera, camera) for camera in job.cameras)
    if job.owner != user.name or not all(map(user.may_see, cameras)):
        return False
    # Another may have had this name before, and was removed.
    return services().archive.catalog.users.named(user.name).created <= job.ordered
