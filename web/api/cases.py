"""The API's cases, and their export."""

from typing import Literal

from flask import Blueprint
from flask.typing import ResponseReturnValue
from pydantic import Field
from typing_extensions import TypedDict

from mmrag_video import json_shapes as shapes
from mmrag_video.as_json import case_moment_to_json, case_to_json
from mmrag_video.cases import (
    LONGEST_NAME,
    LONGEST_NOTE,
    checked_note,
    make_case,
    note_case,
    rename_case,
)
from mmrag_video.catalog.users import Role
from mmrag_video.export.naming import LONGEST_TEMPLATE
from mmrag_video.export.sheet import FormatName
from mmrag_video.json_shapes import shape
from web import access, export_views
from web.api.operation import Fields, operation
from web.api.problems import PREFIX
from web.api.search import EXPORTS, HANDLE
from web.case_page import CasePage, open_case
from web.services import services

blueprint = Blueprint("api_cases", __name__, url_prefix=PREFIX)


class NewCase(Fields):
    """A case to make."""

    name: str = Field(min_length=1, max_length=LONGEST_NAME, examples=["Break-in at the gate"])


class CaseChange(Fields):
    """What to change; what is not named stays."""

    name: str | None = Field(None, min_length=1, max_length=LONGEST_NAME)
    note: str | None = Field(None, max_length=LONGEST_NOTE)


class CaseExportQuery(Fields):
    """How to export a case."""

    format: FormatName
    handle_before: str = Field("0", pattern=HANDLE)
    """Seconds to add before each moment."""
    handle_after: str = Field("0", pattern=HANDLE)
    """Seconds to add after it."""
    all_cameras: Literal["1"] | None = None
    """Also what the other cameras recorded at the time of each moment."""
    name_template: str = Field("", max_length=LONGEST_TEMPLATE)
    """How files are named."""


@shape
class CaseList(TypedDict):
    """Cases, the newest first."""

    cases: list[shapes.Case]


@shape
class OpenCase(TypedDict):
    """A case with the moments that the user may see, in their order."""

    case: shapes.Case
    moments: list[shapes.CaseMoment]
    hidden: int
    """How many others there are, of cameras that are not the user's."""


@blueprint.get("/cases")
@operation(CaseList)
def cases() -> CaseList:
    """The cases."""
    return {"cases": [case_to_json(one) for one in services().archive.catalog.cases.all()]}


@blueprint.post("/cases")
@operation(shapes.Case, status=201, role=Role.OPERATOR)
def make(body: NewCase) -> shapes.Case:
    """Make an empty case."""
    return case_to_json(made_case(body.name).case)


@blueprint.get("/cases/<number:number>")
@operation(OpenCase)
def case(number: int) -> OpenCase:
    """A case."""
    return told(open_case(number))


@blueprint.patch("/cases/<number:number>")
@operation(OpenCase, role=Role.OPERATOR)
def change(number: int, body: CaseChange) -> OpenCase:
    """Give a case another name or note."""
    opened, archive = open_case(number), services().archive
    opened.check_all_seen()
    note = opened.case.note if body.note is None else checked_note(body.note)
    if body.name is not None:
        rename_case(archive, opened.case, body.name)
    note_case(archive, opened.case, note)
    opened.note("changed the case", **body.model_dump(exclude_none=True))
    return told(open_case(number))


@blueprint.delete("/cases/<number:number>")
@operation(None, status=204, role=Role.OPERATOR)
def remove(number: int) -> None:
    """Take a case away; its recordings may go again."""
    opened = open_case(number)
    opened.check_all_seen()
    services().archive.catalog.cases.remove(number)
    opened.note("removed the case", moments=len(opened.moments))


@blueprint.post("/cases/<number:number>/export")
@operation(EXPORTS, role=Role.OPERATOR, errors=(422, 503))
def export(number: int, query: CaseExportQuery) -> ResponseReturnValue:
    """The moments of a case that may be seen, as a file; they are marked as exported then."""
    return export_views.download_case(number)


def made_case(name: str) -> CasePage:
    """A new case. Raises UsageError if it cannot have that name."""
    opened = CasePage(make_case(services().archive, name, access.user().name))
    opened.note("made the case")
    return opened


def told(opened: CasePage) -> OpenCase:
    """A case as the one who asks may see it."""
    return {
        "case": case_to_json(opened.case),
        "moments": [case_moment_to_json(one) for one in opened.shown],
        "hidden": opened.hidden,
    }
