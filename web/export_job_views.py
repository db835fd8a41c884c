"""Exports that are made in the background: how far they are, their files; cancel, go on, delete."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound, ServiceUnavailable

from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.users import Role
from mmrag_video.counting import counted
from mmrag_video.errors import FieldProblemsError, UsageError
from mmrag_video.export.handles import parse_handle
from web import access
from web.byte_ranges import send_download
from web.case_page import open_case
from web.evidence_form import EvidenceForm
from web.fetch_notes import note_fetched
from web.making.job import ExportJob, JobKind, JobOrder, JobState, MadeFile
from web.ordering import place_evidence
from web.own_exports import own_export, own_exports
from web.security import for_own_links
from web.services import services

blueprint = Blueprint("export_jobs", __name__)

_TYPES = {".zip": "application/zip", ".mp4": "video/mp4"}


@blueprint.get("/exports")
@access.needs(Role.OPERATOR)
def page() -> str:
    """The user's exports, the newest first; admins see all."""
    return _page()


@blueprint.post("/cases/<number:number>/evidence")
@access.needs(Role.OPERATOR)
def order_evidence(number: int) -> ResponseReturnValue:
    """Make evidence of what the user may see of a case: `blur` has a region in each line."""
    opened = open_case(number)
    form = EvidenceForm.read(request.form)
    try:
        order = JobOrder(
            kind=JobKind.EVIDENCE,
            title=opened.case.name,
            case=opened.case.id,
            before=handle_asked("handle_before"),
            after=handle_asked("handle_after"),
            blur=tuple(form.blur.splitlines()),
        )
        job = place_evidence(order, opened)
    except FieldProblemsError as error:
        return opened.render(evidence=replace(form, problem=error.problems["blur"])), 400
    except UsageError as error:
        return opened.render(problem=str(error), evidence=form), 400
    except ServiceUnavailable as error:
        return opened.render(problem=error.description or "", evidence=form), 503
    return to_job(job)


@blueprint.get("/exports/<number:number>/file")
@for_own_links
@access.needs(Role.OPERATOR)
def file(number: int) -> Response:
    """What was made, to be saved; a download that broke off goes on where it was."""
    job = own_export(number)
    made, path = made_of(job)
    try:
        response = send_download(path, _TYPES[path.suffix], made.sha256)
    except FileNotFoundError:
        raise NotFound("This export was deleted just now.") from None
    note_fetched(
        response,
        f"export {number} {made.sha256}",
        Action.EXPORT,
        what="fetched",
        export=number,
        title=job.order.title,
        sha256=made.sha256,
    )
    return response


@blueprint.post("/exports/<number:number>/cancel")
@access.needs(Role.OPERATOR)
def cancel(number: int) -> ResponseReturnValue:
    """Stop making one; what is complete stays, to go on with."""
    stop(own_export(number))
    return redirect(url_for("export_jobs.page"), code=303)


@blueprint.post("/exports/<number:number>/resume")
@access.needs(Role.OPERATOR)
def resume(number: int) -> ResponseReturnValue:
    """Go on with one that was cancelled, was interrupted, or failed."""
    try:
        job = go_on(own_export(number))
    except UsageError as error:
        return _page(str(error)), 400
    return to_job(job)


@blueprint.post("/exports/<number:number>/remove")
@access.needs(Role.OPERATOR)
def remove(number: int) -> ResponseReturnValue:
    """Delete one with its file."""
    try:
        delete(own_export(number))
    except UsageError as error:
        return _page(str(error)), 400
    return redirect(url_for("export_jobs.page"), code=303)


def stop(job: ExportJob) -> None:
    """Cancel what is being made; what is not stays as it is."""
    if job.state.is_under_way:
        services().exports.cancel(job.number)
        _note("cancelled an export", job)


def go_on(job: ExportJob) -> ExportJob:
    """Raises UsageError where there is nothing to go on with."""
    resumed = services().exports.go_on(job.number)
    _note("went on with an export", job)
    return resumed


def delete(job: ExportJob) -> None:
    """Raises UsageError where it is being made."""
    if job.state.is_under_way:
        raise UsageError("This export is being made; cancel it first.")
    services().exports.shelf.remove(job.number)
    _note("deleted an export", job)


def made_of(job: ExportJob) -> tuple[MadeFile, Path]:
    """What was made, and where it lies. Raises NotFound where it is not made yet."""
    if job.made is None or job.state is not JobState.DONE:
        raise NotFound("This export is not made yet.")
    return job.made, services().exports.shelf.place_of(job.number) / job.made.name


def to_job(job: ExportJob) -> ResponseReturnValue:
    """The page of exports, at this one."""
    address = url_for("export_jobs.page", _anchor=f"export-{job.number}")
    return redirect(address, code=303)


def handle_asked(name: str) -> Fraction:
    """Seconds to add before or after each moment. Raises UsageError as `parse_handle`."""
    return parse_handle(name, request.values.get(name) or "0")


def _note(what: str, job: ExportJob) -> None:
    order = job.order
    case = {} if order.case is None else {"case": order.title, "case_id": order.case}
    access.note(Action.CHANGE, what=what, export=job.number, title=job.order.title, **case)


def _days_in_words(days: float) -> str:
    """`7 days`, `1 day`, `0.5 days`."""
    return counted(int(days), "day") if days == int(days) else f"{days:g} days"


def _page(problem: str = "") -> str:
    settings = services().archive.settings
    return render_template(
        "exports.html",
        jobs=own_exports(),
        kept=_days_in_words(settings.exports.keep_days),
        kept_until=lambda job: job.changed + settings.exports.kept,
        zone=settings.clock.zone,
        problem=problem,
        states=JobState,
        kinds=JobKind,
        user=access.user(),
    )


@blueprint.app_context_processor
def _signing() -> dict[str, object]:
    """For the form of a case: whether evidence is signed."""
    return {"evidence_is_signed": services().archive.settings.exports.sign_key is not None}
