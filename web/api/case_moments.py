"""What the API does to a moment in a case: collects, moves, trims, describes, removes it."""

from fractions import Fraction
from typing import Self

from flask import Blueprint
from pydantic import Field, model_validator

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
from mmrag_video.moments import Span
from web import access
from web.api.cases import OpenCase, told
from web.api.operation import Fields, operation
from web.api.problems import PREFIX
from web.asked_time import parse_exact
from web.case_page import CasePage, open_case
from web.services import services

blueprint = Blueprint("api_case_moments", __name__, url_prefix=f"{PREFIX}/cases/<number:number>")


class NewMoment(Fields):
    """What to collect: a finding of a search, or a part of a recording."""

    finding: str | None = None
    """As a search told it."""
    recording: str | None = Field(None, pattern=r"^[0-9a-f]{64}$")
    start: str | None = Field(None, max_length=LONGEST_TIME)
    """00:01:02.480, or seconds."""
    end: str | None = Field(None, max_length=LONGEST_TIME)

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        part = (self.recording, self.start, self.end)
        is_part = all(one is not None for one in part)
        is_finding = self.finding is not None
        if is_part == is_finding or (is_finding and any(one is not None for one in part)):
            raise ValueError("Give either finding, or recording, start and end")
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


@blueprint.post("/moments")
@operation(OpenCase, status=201, role=Role.OPERATOR)
def collect(number: int, body: NewMoment) -> OpenCase:
    """Collect a moment; one that is in the case already stays as it is."""
    opened = open_case(number)
    finding = _finding(body)
    cases = services().archive.catalog.cases
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
@operation(None, status=204, role=Role.OPERATOR)
def remove(number: int, moment: int) -> None:
    """Take a moment out of a case."""
    opened = open_case(number)
    known = opened.moment(moment)
    services().archive.catalog.cases.remove_moment(known.id)
    opened.note("removed a moment", moment=known.id, spans=[span.plain() for span in known.spans])


def _finding(body: NewMoment) -> Finding:
    """What is to be collected, of cameras that may be seen. Raises UsageError, NotFound."""
    if body.finding is not None:
        finding = services().findings.read(body.finding)
        for span in finding.spans:
            access.recording(span.recording)
        return finding
    recording = access.recording(body.recording or "")
    start, end = typed_time(body.start or ""), typed_time(body.end or "")
    return finding_by_eye(services().archive, Span(recording, start, end))


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
