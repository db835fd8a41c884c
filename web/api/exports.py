"""The API's exports that are made in the background: clips and evidence."""

from dataclasses import replace
from typing import Self

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue
from pydantic import Field, model_validator
from typing_extensions import TypedDict

from mmrag_video.catalog.users import Role
from mmrag_video.export.naming import DEFAULT_TEMPLATE, LONGEST_TEMPLATE, NameTemplate
from mmrag_video.json_shapes import shape
from mmrag_video.video.wall_clock import iso_milliseconds
from web import export_job_views
from web.api.operation import Fields, Media, operation
from web.api.problems import PREFIX
from web.api.selection import Selection
from web.case_page import open_case
from web.export_views import title_of
from web.making.job import ExportJob, JobKind, JobOrder, JobState
from web.ordering import (
    LONGEST_REGION,
    MOST_REGIONS,
    place_evidence,
    place_found,
    place_of_case,
    with_others,
)
from web.own_exports import own_export, own_exports
from web.services import services

blueprint = Blueprint("api_exports", __name__, url_prefix=PREFIX)


class NewExport(Selection):
    """What to make: of what is chosen, of a case, or of one moment in it."""

    kind: JobKind
    """clip: as stored; clip-exact: encoded from exactly the first frame; evidence: of a case."""
    case: int | None = Field(None, ge=1, lt=10**18)
    moment: int | None = Field(None, ge=1, lt=10**18)
    """Of the case; without it all of them."""
    all_cameras: bool = False
    """Of clips: also what the other cameras recorded at the time of each moment."""
    name_template: str = Field(DEFAULT_TEMPLATE, max_length=LONGEST_TEMPLATE)
    """Of clips: how they are named."""
    blur: tuple[str, ...] = Field((), max_length=MOST_REGIONS)
    """Of evidence: regions that copies are blurred in besides, such as gate:0.1,0.2 0.4,0.6.
    A wrong one is named as a line: `Line 2: ...` is the second."""

    @model_validator(mode="after")
    def _is_of_one_thing(self) -> Self:
        if (self.case is None) == self.is_empty:
            raise ValueError("Give either case, or findings, or recording, start and end")
        if self.kind is JobKind.EVIDENCE and (self.case is None or self.moment is not None):
            raise ValueError("Evidence is of a whole case")
        if (
            self.kind is JobKind.EVIDENCE
            and {"all_cameras", "name_template"} & self.model_fields_set
        ):
            raise ValueError("all_cameras and name_template are for clips")
        if self.moment is not None and self.case is None:
            raise ValueError("moment is of a case")
        if self.blur and self.kind is not JobKind.EVIDENCE:
            raise ValueError("blur is for evidence")
        if any(len(region) > LONGEST_REGION for region in self.blur):
            raise ValueError(f"A region has at most {LONGEST_REGION} characters")
        return self


class ExportChange(Fields):
    """What is to become of it."""

    cancelled: bool
    """false: go on with what was cancelled or interrupted, or failed."""


@shape
class ExportProgress(TypedDict):
    """How far it is, at present."""

    what: str
    """What is done now, in words."""
    done: int
    total: int


@shape
class ExportFile(TypedDict):
    """What came of it."""

    name: str
    size: int
    """Bytes."""
    sha256: str
    manifest: str | None
    """SHA-256 of the manifest of evidence."""
    signed_by: str | None
    """Fingerprint of the key that signed it: SHA-256 of its 32 bytes."""
    remarks: list[str]
    left_out: list[str]
    """What is not in it and why."""
    address: str
    """Where it is fetched, on this host."""


@shape
class Export(TypedDict):
    """An export that is made in the background."""

    number: int
    kind: str
    title: str
    owner: str
    state: str
    """waiting, running, done, failed, cancelled or interrupted."""
    ordered: str
    changed: str
    deleted: str | None
    """When it is deleted by itself; null while it is being made."""
    progress: ExportProgress | None
    problem: str | None
    """Why it failed."""
    file: ExportFile | None


@shape
class ExportList(TypedDict):
    """Exports, the newest first."""

    exports: list[Export]


@blueprint.get("/exports")
@operation(ExportList, role=Role.OPERATOR)
def exports() -> ExportList:
    """The user's exports; admins see all."""
    return {"exports": [_told(one) for one in own_exports()]}


@blueprint.post("/exports")
@operation(Export, status=202, role=Role.OPERATOR, errors=(404, 503))
def make(body: NewExport) -> Export:
    """Make clips or evidence in the background."""
    return _told(_placed(body))


@blueprint.get("/exports/<number:number>")
@operation(Export, role=Role.OPERATOR)
def export(number: int) -> Export:
    """How far an export is."""
    return _told(own_export(number))


@blueprint.patch("/exports/<number:number>")
@operation(Export, role=Role.OPERATOR, errors=(503,))
def change(number: int, body: ExportChange) -> Export:
    """Cancel an export, or go on with it."""
    job = own_export(number)
    if body.cancelled:
        export_job_views.stop(job)
    else:
        export_job_views.go_on(job)
    return _told(own_export(number))


@blueprint.delete("/exports/<number:number>")
@operation(None, status=204, role=Role.OPERATOR, errors=(400,))
def delete(number: int) -> None:
    """Delete an export with its file. One that is being made has to be cancelled first."""
    export_job_views.delete(own_export(number))


@blueprint.get("/exports/<number:number>/file")
@operation(Media(("application/zip", "video/mp4"), in_parts=True), role=Role.OPERATOR)
def file(number: int) -> ResponseReturnValue:
    """What was made."""
    return export_job_views.file(number)


def _placed(body: NewExport) -> ExportJob:
    names = NameTemplate(body.name_template).text
    wanted = JobOrder(
        body.kind, "", body.case, before=body.before, after=body.after, names=names, blur=body.blur
    )
    if body.case is None:
        moments = body.moments()
        order = replace(wanted, title=title_of(moments))
        return place_found(order, with_others(moments) if body.all_cameras else moments)
    opened = open_case(body.case)
    order = replace(wanted, title=opened.case.name)
    if body.kind is not JobKind.EVIDENCE:
        return place_of_case(order, opened, body.moment, all_cameras=body.all_cameras)
    return place_evidence(order, opened)


def _told(job: ExportJob) -> Export:
    progress, made = job.progress, job.made
    kept = services().archive.settings.exports.kept
    return {
        "number": job.number,
        "kind": job.order.kind.value,
        "title": job.order.title,
        "owner": job.owner,
        "state": job.state.value,
        "ordered": iso_milliseconds(job.ordered),
        "changed": iso_milliseconds(job.changed),
        "deleted": None if job.state.is_under_way else iso_milliseconds(job.changed + kept),
        "progress": None
        if progress is None
        else {"what": progress.what, "done": progress.done, "total": progress.total},
        "problem": job.problem or None,
        "file": None
        if made is None or job.state is not JobState.DONE
        else {
            "name": made.name,
            "size": made.size,
            "sha256": made.sha256,
            "manifest": made.manifest or None,
            "signed_by": made.signed_by or None,
            "remarks": list(made.remarks),
            "left_out": list(made.left_out),
            "address": url_for("api_exports.file", number=job.number),
        },
    }
