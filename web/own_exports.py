"""The exports that were made in the background, as far as they are the user's business.

One belongs to whoever ordered it; admins have all. The cameras whose pictures it holds must be the
user's when it is ordered, and still be when it is fetched.
"""

from werkzeug.exceptions import NotFound

from mmrag_video.catalog.users import Role
from web import access
from web.making.job import ExportJob
from web.services import services


def own_exports() -> list[ExportJob]:
    """Those that the user may fetch, the newest first."""
    return [job for job in services().exports.shelf.all() if _is_theirs(job)]


def own_export(number: int) -> ExportJob:
    """One of them. Raises NotFound for every other: whether there is one is nobody's business."""
    job = services().exports.shelf.job(number)
    if job is None or not _is_theirs(job):
        raise NotFound("There is no such export, or not any more.")
    return job


def _is_theirs(job: ExportJob) -> bool:
    user = access.user()
    if user.role.may(Role.ADMIN):
        return True
    if job.owner != user.name or not all(map(user.may_see, job.cameras)):
        return False
    # Another may have had this name before, and was removed.
    return services().archive.catalog.users.named(user.name).created <= job.ordered
