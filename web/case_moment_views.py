"""What is done to a moment in a case: moved, trimmed, described, removed and put back."""

from collections.abc import Callable
from fractions import Fraction

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from mmrag_video.cases import checked_note, checked_tags, typed_time
from mmrag_video.cases import describe as write_down
from mmrag_video.catalog.case_records import CaseMoment
from mmrag_video.catalog.cases import Cases
from mmrag_video.catalog.users import Role
from mmrag_video.errors import UsageError
from mmrag_video.video.timecode import Timecode
from web import access
from web.case_fields import CaseField, Unsaved, plain_tags, unsaved
from web.case_page import CasePage, may_see, open_case
from web.row_number import row_number
from web.services import services

blueprint = Blueprint("case_moments", __name__, url_prefix="/cases/<number:number>/moments")


@blueprint.post("/<number:moment>/move")
@access.needs(Role.OPERATOR)
def move(number: int, moment: int) -> ResponseReturnValue:
    """Let it take the place of the moment `to`; those between move up or down."""
    opened = open_case(number)
    opened.moment(moment)
    to = row_number(request.form.get("to", ""), "a moment")
    place = opened.moment(to).position
    return _done(opened, moment, "moved", lambda: _cases().move(moment, place), position=place)


@blueprint.post("/<number:moment>/trim")
@access.needs(Role.OPERATOR)
def trim(number: int, moment: int) -> ResponseReturnValue:
    """Let it begin at `start` and end at `end`, or, with `as_found`, where it was found."""
    opened = open_case(number)
    known = opened.moment(moment)
    try:
        start, end = _ends_asked(known)
        _cases().trim(moment, start, end)
    except UsageError as error:
        typed = {f"{name}-{moment}": request.form.get(name, "") for name in ("start", "end")}
        again = Unsaved(_part(moment), typed)
        return opened.render(problem=str(error), unsaved=again), 400
    return _shown(opened, moment, "trimmed", start=str(start), end=str(end))


@blueprint.post("/<number:moment>/describe")
@access.needs(Role.OPERATOR)
def describe(number: int, moment: int) -> ResponseReturnValue:
    """Give it a note and tags."""
    opened = open_case(number)
    known = opened.moment(moment)
    fields = (
        CaseField("note", f"note-{moment}", known.note, checked_note),
        CaseField("tags", f"tags-{moment}", ", ".join(known.tags), plain_tags),
    )
    try:
        note, typed_tags = (one.settled() for one in fields)
        tags = checked_tags(typed_tags.split(","))
        write_down(services().archive, moment, note, tags)
    except UsageError as error:
        typed = unsaved(_part(moment), fields, error)
        return opened.render(problem=str(error), unsaved=typed), 400
    return _shown(opened, moment, "described", note=note, tags=tags)


@blueprint.post("/<number:moment>/remove")
@access.needs(Role.OPERATOR)
def remove(number: int, moment: int) -> ResponseReturnValue:
    """Take it out of the case. The answer is the case, with a button that puts it back."""
    return open_case(number).render(removed=taken_out(number, moment))


@blueprint.post("/put-back")
@access.needs(Role.OPERATOR)
def put_back(number: int) -> ResponseReturnValue:
    """Undo a removal: `moment` is what was removed, signed."""
    opened, moment = open_case(number), removed_from(number, request.form.get("moment", ""))
    return _done(opened, moment.id, "put back", lambda: _cases().put_back(moment))


def taken_out(number: int, moment: int) -> str:
    """Take a moment out of a case; what it was, signed, puts it back. Raises NotFound."""
    opened = open_case(number)
    removed = opened.moment(moment)
    _cases().remove_moment(moment)
    opened.note("removed a moment", moment=moment, spans=[span.plain() for span in removed.spans])
    return services().findings.sign_removed(removed)


def removed_from(number: int, signed: str) -> CaseMoment:
    """What was taken out of a case. Raises UsageError if that was not signed here, NotFound where
    it is not of this case, or of cameras that may not be seen.
    """
    moment = services().findings.read_removed(signed)
    if moment.case != number or not may_see(moment):
        raise NotFound("There is no such moment in this case.")
    return moment


def _done(
    opened: CasePage, moment: int, did: str, change: Callable[[], object], **about: object
) -> ResponseReturnValue:
    """Make a change and show the case; or what was wrong with it."""
    try:
        change()
    except UsageError as error:
        return opened.render(problem=str(error)), 400
    return _shown(opened, moment, did, **about)


def _shown(opened: CasePage, moment: int, did: str, **about: object) -> ResponseReturnValue:
    """Note what was done, and show the case."""
    opened.note(f"{did} a moment", moment=moment, **about)
    address = url_for("cases.case", number=opened.case.id, _anchor=f"moment-{moment}")
    return redirect(address, code=303)


def _part(moment: int) -> str:
    """Id of the part of the page where a moment is trimmed and described."""
    return f"edit-{moment}"


def _ends_asked(moment: CaseMoment) -> tuple[Fraction, Fraction]:
    """Start and end. One that is there as it was shown, in milliseconds, stays exactly as it is."""
    if "as_found" in request.form:
        return moment.found.spans[0].start, moment.found.spans[-1].end
    now = {"start": moment.spans[0].start, "end": moment.spans[-1].end}
    start, end = (
        exact
        if (typed := request.form.get(name, "")) == str(Timecode(exact))
        else typed_time(typed)
        for name, exact in now.items()
    )
    return start, end


def _cases() -> Cases:
    return services().archive.catalog.cases
