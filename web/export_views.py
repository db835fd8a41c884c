"""The moments of the shown search, or of a case, to be saved as a file."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from fractions import Fraction
from io import BytesIO

from flask import Blueprint, Response, request, send_file
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import ServiceUnavailable

from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.users import Role
from mmrag_video.errors import UsageError
from mmrag_video.export.export_moment import ExportMoment, found
from mmrag_video.export.exporting import Document, ExportOrder, audit_entry, prepare
from mmrag_video.export.formats import FORMATS
from mmrag_video.export.from_case import export_moment
from mmrag_video.export.naming import different_names, safe_name
from mmrag_video.export.sheet import Format, FormatName
from mmrag_video.moments import Confidence
from web import access
from web.asked_time import parse_seconds
from web.case_page import open_case
from web.form_page import FormPage, open_form_page
from web.found import all_found
from web.services import services

blueprint = Blueprint("export", __name__)

_RETRY_AFTER = 15
"""Seconds, for those who came while others exported."""
_NOTHING = "Nothing stands out for this question; ask for those too that do not stand out."
_LONGEST_HANDLE = Fraction(3600)
"""Seconds."""


@blueprint.get("/export")
@access.needs(Role.OPERATOR)
def download() -> ResponseReturnValue:
    """The search in the address, found again, in the format that `format` names.

    `before` and `after`: seconds to add; `weak`: also what does not stand out. Several documents
    come as a zip, with what was left out in `problems.txt`.
    """
    opened = open_form_page("search.html")
    return _exported(_moments(opened), _order(opened.form.words or "mmrag-video"))


@blueprint.post("/cases/<number:number>/export")
@access.needs(Role.OPERATOR)
def download_case(number: int) -> ResponseReturnValue:
    """The moments of a case that may be seen, likewise; they are marked as exported then."""
    opened = open_case(number)
    if not opened.shown:
        raise UsageError("This case holds no moments that can be exported.")
    answer = _exported(list(map(export_moment, opened.shown)), _order(opened.case.name))
    marked = [one.moment.id for one in opened.shown]
    services().archive.catalog.cases.mark_exported(marked, datetime.now(UTC))
    return answer


def _order(title: str) -> ExportOrder:
    """What the address or the form asks for."""
    return ExportOrder(
        format=_format(),
        title=title,
        before=_handle("handle_before"),
        after=_handle("handle_after"),
    )


def _exported(moments: list[ExportMoment], order: ExportOrder) -> Response:
    with _turn():
        made = prepare(moments, order, services().archive.settings_in_force)
    if not made.documents:
        raise UsageError(" ".join(made.problems) or _NOTHING)
    access.note(Action.EXPORT, **audit_entry(order.format.name.value, order.title, moments))
    if len(made.documents) == 1 and not made.problems:
        return _one(made.documents[0])
    return _packed(made.documents, made.problems, order)


@blueprint.app_context_processor
def _menu() -> dict[str, object]:
    """What the menu on the search page offers."""
    return {"export_formats": FORMATS.values()}


@contextmanager
def _turn() -> Iterator[None]:
    """One of the few who may export now: reading through recordings keeps a thread for long.

    Raises ServiceUnavailable if there are as many already.
    """
    exporting = services().exporting
    if not exporting.acquire(blocking=False):
        raise ServiceUnavailable(
            "Others are exporting now; please ask again a little later.", retry_after=_RETRY_AFTER
        )
    try:
        yield
    finally:
        exporting.release()


def _moments(opened: FormPage) -> list[ExportMoment]:
    with_weak = "weak" in request.args
    moments = all_found(opened.form, opened.asked)
    shown = (m for m in moments if with_weak or m.confidence is not Confidence.WEAK)
    return found(shown, opened.form.words)


def _format() -> Format:
    asked = request.values.get("format", "")
    if asked not in set(FormatName):
        raise UsageError(f"There is no format {asked[:40]!r}; there are {', '.join(FORMATS)}.")
    return FORMATS[FormatName(asked)]


def _handle(name: str) -> Fraction:
    return min(parse_seconds(name, request.values.get(name) or "0"), _LONGEST_HANDLE)


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
    name = safe_name(order.title, ".zip")
    return send_file(packed, "application/zip", as_attachment=True, download_name=name)
