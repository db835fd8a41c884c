"""The moments of a case, as every export takes them."""

from mmrag_video.archive import Archive
from mmrag_video.cases import Collected, collected
from mmrag_video.catalog.case_records import Case
from mmrag_video.errors import UsageError
from mmrag_video.export.export_moment import ExportMoment


def export_moments(archive: Archive, case: Case) -> list[ExportMoment]:
    """Those of a case, in its order.

    Raises UsageError if a recording is not in the catalog any more: an export without a word of
    what it lacks would be a false one. Files that are gone or changed are left to the export;
    `file_problem` of each recording tells of them.
    """
    moments = archive.catalog.cases.moments(case.id)
    return [export_moment(one) for one in collected(archive, moments)]


def export_moment(one: Collected) -> ExportMoment:
    """One of them. Raises UsageError as above."""
    if one.best is None or not one.is_whole:
        raise UsageError(f"{one.problems[-1]} Take its moment out of the case first.")
    found = one.moment.found
    return ExportMoment(
        spans=one.spans,
        best=one.best,
        query=found.query,
        score=found.score,
        confidence=found.confidence,
        why=found.why,
        note=one.moment.note,
        tags=one.moment.tags,
    )
