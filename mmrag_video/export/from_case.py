"""The moments of a case, as every export takes them."""

from collections.abc import Iterable, Sequence

from mmrag_video.cases import Collected
from mmrag_video.export.export_moment import ExportMoment, stored
from mmrag_video.moments import Span


def export_moments(moments: Iterable[Collected]) -> tuple[list[ExportMoment], list[str]]:
    """Those of a case, in its order, and a sentence for each recording that is not known any more.

    What is left of a moment is exported; one of which nothing is left is not. Files that are gone
    or changed are left to the export: `file_problem` of each recording tells of them.
    """
    collected = list(moments)
    missing = [sentence for one in collected for sentence in one.missing]
    exported = [export_moment(one, one.spans) for one in collected if one.spans]
    return exported, list(dict.fromkeys(missing))


def export_moment(one: Collected, spans: Sequence[Span]) -> ExportMoment:
    """One of them, with these of its parts, at least one."""
    return stored(one.moment.found, spans, one.best, one.moment.note, one.moment.tags)
