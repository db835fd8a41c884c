"""Collecting into a case: what a search found, or a part of a recording."""

from fractions import Fraction

from flask import Blueprint, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue

from mmrag_video.cases import finding_by_eye, make_case, typed_time
from mmrag_video.catalog.case_records import Added, Case, Finding
from mmrag_video.catalog.users import Role
from mmrag_video.counting import counted
from mmrag_video.errors import UsageError
from mmrag_video.moments import Span
from web import access
from web.case_page import CasePage, open_case
from web.collecting import LAST_CASE
from web.own_paths import own_path
from web.row_number import number_in
from web.services import services

blueprint = Blueprint("collect", __name__)

MOST_AT_ONCE = 200
"""Findings."""
_MONTH = 30 * 24 * 3600


@blueprint.post("/collect")
@access.needs(Role.OPERATOR)
def collect() -> ResponseReturnValue:
    """Put findings into a case, which is made if need be, and go back to where they were found.

    `found` is one of a search, signed; without it all that are `selected` are taken, or the part of
    the `recording` from `start` to `end`. `case` is the case's number, or there is a `new` name.
    A script that accepts JSON is told what became of it instead.
    """
    findings = findings_asked()
    opened = _chosen_case()
    added = services().archive.catalog.cases.add(opened.case.id, findings, access.user().name)
    opened.note(
        "collected", moments=[one.moment.id for one in added if one.is_new], findings=len(added)
    )
    response = (
        jsonify(_told(opened.case, added))
        if request.accept_mimetypes.best == "application/json"
        else redirect(_back(opened.case), code=303)
    )
    response.set_cookie(
        LAST_CASE, str(opened.case.id), max_age=_MONTH, httponly=True, samesite="Lax"
    )
    return response


def findings_asked() -> list[Finding]:
    """What a form has selected, of cameras that may be seen. Raises UsageError, NotFound."""
    form = request.form
    if "recording" in form:
        part = part_of(form["recording"], form.get("start", ""), form.get("end", ""))
        return [_found_here(part) or finding_by_eye(services().archive, part)]
    signed = form.getlist("found")[:1] or form.getlist("selected")
    if not signed:
        raise UsageError("Nothing is selected; tick the moments that are meant.")
    if len(signed) > MOST_AT_ONCE:
        raise UsageError(f"At most {MOST_AT_ONCE} moments can be selected at once.")
    return list(map(finding_signed, signed))


def finding_signed(text: str) -> Finding:
    """What a search found, of cameras that may be seen. Raises UsageError, NotFound."""
    finding = services().findings.read(text)
    for span in finding.spans:
        access.recording(span.recording)
    return finding


def part_of(recording: str, start: str, end: str) -> Span:
    """A part of a recording that may be seen, as it was typed. Raises UsageError, NotFound."""
    return Span(access.recording(recording), typed_time(start), typed_time(end))


def _found_here(span: Span) -> Finding | None:
    """What a search found, where that is the part that is meant: its ends were left as they were.

    `found_here` is the finding that the player was opened with, signed.
    """
    signed = request.form.get("found_here", "")
    if not signed:
        return None
    finding = services().findings.read(signed)
    if len(finding.spans) != 1:
        return None
    [found] = finding.spans
    if found.recording != span.recording.id:
        return None
    # The form shows milliseconds of times that are exact fractions.
    apart = max(abs(found.start - span.start), abs(found.end - span.end))
    return finding if apart < Fraction(1, 1000) else None


def _chosen_case() -> CasePage:
    number, name = number_in(request.form.get("case", "")), request.form.get("new", "").strip()
    if number is not None:
        return open_case(number)
    if not name:
        raise UsageError("Choose a case, or give the new one a name.")
    case = make_case(services().archive, name, access.user().name)
    opened = CasePage(case)
    opened.note("made the case")
    return opened


def _told(case: Case, added: list[Added]) -> dict[str, object]:
    new = sum(one.is_new for one in added)
    words = f"{counted(new, 'moment')} collected into “{case.name}”"
    if new < len(added):
        words += f", {len(added) - new} there already"
    return {
        "case": {
            "id": case.id,
            "name": case.name,
            "address": url_for("cases.case", number=case.id),
        },
        "sentence": f"{words}.",
    }


def _back(case: Case) -> str:
    """Where the form was, if that is an address of this page, else the case."""
    return own_path(request.form.get("back", "")) or url_for("cases.case", number=case.id)
