"""The moments of the shown search, of a selection or of a case, to be saved as files.

Documents come at once. Clips are made in the background; one that is ready soon comes at once too.
"""

import zipfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from io import BytesIO

from flask import Blueprint, Response, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue

from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.users import Role
from mmrag_video.errors import UsageError
from mmrag_video.export.clips import ClipKind
from mmrag_video.export.export_moment import ExportMoment, found
from mmrag_video.export.exporting import (
    Document,
    ExportOrder,
    audit_entry,
    note_exported,
    prepare,
)
from mmrag_video.export.formats import FORMATS
from mmrag_video.export.from_case import export_moments
from mmrag_video.export.naming import DEFAULT_TEMPLATE, NameTemplate, different_names, safe_name
from mmrag_video.export.sheet import Format, FormatName
from web import access
from web.case_page import open_case
from web.collect_views import findings_asked
from web.export_job_views import handle_asked, to_job
from web.form_page import FormPage, open_form_page
from web.found import all_found
from web.making.job import ExportJob, JobKind, JobOrder, JobState
from web.ordering import moments_of, place_found, place_of_case, shown_of, with_others
from web.row_number import row_number
from web.services import services

blueprint = Blueprint("export", __name__)

_NOTHING = "Nothing stands out for this question; ask for those too that do not stand out."
CLIPS = {
    ClipKind.COPY: "Clips as they are stored (MP4)",
    ClipKind.EXACT: "Clips from exactly the first frame (MP4)",
}
_SOON = 4.0
"""Seconds that somebody waits for one clip, before they are sent to the page of exports."""


@blueprint.post("/export")
@access.needs(Role.OPERATOR)
def download() -> ResponseReturnValue:
    """The search in the address, found again, in the format that `format` names.

    `handle_before` and `handle_after`: seconds to add; `weak`: also what does not stand out;
    `all_cameras`: also what the others recorded then; `name_template`: how files are named.
    Several documents come as a zip, with what was left out in `problems.txt`.
    """
    opened = open_form_page("search.html")
    return _saved(_moments(opened), opened.form.words or "mmrag-video")


@blueprint.post("/export/selected")
@access.needs(Role.OPERATOR)
def download_selected() -> ResponseReturnValue:
    """The moments that are ticked, or a part of a recording, likewise."""
    moments = moments_of(findings_asked())
    return _saved(moments, title_of(moments))


def _saved(moments: list[ExportMoment], title: str) -> ResponseReturnValue:
    """Documents of moments, or clips, as the form asks for."""
    moments, kind = _wanted(moments), _clip_kind()
    if kind is None:
        return _exported(moments, _order(title))
    return _clips(moments, title, kind)


def documents_of(
    moments: list[ExportMoment], form: Format, before: Fraction, after: Fraction
) -> Response:
    """A selection as a file, or as a zip of several. Raises UsageError, RecordingError, and
    ServiceUnavailable where others are exporting.
    """
    order = ExportOrder(format=form, title=title_of(moments), before=before, after=after)
    return _exported(moments, order)


@blueprint.post("/cases/<number:number>/export")
@access.needs(Role.OPERATOR)
def download_case(number: int) -> ResponseReturnValue:
    """The moments of a case that may be seen, or the one that `moment` names, likewise.

    They are marked as exported when they are.
    """
    opened = open_case(number)
    moment, kind = _moment_asked(), _clip_kind()
    if kind is not None:
        order = _job(kind, opened.case.name, opened.case.id)
        return _soon(place_of_case(order, opened, moment, all_cameras=_are_all_cameras_asked()))
    shown = shown_of(opened, moment)
    moments, missing = export_moments(shown)
    documents = replace(_order(opened.case.name), case=opened.case.id)
    answer = _exported(_wanted(moments), documents, missing)
    marked = [each.moment.id for each in shown if each.spans]
    services().archive.catalog.cases.mark_exported(marked, datetime.now(UTC))
    return answer


def _order(title: str) -> ExportOrder:
    """What the address or the form asks for."""
    before, after = _handles()
    return ExportOrder(
        format=_format(),
        title=title,
        template=_names_asked(),
        before=before,
        after=after,
    )


def _job(kind: JobKind, title: str, case: int | None = None) -> JobOrder:
    """Likewise, for clips, without the moments."""
    before, after = _handles()
    names = _names_asked().text
    return JobOrder(kind, title, case, before=before, after=after, names=names)


def _clips(moments: list[ExportMoment], title: str, kind: JobKind) -> ResponseReturnValue:
    """Have clips made of moments. Raises UsageError where there are none."""
    if not moments:
        raise UsageError(_NOTHING)
    return _soon(place_found(_job(kind, title), moments))


def _soon(job: ExportJob) -> ResponseReturnValue:
    """The clip, if it is one and made within a few seconds; else the page of exports."""
    exports = services().exports
    if len(job.order.moments) == 1:
        exports.wait_for(job.number, _SOON)
    now = exports.shelf.job(job.number)
    if now is not None and now.state is JobState.DONE and now.made and not now.made.left_out:
        return redirect(url_for("export_jobs.file", number=job.number), code=303)
    return to_job(job)


def _handles() -> tuple[Fraction, Fraction]:
    return handle_asked("handle_before"), handle_asked("handle_after")


def _names_asked() -> NameTemplate:
    """How files are to be named. Raises UsageError for what is no template."""
    return NameTemplate(request.values.get("name_template", "").strip() or DEFAULT_TEMPLATE)


def _are_all_cameras_asked() -> bool:
    return "all_cameras" in request.values


def _wanted(moments: list[ExportMoment]) -> list[ExportMoment]:
    """With what the other cameras recorded, where that is asked for."""
    return with_others(moments) if _are_all_cameras_asked() else moments


def _moment_asked() -> int | None:
    """The moment of a case that the form names; None where it means all."""
    text = request.values.get("moment", "")
    return row_number(text, "a moment") if text else None


def _clip_kind() -> JobKind | None:
    """What kind of clips is asked for; None where it is a document."""
    asked = request.values.get("format", "")
    return JobKind(asked) if asked in set(ClipKind) else None


def title_of(moments: list[ExportMoment]) -> str:
    """What a selection is called: as it was searched for, else by its first camera."""
    queries = {one.query for one in moments}
    return (queries.pop() if len(queries) == 1 else "") or moments[0].camera


def _exported(
    moments: list[ExportMoment], order: ExportOrder, missing: Sequence[str] = ()
) -> Response:
    with services().exporting.turn():
        made = prepare(moments, order, services().archive.settings_in_force, missing)
    if not made.documents:
        raise UsageError(" ".join(made.problems) or _NOTHING)
    about = audit_entry(order.format.name.value, order.title, order.case, moments)
    access.note(Action.EXPORT, **about)
    note_exported(services().archive, made.spans)
    if len(made.documents) == 1 and not made.problems:
        return _one(made.documents[0])
    return _packed(made.documents, made.problems, order)


def _moments(opened: FormPage) -> list[ExportMoment]:
    moments = all_found(opened.form, opened.asked, weak="weak" in request.values)
    return found(moments, opened.form.words)


def _format() -> Format:
    asked = request.values.get("format", "")
    if asked not in set(FormatName):
        raise UsageError(f"There is no format {asked[:40]!r}; there are {', '.join(FORMATS)}.")
    return FORMATS[FormatName(asked)]


def _one(document: Document) -> Response:
    return send_file(
        BytesIO(document.content()),
        mimetype=document.format.media_type,
        as_attachment=True,
        download_name=document.name,
    )


def _packed(
    documents: tuple[Document, ...], problems: tuple[str, ...], order: ExportOrder
) -> Response:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as folder:
        names = different_names([document.name for document in documents])
        for name, document in zip(names, documents, strict=True):
            folder.writestr(name, document.content())
        if problems:
            folder.writestr("problems.txt", "\n".join(problems).encode(errors="backslashreplace"))
    packed.seek(0)
    name = safe_name(f"{order.title} {order.format.name.value}", ".zip")
    return send_file(packed, "application/zip", as_attachment=True, download_name=name)
