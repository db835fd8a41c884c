"""What the API does to a moment in a case: collects, moves, trims, describes, removes it, and puts
it back.
"""

from fractions import Fraction
from typing import Self

from flask import Blueprint
from pydantic import Field, model_validator
from typing_extensions import TypedDict

from mmrag_video.cases import (
    LONGEST_NOTE,
    LONGEST_TIME,
    checked_note,
    checked_tags,
    finding_by_eye,
    typed_time,
)
from mmrag_video.cases import describe as write_down
from mmrag_video.catalog.case_records import CaseMoment, Finding
from mmrag_video.catalog.users import Role
from mmrag_video.json_shapes import shape
from web import access
from web.api.cases import OpenCase, told
from web.api.operation import Fields, operation
from web.api.problems import PREFIX
from web.asked_time import parse_exact
from web.case_moment_views import removed_from, taken_out
from web.case_page import CasePage, open_case
from web.collect_views import finding_signed, part_of
from web.services import services

blueprint = Blueprint("api_case_moments", __name__, url_prefix=f"{PREFIX}/cases/<number:number>")


class NewMoment(Fields):
    """What to collect: a finding of a search, a part of a recording, or what was taken out."""

    finding: str | None = None
    """As a search told it."""
    removed: str | None = None
    """As its removal from this case told it."""
    recording: str | None = Field(None, pattern=r"^[0-9a-f]{64}$")
    start: str | None = Field(None, max_length=LONGEST_TIME)
    """00:01:02.480, or seconds."""
    end: str | None = Field(None, max_length=LONGEST_TIME)

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        given = {name for name, value in self if value is not None}
        if given not in ({"finding"}, {"removed"}, {"recording", "start", "end"}):
            raise ValueError("Give finding, or removed, or recording, start and end")
        return self


class MomentChange(Fields):
    """What to change; what is not named stays."""

    position: int | None = Field(None, ge=0, le=10**9)
    """Its place in the case, from 0; the others move up or down."""
    start: str | None = Field(None, max_length=LONGEST_TIME)
    """In its first recording: 00:01:02.480, seconds, or exactly 312/5."""
    end: str | None = Field(None, max_length=LONGEST_TIME)
    """In its last recording."""
    note: str | None = Field(None, max_length=LONGEST_NOTE)
    tags: tuple[str, ...] | None = None


@shape
class RemovedMoment(TypedDict):
    """A moment that was taken out of its case."""

    removed: str
    """All of it, signed: what puts it back where it was. It holds until the program ends."""


@blueprint.post("/moments")
@operation(OpenCase, status=201, role=Role.OPERATOR)
def collect(number: int, body: NewMoment) -> OpenCase:
    """Collect a moment, or put one back; one that is in the case already stays as it is."""
    opened, cases = open_case(number), services().archive.catalog.cases
    if body.removed is not None:
        back = removed_from(number, body.removed)
        cases.put_back(back)
        opened.note("put back a moment", moment=back.id)
        return told(open_case(number))
    finding = _finding(body)
    added = cases.add(opened.case.id, [finding], access.user().name)
    opened.note(
        "collected", moments=[one.moment.id for one in added if one.is_new], findings=len(added)
    )
    return told(open_case(number))


@blueprint.patch("/moments/<number:moment>")
@operation(OpenCase, role=Role.OPERATOR)
def change(number: int, moment: int, body: MomentChange) -> OpenCase:
    """Move a moment, set its ends, give it a note or tags."""
    opened = open_case(number)
    known = opened.moment(moment)
    # What can be refused comes first: a change is made as a whole, or not at all.
    checked_note(body.note or "")
    checked_tags(body.tags or ())
    if body.start is not None or body.end is not None:
        _trim(opened, known, body)
    if body.note is not None or body.tags is not None:
        _describe(opened, known, body)
    if body.position is not None:
        _move(opened, known, body.position)
    return told(open_case(number))


@blueprint.delete("/moments/<number:moment>")
@operation(RemovedMoment, role=Role.OPERATOR)
def remove(number: int, moment: int) -> RemovedMoment:
    """Take a moment out of a case; the answer is what puts it back."""
    return {"removed": taken_out(number, moment)}


def _finding(body: NewMoment) -> Finding:
    """What is to be collected, of cameras that may be seen. Raises UsageError, NotFound."""
    if body.finding is not None:
        return finding_signed(body.finding)
    part = part_of(body.recording or "", body.start or "", body.end or "")
    return finding_by_eye(services().archive, part)


def _move(opened: CasePage, moment: CaseMoment, position: int) -> None:
    last = len(opened.moments) - 1
    services().archive.catalog.cases.move(moment.id, min(position, last))
    opened.note("moved a moment", moment=moment.id, position=min(position, last))


def _trim(opened: CasePage, moment: CaseMoment, body: MomentChange) -> None:
    start = moment.spans[0].start if body.start is None else _exact_time(body.start)
    end = moment.spans[-1].end if body.end is None else _exact_time(body.end)
    services().archive.catalog.cases.trim(moment.id, start, end)
    opened.note("trimmed a moment", moment=moment.id, start=str(start), end=str(end))


def _exact_time(text: str) -> Fraction:
    return parse_exact("time", text) if "/" in text else typed_time(text)


def _describe(opened: CasePage, moment: CaseMoment, body: MomentChange) -> None:
    note = moment.note if body.note is None else checked_note(body.note)
    tags = moment.tags if body.tags is None else checked_tags(body.tags)
    write_down(services().archive, moment.id, note, tags)
    opened.note("described a moment", moment=moment.id, note=note, tags=list(tags))
