"""Evidence of a case, as a zip."""

from pathlib import Path

from mmrag_video.archive import Archive
from mmrag_video.catalog.users import User
from mmrag_video.errors import UsageError
from mmrag_video.evidence.making import make_evidence
from mmrag_video.evidence.order import EvidenceOrder, Progress, parse_blur
from mmrag_video.evidence.signing import fingerprint, read_private_key
from mmrag_video.export.naming import safe_name
from web.making.job import JobOrder
from web.making.outcome import Outcome


def make_case_evidence(
    archive: Archive, order: JobOrder, user: User, folder: Path, on_progress: Progress
) -> Outcome:
    """Make what `mmrag-video evidence` makes, of what the user may see.

    It is signed with the settings' key, if they name one: no key comes from a browser, or goes
    there. Raises UsageError where the case or the key cannot be had, else as `make_evidence`.
    """
    case = None if order.case is None else archive.catalog.cases.case(order.case)
    if case is None:
        raise UsageError(f"The case {order.title!r} is not there any more.")
    path = archive.settings.exports.sign_key
    key = None if path is None else read_private_key(path)
    made = make_evidence(
        archive,
        EvidenceOrder(
            case=case,
            user=user,
            target=folder / safe_name(f"{case.name} evidence", ".zip"),
            is_zip=True,
            key=key,
            blur=[parse_blur(region) for region in order.blur],
            before=order.before,
            after=order.after,
        ),
        on_progress,
    )
    return Outcome(
        made.path,
        made.sha256_of_zip,
        about=made.about(case),
        moments=made.moments,
        cameras=made.cameras,
        left_out=tuple(f"{one.what}: {one.why}" for one in made.missing),
        manifest=made.sha256,
        signed_by="" if key is None else fingerprint(key.public_key()),
    )
