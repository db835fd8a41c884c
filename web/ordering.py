"""What the page's forms and the API order to be made in the background."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from flask import request

from mmrag_video.cases import Collected, case_span
from mmrag_video.catalog.case_records import CaseSpan, Finding
from mmrag_video.errors import FieldProblemsError, UsageError
from mmrag_video.evidence.order import parse_blur
from mmrag_video.evidence.signing import read_private_key
from mmrag_video.export.export_moment import ExportMoment, stored
from mmrag_video.export.from_case import export_moments
from mmrag_video.export.other_cameras import with_other_cameras
from mmrag_video.moments import Span
from web import access
from web.case_page import CasePage
from web.making.job import ExportJob, JobOrder, OrderedMoment
from web.making.room import expected_bytes
from web.services import services

MOST_REGIONS = 50
LONGEST_REGION = 1000
"""Characters."""


def place(order: JobOrder, spans: Sequence[Span]) -> ExportJob:
    """Have it made for the one who asks; `spans`: the parts of recordings that it is of.

    Raises ServiceUnavailable where there is no room, or others of theirs are under way.
    """
    cameras = tuple({span.recording.camera: None for span in spans})
    return services().exports.order(
        order,
        access.user(),
        request.remote_addr or "",
        cameras,
        expected_bytes(order, spans),
    )


def place_found(order: JobOrder, moments: Sequence[ExportMoment]) -> ExportJob:
    """Clips of moments, wherever they come from. Raises as `place`."""
    spans = [span for one in moments for span in one.spans]
    return place(replace(order, moments=of_search(moments)), spans)


def place_of_case(
    order: JobOrder, opened: CasePage, moment: int | None, *, all_cameras: bool
) -> ExportJob:
    """Clips of what is shown of a case, or of one moment. Raises NotFound for one that is not.

    `all_cameras`: also of what was recorded beside it.
    """
    shown = shown_of(opened, moment)
    moments = list(of_case(shown))
    spans = [span for one in shown for span in one.spans]
    if all_cameras:
        exported, _ = export_moments(shown)
        beside = [one for one in with_others(exported) if one not in exported]
        moments += of_search(beside)
        spans += [span for one in beside for span in one.spans]
    return place(replace(order, moments=tuple(moments)), spans)


def with_others(moments: Sequence[ExportMoment]) -> list[ExportMoment]:
    """Each, and what the other cameras that may be seen recorded at its time."""
    return list(with_other_cameras(services().archive, moments, access.user().may_see))


def shown_of(opened: CasePage, moment: int | None) -> list[Collected]:
    """The moments of a case that may be seen, or the one. Raises UsageError where there are none,
    NotFound where that one is not among them.
    """
    if not opened.shown:
        raise UsageError("This case holds no moments that can be exported.")
    if moment is None:
        return opened.shown
    known = opened.moment(moment)
    return [one for one in opened.shown if one.moment.id == known.id]


def place_evidence(order: JobOrder, opened: CasePage) -> ExportJob:
    """Evidence of a case; the order's `blur`: lines with a region each, empty ones among them.

    Raises UsageError for what would only fail later, FieldProblemsError for the first wrong line.
    """
    shown = shown_of(opened, None)
    regions = _regions(order.blur)
    key = services().archive.settings.exports.sign_key
    if key is not None:
        read_private_key(key)
    return place(replace(order, blur=regions), [span for one in shown for span in one.spans])


def _regions(lines: Sequence[str]) -> tuple[str, ...]:
    regions = {number: line.strip() for number, line in enumerate(lines, 1) if line.strip()}
    for number, region in regions.items():
        try:
            _check_region(region)
        except UsageError as error:
            raise FieldProblemsError({"blur": f"Line {number}: {error}"}) from None
    if len(regions) > MOST_REGIONS:
        raise FieldProblemsError({"blur": f"At most {MOST_REGIONS} regions can be blurred."})
    return tuple(regions.values())


def _check_region(text: str) -> None:
    if len(text) > LONGEST_REGION:
        raise UsageError(f"A region has at most {LONGEST_REGION} characters.")
    camera = parse_blur(text).camera
    if camera and camera not in access.camera_names():
        raise UsageError(f"There is no camera named {camera[:60]!r}.")


def of_search(moments: Iterable[ExportMoment]) -> tuple[OrderedMoment, ...]:
    """Moments as they were found."""
    return tuple(
        OrderedMoment(
            spans=tuple(map(case_span, one.spans)),
            best=case_span(one.best),
            query=one.query,
            score=one.score,
            confidence=one.confidence,
            why=one.why,
            note=one.note,
        )
        for one in moments
    )


def of_case(shown: Iterable[Collected]) -> tuple[OrderedMoment, ...]:
    """Moments as they are in a case now."""
    return tuple(
        OrderedMoment(
            spans=one.moment.spans,
            best=one.moment.best,
            query=one.moment.found.query,
            score=one.moment.found.score,
            confidence=one.moment.found.confidence,
            why=one.moment.found.why,
            note=one.moment.note,
            collected=one.moment.id,
        )
        for one in shown
    )


def moments_of(findings: Iterable[Finding]) -> list[ExportMoment]:
    """Findings with their recordings. Raises NotFound where one may not be seen."""
    return [stored(one, list(map(_span, one.spans)), _span(one.best)) for one in findings]


def _span(part: CaseSpan) -> Span:
    return Span(access.recording(part.recording), part.start, part.end)
