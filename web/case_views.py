"""Cases: the list of them, and one with its moments."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mmrag_video.cases import checked_name, checked_note, make_case, note_case, rename_case
from mmrag_video.catalog.users import Role
from mmrag_video.errors import UsageError
from web import access
from web.case_fields import CaseField, unsaved
from web.case_page import CasePage, open_case
from web.services import services

blueprint = Blueprint("cases", __name__)


@blueprint.get("/cases")
def page() -> str:
    """The cases, newest first, and the form for another."""
    return _list()


@blueprint.post("/cases")
@access.needs(Role.OPERATOR)
def make() -> ResponseReturnValue:
    """Make an empty case."""
    name = request.form.get("name", "")
    try:
        case = make_case(services().archive, name, access.user().name)
    except UsageError as error:
        return _list(name, str(error)), 400
    CasePage(case).note("made the case")
    return redirect(url_for("cases.case", number=case.id), code=303)


@blueprint.get("/cases/<number:number>")
def case(number: int) -> str:
    """A case, with its moments in their order."""
    return open_case(number).render()


@blueprint.post("/cases/<number:number>")
@access.needs(Role.OPERATOR)
def change(number: int) -> ResponseReturnValue:
    """Give a case another name and note."""
    opened = open_case(number)
    opened.check_all_seen()
    archive, case = services().archive, opened.case
    fields = (
        CaseField("name", "case-name", case.name, checked_name),
        CaseField("note", "case-note", case.note, checked_note),
    )
    try:
        name, note = (one.settled() for one in fields)
        rename_case(archive, case, name)
        note_case(archive, case, note)
    except UsageError as error:
        typed = unsaved("edit-case", fields, error)
        return opened.render(problem=str(error), unsaved=typed), 400
    opened.note("changed the case", name=name, note=note)
    return redirect(url_for("cases.case", number=number), code=303)


@blueprint.post("/cases/<number:number>/remove")
@access.needs(Role.OPERATOR)
def remove(number: int) -> ResponseReturnValue:
    """Take a case away; its recordings may go again."""
    opened = open_case(number)
    opened.check_all_seen()
    services().archive.catalog.cases.remove(number)
    opened.note("removed the case", moments=len(opened.moments))
    return redirect(url_for("cases.page"), code=303)


def _list(name: str = "", problem: str = "") -> str:
    archive = services().archive
    return render_template(
        "cases.html",
        cases=archive.catalog.cases.all(),
        name=name,
        problem=problem,
        zone=archive.settings.clock.zone,
    )
